#!/bin/sh
# Makes an installed Debian into the full image: no file capabilities, no setuid, our user, nothing left of the build.
set -eu

# A file capability would make a tool fail with EPERM wherever its container lacks it; what the container has, a
# tool that root runs has without it. Setuid programs serve nobody here and are one way more to gain rights.
getcap -r / 2> /dev/null | while read -r file _; do setcap -r "$file"; done
find / -xdev -type f -perm /6000 -exec chmod a-s {} +

echo 'nettools:x:65532:65532:nettools:/tmp:/bin/bash' >> /etc/passwd
echo 'nettools:x:65532:' >> /etc/group
cp /build/bash.bashrc /etc/bash.bashrc
# It asks questions of whoever starts zsh without a .zshrc.
rm -f /usr/share/zsh/functions/Newuser/zsh-newuser-install

mkdir -p /usr/share/kubectl-nettools
dpkg-query -W -f '${Package}\n' |
  sh /build/sbom.sh full "/build/locks/full-$(dpkg --print-architecture).lock" \
    > /usr/share/kubectl-nettools/sbom.cdx.json

rm -rf /build /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/log/*
rm -f /var/cache/ldconfig/aux-cache
