#!/bin/sh
# Checks one platform's archive on that platform: its hash, its signature on macOS, and that the binary runs.
# usage: sh scripts/release/smoke.sh vX.Y.Z OS_ARCH FOLDER
set -eu
version=$1 platform=$2 folder=$3
scripts=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

archive=$(ls "$folder" | grep "_${platform}\.")
if command -v sha256sum >/dev/null; then sum=sha256sum; else sum='shasum -a 256'; fi
(cd "$folder" && grep " $archive\$" SHA256SUMS | $sum -c -)
case $archive in
  *.zip) unzip -q "$folder/$archive" -d "$work" ;;
  *) tar -xzf "$folder/$archive" -C "$work" ;;
esac
binary=$(ls "$work"/kubectl-nettools*)
if command -v codesign >/dev/null; then codesign --verify --verbose "$binary"; fi
node "$scripts/smoke.ts" "$version" "$binary"
