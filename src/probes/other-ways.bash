# Whether a destination that is silent answers by another interface to which a route leads too: other-ways NAME PORT
# Prints "address A" or "unresolved", then "other DEVICE ROUTE" for each such interface, and the route that wins, as `ip` has
# them: "won DEVICE ROUTE".
# Where there is one, and a plain connection is neither taken nor refused ("plain silent"; else "plain answers"), one is bound to
# each (SO_BINDTODEVICE): "by DEVICE ok|refused|silent", or "by DEVICE failed REASON". Without
# socat it is an echo request, where a plain one is lost: "by DEVICE echo".
exec 2>&1
LC_ALL=C
name=$1 port=$2
address=$name
if [[ $name == *[!0-9.]* && $name != *:* ]] && command -v getent >/dev/null; then
  read -r address _ < <(getent ahosts "$name")
  if [[ -z $address ]]; then echo unresolved; exit 0; fi
fi
echo "address $address"
case $address in *%*) exit 0 ;; esac
command -v ip >/dev/null || { echo 'no ip'; exit 0; }

device_of() {
  local words=() i
  read -ra words <<<"$1"
  for ((i = 0; i + 1 < ${#words[@]}; i++)); do
    if [[ ${words[i]} == dev ]]; then echo "${words[i + 1]}"; return; fi
  done
}

used=$(ip -o route get "$address" 2>/dev/null)
used=${used%%\\*}
# An address of its own, or none at all.
case $used in '' | local\ * | blackhole* | unreachable* | prohibit*) exit 0 ;; esac
own=$(device_of "$used")
others=() won= best=-1
while read -r route; do
  # Several next hops of one route are chosen from by the kernel for each connection.
  case $route in *nexthop*) continue ;; esac
  device=$(device_of "$route")
  if [[ $device == "$own" ]]; then
    prefix=${route%% *}
    case $prefix in default) prefix=0 ;; */*) prefix=${prefix#*/} ;; *) prefix=128 ;; esac
    if ((prefix > best)); then best=$prefix won=$route; fi
    continue
  fi
  case " lo ${others[*]} " in *" ${device:-lo} "*) continue ;; esac
  if ((${#others[@]} == 2)); then continue; fi
  others+=("$device")
  echo "other $device $route"
done < <(ip -o route show to match "$address" 2>/dev/null)
# By a rule another table decides, and there the routes of main are not what it was chosen from.
if [[ -z $won ]]; then exit 0; fi
echo "won $own $won"
if ((${#others[@]} == 0)); then exit 0; fi

exec 4< <(
  said=$( (exec 3<>"/dev/tcp/$address/$port") 2>&1) && said=connected
  echo "${said##*: }"
)
child=$! line=
if IFS= read -r -t 1.5 line <&4; then
  case $line in connected | 'Connection refused') echo 'plain answers'; exit 0 ;; esac
else
  kill "$child" 2>/dev/null
fi
echo 'plain silent'

by_socat() {
  local to="TCP4:$address:$port" said
  if [[ $address == *:* ]]; then to="TCP6:[$address]:$port"; fi
  if said=$(socat -u OPEN:/dev/null "$to,so-bindtodevice=$1,connect-timeout=2" 2>&1); then
    echo "by $1 ok"
    return
  fi
  case $said in
  *'Connection refused'*) echo "by $1 refused" ;;
  *'timed out'*) echo "by $1 silent" ;;
  *) echo "by $1 failed ${said##*: }" ;;
  esac
}

for device in "${others[@]}"; do
  if command -v socat >/dev/null; then
    by_socat "$device"
  elif command -v ping >/dev/null; then
    if ! ping -n -c 1 -W 1 "$address" >/dev/null 2>&1 && ping -n -c 1 -W 1 -I "$device" "$address" >/dev/null 2>&1; then
      echo "by $device echo"
    else
      echo "by $device failed only an echo request could be sent"
    fi
  else
    echo "by $device failed neither socat nor ping is there"
  fi
done
