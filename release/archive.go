package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"time"
)

// tarred is files as a tar file. Everything belongs to root and is of the time at.
func tarred(files []file, at time.Time) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		err := w.WriteHeader(&tar.Header{
			Name: f.name, Mode: int64(f.mode), Size: int64(len(f.content)), ModTime: at,
			Typeflag: tar.TypeReg, Uname: "root", Gname: "root", Format: tar.FormatPAX,
		})
		if err == nil {
			_, err = w.Write(f.content)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// archive is files below folder as a compressed tar file.
func archive(folder string, files []file, at time.Time) ([]byte, error) {
	below := make([]file, len(files))
	for i, f := range files {
		below[i] = file{folder + "/" + f.name, f.mode, f.content}
	}
	content, err := tarred(below, at)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	compressed, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	_, err = compressed.Write(content)
	if err := errors.Join(err, compressed.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
