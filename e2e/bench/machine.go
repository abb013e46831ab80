package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// machine is what figures depend on, without anything that names the host.
type machine struct {
	cores                      int
	cpu, memory, kernel, files string
	system, load               string
}

// look describes this machine, and the file system that dir lies on.
func look(dir string) machine {
	m := machine{cores: runtime.NumCPU(), system: runtime.GOOS + "/" + runtime.GOARCH, cpu: "unknown", load: "unknown", memory: "unknown", kernel: "unknown", files: "unknown"}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				m.cpu = strings.TrimSpace(value)
				break
			}
		}
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.load, _, _ = strings.Cut(string(text), " ")
	}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		m.memory = fmt.Sprintf("%.0f GiB", float64(info.Totalram)*float64(info.Unit)/(1<<30))
	}
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		release, _, _ := strings.Cut(unix.ByteSliceToString(name.Release[:]), "-") // the rest may name a provider
		m.kernel = unix.ByteSliceToString(name.Sysname[:]) + " " + release
	}
	var stat unix.Statfs_t
	if unix.Statfs(dir, &stat) == nil {
		m.files = fileSystem(int64(stat.Type))
	}
	return m
}

func fileSystem(magic int64) string {
	names := map[int64]string{
		unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs",
		unix.TMPFS_MAGIC: "tmpfs (fsync costs nothing here)", unix.OVERLAYFS_SUPER_MAGIC: "overlay",
	}
	if name, ok := names[magic]; ok {
		return name
	}
	return fmt.Sprintf("type %x", magic)
}
