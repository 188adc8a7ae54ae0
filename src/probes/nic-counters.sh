# Prints what the drivers of the machine's network hardware count: "interface NAME", then ethtool's lines. An interface
# without a device behind it has no counters that the kernel does not show anyway.
command -v ethtool >/dev/null 2>&1 || { echo 'no ethtool'; exit 0; }
for path in /sys/class/net/*; do
  [ -e "$path/device" ] || continue
  echo "interface ${path##*/}"
  ethtool -S "${path##*/}" 2>&1
done
:
