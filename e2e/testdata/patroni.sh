#!/bin/sh
# patroni.sh DIR: Patroni and PostgreSQL in DIR, from the packages of this machine's own Debian (or Ubuntu). Nothing
# is installed, and no rights of root are needed: the packages are fetched with what they depend on, and unpacked.
# What they link against is this system's own libc, so they are for this release alone. DIR is written whole or not
# at all; where it is there already, nothing is fetched.
#
#   DIR/bin/patroni, patronictl, psql     run them
#   DIR/postgresql                        the folder of PostgreSQL's programs (bin_dir of patroni.yml)
#   DIR/versions                          what was unpacked
set -eu
dir=$1
if [ -e "$dir/versions" ]; then exit; fi
for program in apt-get dpkg-deb; do
  command -v $program >/dev/null || {
    echo "Patroni is not here: the tests with real software unpack Debian's packages, and this machine has no $program." >&2
    echo "Run them on Debian or Ubuntu, or leave them out: make test needs none of this." >&2
    exit 1
  }
done

mkdir -p "$(dirname "$dir")"
work=$(mktemp -d "$dir.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial" "$work/root/bin"
: >"$work/apt/status" # apt takes this machine for an empty one, and names all that is needed

# apt with state and cache of its own: it needs no rights, and changes nothing of this machine
apt() {
  apt-get -q -o Dir::State="$work/apt" -o Dir::State::lists="$work/apt/lists" -o Dir::State::status="$work/apt/status" \
    -o Dir::Cache="$work/apt" -o Dir::Cache::archives="$work/apt/archives" -o Dir::Log="$work/apt" \
    -o APT::Install-Recommends=0 -o APT::Sandbox::User= -o Debug::NoLocking=1 -o Acquire::Retries=3 "$@"
}
failed() {
  echo "fetching Debian's packages of Patroni and PostgreSQL: apt-get failed. The tests with real software need them once." >&2
  exit 1
}
apt update >"$work/apt/log" 2>&1 || { tail -5 "$work/apt/log" >&2; failed; }
apt -s install patroni postgresql python3-etcd >"$work/apt/plan" 2>"$work/apt/log" || { tail -5 "$work/apt/log" >&2; failed; }

# The libc is this system's. PostgreSQL's compiler, perl and what sets packages up are not used.
names=$(awk '$1 == "Inst" { print $2 "=" substr($3, 2) }' "$work/apt/plan" | grep -vE \
  '^(libc6|libc-bin|libc-l10n|locales|tzdata|perl|perl-base|perl-modules-.*|libperl.*|libllvm.*|libz3-.*|dpkg|debconf|passwd|adduser|usrmerge|ucf|tar|ssl-cert|sysvinit-utils|init-system-helpers|lsb-base|sensible-utils|libsemanage.*|libsepol.*|libdb5.*|libgdbm.*|openssl|cdebconf)=')
(cd "$work/apt/archives" && apt download $names >"$work/apt/log" 2>&1) || { tail -5 "$work/apt/log" >&2; failed; }
for package in "$work"/apt/archives/*.deb; do dpkg-deb -x "$package" "$work/root"; done

postgresql=$(cd "$work/root" && echo usr/lib/postgresql/*/bin)
ln -s "$postgresql" "$work/root/postgresql"
for program in patroni patronictl; do
  cat >"$work/root/bin/$program" <<END
#!/bin/sh
root=\$(dirname "\$(dirname "\$0")")
. "\$root/libraries"
exec "\$root/usr/bin/python3" "\$root/usr/bin/$program" "\$@"
END
done
cat >"$work/root/bin/psql" <<'END'
#!/bin/sh
root=$(dirname "$(dirname "$0")")
. "$root/libraries"
exec "$root/postgresql/psql" "$@"
END
cat >"$work/root/libraries" <<'END'
for folder in "$root"/usr/lib/*-linux-gnu* "$root"/lib/*-linux-gnu*; do LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}; done
export LD_LIBRARY_PATH
END
chmod 755 "$work"/root/bin/*
"$work/root/bin/patroni" --version >"$work/root/versions"
(root=$work/root && . "$root/libraries" && "$root/postgresql/postgres" --version) >>"$work/root/versions"
rm -rf "$dir"
mv "$work/root" "$dir"
