# What another network namespace of this machine has to do with the target's traffic, where this user may enter it:
#   beside holder ADDRESS MAC      the rules of who has both
#   beside peer DEVICE GATEWAY OWN   who has the other end of the target's veth, and a route to its address OWN by it: what
#                                  decides whether it answers ARP for GATEWAY by proxy
# Prints "namespace PATH" for each, then "part NAME" before the lines of each part, which begin with a blank; "more" where
# there are more namespaces than it looks into.
# One pass over the names that namespaces are mounted on and over /proc, and one nsenter for each namespace.
LC_ALL=C
export LC_ALL
mode=$1
set -f
most=64
inode_of() { inode=${1##*'['} inode=${inode%%']'*}; }
part() {
  echo "part $1"
  shift
  "$@" 2>&1 | sed 's/^/ /'
}
within() { timeout 3 nsenter "--net=$path" -- "$@"; }
inode_of "$(readlink /proc/self/ns/net)"
seen=" $inode "

if [ "$mode" = peer ]; then
  device=$2 gateway=$3 own=$4
  line=$(ip -o link show dev "$device") || exit 0
  # "2: eth0@if12: ..."
  index=${line%%:*}
  peer=${line#*@if} peer=${peer%%:*}
  case $index$peer in '' | *[!0-9]*) exit 0 ;; esac
  # The name of the other end's namespace, where it has one.
  case $line in
  *' link-netns '*) named=${line##* link-netns } named=${named%% *} ;;
  *) named= ;;
  esac
fi

look_peer() {
  # Indexes are unique only within a namespace.
  [ -z "$named" ] || [ "${path##*/}" = "$named" ] || return 0
  name=$(within ip -o link show 2>/dev/null | sed -n "s/^$peer: \\([^@]*\\)@if$index: .*/\\1/p")
  [ -n "$name" ] || return 0
  case $(within ip -o route get "$own" 2>/dev/null) in
  *' via '*) return 0 ;;
  *" dev $name "*) ;;
  *) return 0 ;;
  esac
  echo "namespace $path"
  part end echo "$name"
  part settings within sh -c 'for of in all "$0"; do for one in proxy_arp forwarding; do echo "$of $one $(cat "/proc/sys/net/ipv4/conf/$of/$one")"; done; done' "$name"
  part way within ip route get "$gateway" from "$own" iif "$name"
}

look_holder() {
  text=$(within ip -j -d addr show 2>/dev/null)
  case $text in *"\"local\":\"$address\""*) ;; *) return 0 ;; esac
  case $text in *"\"$mac\""*) ;; *) return 0 ;; esac
  echo "namespace $path"
  part addresses printf '%s\n' "$text"
  part nft-after within nft -j list ruleset
  part iptables-after within iptables-save -c
  part legacy-after within iptables-legacy-save -c
}
address=$2 mac=$3

set +f
{
  mounts=$(cat /proc/self/mountinfo)
  printf '%s\n' "$mounts" | while read -r _ _ _ source path _; do
    case $source in net:*) echo "$source $path" ;; esac
  done
  ls -ln /proc/[0-9]*/ns/net 2>/dev/null | sed -n 's/^.* \(\/proc\/[0-9]*\/ns\/net\) -> \(net:.*\)$/\2 \1/p'
} | {
  set -f
  count=0
  while read -r source path; do
    inode_of "$source"
    case $seen in *" $inode "*) continue ;; esac
    seen="$seen$inode "
    count=$((count + 1))
    [ "$count" -le "$most" ] || { echo more; break; }
    "look_$mode"
  done
}
:
