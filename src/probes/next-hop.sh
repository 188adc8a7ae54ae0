# Which way packets to a host take, and who answers there: next-hop.sh HOST [ask]
# Prints "address A" or "unresolved", then what the kernel says of the route, be it an error. With "ask" the next hop on
# the link is provoked (an echo request makes the kernel look for it) and asked by ARP, and "asked A DEVICE" comes before
# what arping says. The default gateway is asked once, where it is the HOST itself.
exec 2>&1
address=$1
case $address in
*:*) ;;
*[!0-9.]*)
  address=
  if command -v getent >/dev/null 2>&1; then
    address=$(getent ahosts "$1" | while read -r first _; do echo "$first"; break; done)
  fi ;;
esac
[ -n "$address" ] || { echo unresolved; exit 0; }
plain=${address%%%*}
echo "address $plain"
command -v ip >/dev/null 2>&1 || { echo "no ip"; exit 0; }
# ip takes the interface of an address (fe80::1%eth0) as a word of its own.
case $address in
*%*) route=$(ip route get "$plain" oif "${address#*%}" 2>&1) ;;
*) route=$(ip route get "$address" 2>&1) ;;
esac
echo "$route"
[ "$2" = ask ] || exit 0
hop=$plain device=
set -- $route
case $1 in
RTNETLINK | ip: | local | multicast | broadcast) exit 0 ;;
esac
while [ $# -gt 0 ]; do
  case $1 in
  via) [ "$2" = inet6 ] && hop=$3 || hop=$2 ;;
  dev) device=$2 ;;
  esac
  shift
done
if [ "$hop" != "$plain" ]; then
  for word in $(ip -4 route show default 2>/dev/null); do [ "$word" != "$hop" ] || exit 0; done
fi
# Where ping may not, a datagram to the discard port makes the kernel look too.
(ping -n -c 1 -W 2 "$address" || bash -c 'echo >"/dev/udp/$0/9"' "$address") >/dev/null 2>&1 &
case $hop in
*:*) ;;
*)
  echo "asked $hop $device"
  # The arping of Habets (Debian's package of that name) would send from the broadcast address with -b.
  case $(arping -h 2>&1) in
  *Habets*) arping -c 2 -w 2 -I "$device" "$hop" ;;
  *arping*) arping -b -c 2 -w 2 -I "$device" "$hop" ;;
  *) echo "no arping" ;;
  esac ;;
esac
wait
