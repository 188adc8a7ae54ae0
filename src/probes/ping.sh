# Sends echo requests: ping HOST COUNT INTERVAL_MS DEADLINE_S
# iputils paces in fractions of a second; another ping (busybox) is left at its own pace of one a second.
# iputils gets no -w: with it ping sends on until COUNT answers are in, and what is on its way at that moment counts as
# lost, so a round trip above the interval would look like loss. -W is the wait after the last probe when nothing has
# answered: long enough for the 3 s after which a neighbour that is silent becomes an error.
case $(ping -V 2>&1) in
*iputils*)
  wait=$(($4 - $2 * $3 / 1000))
  [ "$wait" -ge 1 ] || wait=1
  exec ping -n -c "$2" -i "$(($3 / 1000)).$(printf %03d $(($3 % 1000)))" -W "$wait" -- "$1" ;;
esac
[ "$2" -le "$4" ] || set -- "$1" "$4" "$3" "$4"
exec ping -c "$2" -W 1 -- "$1"
