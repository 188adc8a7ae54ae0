#!/bin/sh
# Installs the packages of a lock file (NAME=VERSION lines): install.sh LOCK
# Debian's mirrors drop a version when its successor arrives. Then the successor is installed and the
# difference is reported, so that the image can always be built; the lock is brought up to date on purpose.
set -eu
apt-get update
wanted=
names=
while IFS='=' read -r name version; do
  case $name in '' | '#'*) continue ;; esac
  names="$names $name"
  if apt-cache madison "$name" | cut -d'|' -f2 | tr -d ' ' | grep -qxF "$version" ||
    dpkg-query -W -f='${Version}\n' "$name" 2>/dev/null | grep -qxF "$version"; then
    wanted="$wanted $name=$version"
  else
    candidate=$(apt-cache policy "$name" | sed -n 's/^ *Candidate: //p')
    echo "packages.lock: $name $version is not on the mirror, installing ${candidate:-nothing}" >&2
    wanted="$wanted $name"
  fi
done < "$1"
install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends --allow-downgrades "$@"
}
# shellcheck disable=SC2086 # both are lists of words
install $wanted || {
  echo "packages.lock: these versions don't fit together any more, installing the mirror's" >&2
  install $names
}
