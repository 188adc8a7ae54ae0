#!/bin/sh
# Installs the packages of an image's lock: install.sh IMAGE [strict]
#
# locks/IMAGE-ARCH.lock has every package that is then installed, those of the base too, as lines of
# NAME=VERSION SHA256-OF-THE-DEB. Debian's mirrors drop a version when its successor arrives. Then the successor
# is installed and each difference is reported, so that the image can always be built; with "strict", as for a
# release, a difference is an error. `npm run image:lock` brings the locks up to date.
set -eu
image=$1
mode=${2:-}
lock=/build/locks/$image-$(dpkg --print-architecture).lock
archives=/var/cache/apt/archives
export DEBIAN_FRONTEND=noninteractive

# What nobody reads in a container. Copyright notices stay: they go with the files.
cat > /etc/dpkg/dpkg.cfg.d/nettools << 'END'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/vim/vim*/lang/*
END

install() {
  # No -q=2: a line that apt writes while it works shows that the build lives.
  apt-get install -y --no-install-recommends --allow-downgrades "$@"
}

apt-get update
wanted=$(sed -n 's/^\([a-z0-9][^ ]*\) .*/\1/p' "$lock")
# shellcheck disable=SC2086 # a list of words
if ! install --download-only $wanted; then
  echo "image: not every locked version is on the mirror; what is missing is taken as it comes" >&2
  names=$(printf '%s\n' $wanted | sed 's/=.*//')
  there=$(
    apt-cache madison $names | awk -F'|' '{ gsub(/ /, ""); print $1 "=" $2 }'
    dpkg-query -W -f '${Package}=${Version}\n'
  )
  wanted=$(printf '%s\n' $wanted | awk -v there="$there" '
    BEGIN { n = split(there, list, "\n"); for (i = 1; i <= n; i++) known[list[i]] = 1 }
    { if ($0 in known) print; else { sub(/=.*/, ""); print } }')
  install --download-only $wanted || {
    echo "image: the locked versions don't fit together any more" >&2
    wanted=$names
    install --download-only $wanted
  }
fi

{
  for deb in "$archives"/*.deb; do
    [ -e "$deb" ] || continue
    grep -q " $(sha256sum < "$deb" | cut -d' ' -f1)\$" "$lock" || echo "not the locked file: ${deb##*/}"
  done
  install $wanted >&2
  sed -n 's/^\([a-z0-9][^ ]*\) .*/\1/p' "$lock" | sort > /build/locked
  dpkg-query -W -f '${Package}=${Version}\n' | sort > /build/installed
  comm -13 /build/locked /build/installed | sed 's/^/not in the lock: /'
} > /build/differences
sed 's/^/image: /' /build/differences >&2
[ "$mode" != strict ] || [ ! -s /build/differences ] || {
  echo "image: this build must match the lock; npm run image:lock brings it up to date" >&2
  exit 1
}
