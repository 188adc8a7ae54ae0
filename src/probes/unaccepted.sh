# Connections that the kernel has made, and that no program has accepted, as `ss -tne` prints them: they have no inode.
# Only where an accept queue holds any: a busy host has tens of thousands of connections. At most 50.
command -v ss >/dev/null 2>&1 || { echo "no ss"; exit 0; }
command -v awk >/dev/null 2>&1 || { echo "no awk"; exit 0; }
ss -ltnH | awk '$2 > 0 { any = 1 } END { exit !any }' || exit 0
ss -tneH state established state close-wait 2>/dev/null | awk '/ ino:0 / { print; if (++n == 50) exit }'
