# Sends echo requests: ping HOST COUNT INTERVAL_MS DEADLINE_S
# iputils paces in fractions of a second; another ping (busybox) is left at its own pace of one a second.
case $(ping -V 2>&1) in
*iputils*) exec ping -n -c "$2" -i "$(($3 / 1000)).$(printf %03d $(($3 % 1000)))" -W 1 -w "$4" "$1" ;;
esac
[ "$2" -le "$4" ] || set -- "$1" "$4" "$3" "$4"
exec ping -c "$2" -W 1 "$1"
