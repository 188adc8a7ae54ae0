#!/bin/sh
# Builds the prober, the same bytes from the same sources and compiler: build.sh OUTPUT
# Static, so that it starts fast, runs with whatever libraries an image has, and shares no pages with others.
set -eu
output=$1
cd "$(dirname "$0")"
${CC:-gcc} -std=c11 -D_GNU_SOURCE -Os -fstack-protector-strong -D_FORTIFY_SOURCE=2 \
  -Wall -Wextra -Wshadow -Wconversion -Werror -ffile-prefix-map="$PWD"=. \
  -static -Wl,--build-id=none -s -o "$output" *.c -lm
