#!/bin/sh
# Copies commands, the libraries that they load and the data that they read into a new root folder:
#   collect.sh ROOT < list-of-paths
# A line is a command's name or an absolute path (a folder is copied whole). Copies carry no extended
# attributes: a file capability would make a tool fail with EPERM wherever its container lacks it.
set -eu
root=$1

# One path, and all links on the way to the file it stands for.
copy() {
  path=$1
  while [ -L "$path" ]; do
    mkdir -p "$root$(dirname "$path")"
    [ -e "$root$path" ] || [ -L "$root$path" ] || cp -P --preserve=mode,timestamps "$path" "$root$path"
    target=$(readlink "$path")
    case $target in
      /*) path=$target ;;
      *) path=$(realpath --no-symlinks "$(dirname "$path")/$target") ;;
    esac
  done
  if [ -d "$path" ]; then
    mkdir -p "$root$path"
    cp -RT --preserve=mode,timestamps,links "$path" "$root$path"
  elif [ ! -e "$root$path" ]; then
    mkdir -p "$root$(dirname "$path")"
    cp --preserve=mode,timestamps "$path" "$root$path"
  fi
}

# `command -v` would name the shell's own echo, kill and test.
find_command() {
  for folder in /usr/sbin /usr/bin; do
    [ -x "$folder/$1" ] && echo "$folder/$1" && return
  done
  echo "collect.sh: no command $1" >&2
  return 1
}

libraries() {
  ldd "$1" 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p'
}

# /bin, /sbin and /lib are links into /usr.
mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib"
for link in bin sbin lib lib64; do
  [ -L "/$link" ] || continue
  mkdir -p "$root/usr/$link"
  cp -P "/$link" "$root/$link"
done

while read -r name _; do
  case $name in
    '' | '#'*) continue ;;
    /*) path=$name ;;
    *) path=$(find_command "$name") ;;
  esac
  copy "$path"
  for file in $(find -L "$path" -type f \( -perm -100 -o -name '*.so*' \)); do
    for library in $(libraries "$file"); do copy "$library"; done
  done
done
