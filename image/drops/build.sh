#!/bin/sh
# Builds the watcher of drops, the same bytes from the same sources and compilers in a folder of the same name, which gcc puts
# into the program's BTF: build.sh OUTPUT
# gcc 14 writes the variables of BTF in the order of its own addresses, which are the same ones each time where nobody
# makes them random.
# The kernel's program is compiled first and becomes a part of the one that loads it. -mcpu=v3 is what Linux knows since 5.1.
# libbpf is there anyway: iproute2 loads it.
set -eu
output=$1
cd "$(dirname "$0")"
object=$(mktemp)
trap 'rm -f "$object"' EXIT
same=
if setarch -R true 2>/dev/null; then same='setarch -R'; fi
includes=/usr/include/$(gcc -print-multiarch)
$same ${BPF_CC:-bpf-gcc} -std=gnu11 -mcpu=v3 -mlittle-endian -O2 -gbtf -mco-re -Wall -Wextra -Werror -ffile-prefix-map="$PWD"=. \
  -I"$includes" -I/usr/include -c kernel/drops.bpf.c -o "$object"
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -Os -fstack-protector-strong -D_FORTIFY_SOURCE=2 \
  -Wall -Wextra -Werror -ffile-prefix-map="$PWD"=. -DOBJECT="\"$object\"" \
  -Wl,--build-id=none -s -o "$output" *.c -lbpf
