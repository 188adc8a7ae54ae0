# Finds the largest packet that reaches a host with fragmentation forbidden: path-mtu HOST
# Prints facts, one a line:
#   address A | link DEVICE MTU | route-mtu N       where the packets go, and what the target itself allows
#   bytes SIZE sent N received M                    one series of echo requests; SIZE is the whole IP packet
#   icmp TEXT                                       what somebody on the way said about it
#   path-mtu N                                      the largest that was answered
#   no-df | no-answer | refused TEXT | loopback     why there is nothing to find
# ping's "probe" mode sets DF and leaves out what the kernel has learned of the path before, so the path itself answers.
# What runs it has set LC_ALL=C.
host=$1
case $(ping -V 2>&1) in *iputils*) ;; *) echo no-df; exit 0 ;; esac

send() { ping -n -M "$mode" -i 0.2 "$@" 2>&1; }
say() { printf '%s\n' "$1"; }
# pick TEXT SCRIPT: the first line that sed prints.
pick() { say "$1" | sed -n "$2" | head -n 1; }

mode=probe
small=$(send -c 2 -W 1 -s 56 -- "$host")
case $small in
*nvalid* | *'wrong value'*) # Debian 12 and older
  mode=do
  small=$(send -c 2 -W 1 -s 56 -- "$host") ;;
esac
address=$(pick "$small" 's/^PING [^(]*(\([0-9a-fA-F.:]*\(%[^)]*\)\{0,1\}\)).*/\1/p;s/^PING \([0-9a-fA-F:]*\) .*/\1/p')
if [ -z "$address" ]; then
  echo "refused $(pick "$small" p)"
  exit 0
fi
plain=${address%%%*}
echo "address $plain"
# ip takes the interface of an address (fe80::1%eth0) as a word of its own.
route_get() {
  case $address in
  *%*) ip -o route get "$@" "$plain" oif "${address#*%}" ;;
  *) ip -o route get "$@" "$plain" ;;
  esac 2>/dev/null
}
case $address in *:*) headers=48 ;; *) headers=28 ;; esac

device=$(route_get | sed -n 's/.* dev \([^ ]*\).*/\1/p;q')
[ -n "$device" ] || device=eth0
[ "$device" != lo ] || { echo loopback; exit 0; }
full=1500
if read -r full <"/sys/class/net/$device/mtu"; then echo "link $device $full"; fi 2>/dev/null
# The route's own limit; "get" alone would show what was learned of the path before.
limit=$(route_get fibmatch | sed -n 's/.* mtu \(lock \)\{0,1\}\([0-9]*\).*/\2/p;q')
if [ -n "$limit" ]; then
  echo "route-mtu $limit"
  [ "$limit" -ge "$full" ] || full=$limit
fi

count_of() {
  count=$(pick "$1" 's/.* transmitted, \([0-9]*\) .*/\1/p')
  [ -n "$count" ] || count=0
}

count_of "$small"
echo "bytes 84 sent 2 received $count"
if [ "$count" = 0 ]; then
  say "$small" | sed -n '/^From /s/^/icmp /p' | head -n 2
  echo no-answer
  exit 0
fi
# How long an answer may take: a large packet's takes little more than a small one's.
wait=1
case $small in *time=[0-9].* | *time=[0-9][0-9].*) wait=0.4 ;; esac

# try SIZE COUNT: leaves the number of answers in $count, and a smaller MTU that was announced in $announced.
# Mode "do" sends nothing that is larger than what the kernel was told of the path, which it keeps for ten minutes.
try() {
  said=$(send -c "$2" -W "$wait" -s $(($1 - headers)) -- "$address")
  count_of "$said"
  echo "bytes $1 sent $2 received $count"
  pick "$said" '/^From .*\([Ff]rag\|too big\)/s/^/icmp /p;s/^ping: \(local error: mess\)/icmp \1/p'
  announced=$(pick "$said" '/^From\|^ping: local/s/.*mtu *[=:] *\([0-9]*\).*/\1/p')
}

found() {
  echo "path-mtu $1"
  exit 0
}

size=$full
try "$size" 3
[ "$count" = 0 ] || found "$size"
for _ in 1 2 3 4; do
  [ -n "$announced" ] && [ "$announced" -ge 576 ] && [ "$announced" -lt "$size" ] || break
  size=$announced
  try "$size" 2
  [ "$count" = 0 ] || found "$size"
done

# Silence: eight sizes at a time, until two neighbours differ.
low=84 high=$size
for _ in 1 2 3 4 5 6; do
  [ $((high - low)) -gt 1 ] || break
  answers=$(
    for part in 1 2 3 4 5 6 7 8; do
      step=$((low + (high - low) * part / 9))
      [ "$step" -gt "$low" ] || continue
      (
        said=$(send -c 2 -W "$wait" -s $((step - headers)) -- "$address")
        count_of "$said"
        echo "$step $count"
      ) &
    done
    wait
  )
  top=$high
  while read -r step count; do
    if [ "${count:-0}" != 0 ]; then
      low=$step high=$top
    elif [ "$high" = "$top" ]; then
      high=$step
    fi
  done <<END
$(say "$answers" | sort -n)
END
done
try "$low" 2
[ "$count" != 0 ] || { echo no-answer; exit 0; }
try "$high" 3
[ "$count" = 0 ] || found "$high"
found "$low"
