# Sends echo requests: ping HOST COUNT INTERVAL_MS DEADLINE_S
# iputils paces in fractions of a second; another ping (busybox) is left at its own pace of one a second.
# iputils gets no -w: with it ping sends on until COUNT answers are in, and what is on its way at that moment counts as
# lost, so a round trip above the interval would look like loss. -W is the wait after the last probe when nothing has
# answered: long enough for the 3 s after which a neighbour that is silent becomes an error.
paced() {
  wait=$(($4 - $2 * $3 / 1000))
  [ "$wait" -ge 1 ] || wait=1
  exec ping -n -c "$2" -i "$(($3 / 1000)).$(printf %03d $(($3 % 1000)))" -W "$wait" -- "$1"
}
case $(ping -V 2>&1) in
*iputils*)
  [ "$3" -lt 200 ] && [ "$(id -u)" != 0 ] || paced "$@"
  # Before 20221126, iputils refuses users a pace below 200 ms, and sends nothing.
  exec 3>&1
  said=$(paced "$@" 2>&1 >&3 3>&-)
  code=$?
  case $said in
  *"minimal interval allowed for user"*)
    count=$(($4 * 5))
    [ "$2" -gt "$count" ] || count=$2
    (paced "$1" "$count" 200 "$4") 3>&-
    code=$?
    said="ping of this version lets users send no more than one echo request in 200 ms: $count of $2 were sent, at that pace" ;;
  esac
  [ -z "$said" ] || printf '%s\n' "$said" >&2
  exit "$code" ;;
esac
[ "$2" -le "$4" ] || set -- "$1" "$4" "$3" "$4"
exec ping -c "$2" -W 1 -- "$1"
