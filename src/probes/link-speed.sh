# Shows the interface towards a host: link-speed HOST
# Prints "device D", "hardware yes|no" and "speed MBITS". The kernel makes the speed of a virtual interface up (10000 for
# any veth), so only one with a device behind it says something.
address=$1
case $address in
*[!0-9.]*) case $address in *:*) ;; *) address=$(getent ahosts "$address" 2>/dev/null | sed -n 's/ .*//p;q') ;; esac ;;
esac
device=$(ip -o route get "$address" 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p;q')
[ -n "$device" ] || device=eth0
echo "device $device"
if [ -e "/sys/class/net/$device/device" ]; then echo 'hardware yes'; else echo 'hardware no'; fi
if read -r speed <"/sys/class/net/$device/speed"; then echo "speed $speed"; fi 2>/dev/null
