#!/bin/sh
# Copies slim's commands, the libraries that they load and the data that they read into a new root folder:
#   collect.sh ROOT < tools.list
# Copies carry no extended attributes: a file capability would make a tool fail with EPERM wherever its container
# lacks it.
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

# What the loader would load for each of the files on stdin, all at once: ldd starts slowly where it is emulated.
libraries() {
  xargs ldd 2> /dev/null | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' | sort -u
}

# /bin, /sbin and /lib are links into /usr.
mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib"
for link in bin sbin lib lib64; do
  [ -L "/$link" ] || continue
  mkdir -p "$root/usr/$link"
  cp -P "/$link" "$root/$link"
done

while IFS='|' read -r name image _; do
  case $name in '' | '#'*) continue ;; esac
  case $image in *slim*) ;; *) continue ;; esac
  # Unquoted: without the column's blanks, and with the names that a pattern stands for.
  for one in $name; do
    case $one in
      /*) path=$one ;;
      *) path=$(find_command "$one") ;;
    esac
    copy "$path"
    find -L "$path" -type f \( -perm -100 -o -name '*.so*' \) >> /build/programs
  done
done
for library in $(libraries < /build/programs); do copy "$library"; done

# Setuid serves nobody here and is one way more to gain rights.
find "$root" -type f -perm /6000 -exec chmod a-s {} +
# Extensions of tools that are not here.
rm -f "$root"/usr/lib/*/xtables/libarpt_* "$root"/usr/lib/*/xtables/libebt_*

# For each package that a file came from: its record (vulnerability scanners read status.d) and its copyright. Packages
# of one source mostly have the same text: it is there once, with links to it.
mkdir -p "$root/var/lib/dpkg/status.d" "$root/usr/share/doc" "$root/usr/share/common-licenses" /build/texts
(cd "$root" && find . ! -type d | sed 's/^\.//') > /build/files
awk 'FNR == NR { here[$0]; next } ($0 in here) && !(FILENAME in seen) { seen[FILENAME]; print FILENAME }' \
  /build/files /var/lib/dpkg/info/*.list | sed 's/.*\///; s/\.list$//; s/:.*//' > /build/packages
awk -v folder="$root/var/lib/dpkg/status.d/" '
  FNR == NR { wanted[$0]; next }
  /^Package: / { file = ($2 in wanted) ? folder $2 : "" }
  /^$/ && file != "" { close(file); file = "" }
  file != "" { print > file }' /build/packages /var/lib/dpkg/status
while read -r package; do
  text=/usr/share/doc/$package/copyright
  mkdir -p "$root${text%/*}"
  first=/build/texts/$(sha256sum < "$text" | cut -d' ' -f1)
  if [ -e "$first" ]; then
    ln -s "../$(cat "$first")/copyright" "$root$text"
  else
    cp -L --preserve=mode,timestamps "$text" "$root$text"
    echo "$package" > "$first"
  fi
done < /build/packages
cp -P --preserve=mode,timestamps /usr/share/common-licenses/* "$root/usr/share/common-licenses"
