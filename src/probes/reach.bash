# Finds out what happens to a connection: reach tcp|udp NAME PORT PAYLOAD
# Prints "address A", what the kernel would do with it as "route ...", then for each try "try AT" (in microseconds since
# the start), whatever bash says when it fails, and one of "ok", "answered", "silent" and "failed" with MICROSECONDS;
# after "ok" "ended reset" or "ended closed" where the far side ended the connection before anybody sent a byte. A failure
# that comes at once is tried three times, so that a counter moves by as much as was sent; one that takes long is tried once.
# PAYLOAD: after a TCP connect, so many blanks go out, the first of them by itself ("first 1"), and the connection stays
# open for a while, so that `ss` can see whether small and large packets arrive; 0 sends nothing. Over UDP: dns, ntp, or text.
exec 2>&1
trap '' PIPE
started=${EPOCHREALTIME/./}
proto=$1 name=$2 port=$3 payload=$4
address=$name
if [[ $name == *[!0-9.]* && $name != *:* ]] && command -v getent >/dev/null; then
  read -r address _ < <(getent ahosts "$name")
  if [[ -z $address ]]; then echo unresolved; exit 0; fi
fi
# ip takes the interface of an address (fe80::1%eth0) as a word of its own.
plain=${address%%%*}
oif=()
[[ $address != *%* ]] || oif=(oif "${address#*%}")
echo "address $plain"
if command -v ip >/dev/null; then
  while read -r line; do echo "route $line"; done < <(ip -o route get "$plain" "${oif[@]}" 2>&1; ip -d route show table all to match "$plain" 2>&1)
fi
# Whoever listens for ICMP errors has to be there first.
sleep 0.4

finish() { echo "$1 $((${EPOCHREALTIME/./} - before))"; }

tcp() {
  before=${EPOCHREALTIME/./}
  echo "try $((before - started))"
  if ! exec 3<>"/dev/tcp/$address/$port"; then finish failed; return 1; fi
  finish ok
  # A proxy whose server behind it refuses needs a moment to hear of it.
  local said
  said=$(IFS= read -r -d '' -t 0.2 -N 1 -u 3 _ 2>&1; echo " $?")
  case $said in
  *reset*' 1') echo 'ended reset'; return 1 ;;
  *' 1') echo 'ended closed'; return 1 ;;
  esac
  ((payload > 0)) || return 0
  # No line end: bash would send each line by itself, and servers of text protocols wait for one and do nothing.
  # One byte first: where it is not acknowledged either, size is not what stops the others.
  printf ' ' >&3 && echo 'first 1'
  printf '%*s' "$((payload - 1))" '' >&3
  sleep 2.2
}

udp() {
  local byte code
  before=${EPOCHREALTIME/./}
  echo "try $((before - started))"
  exec 3<>"/dev/udp/$address/$port" || { finish failed; return 1; }
  # No byte of a question may be a line feed: bash would send what stands before it by itself.
  case $payload in
  dns) printf '\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01' >&3 ;;
  ntp) printf '\x23\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >&3 ;;
  *) printf nettools >&3 ;;
  esac || { finish failed; return 1; }
  IFS= read -r -d '' -t 1.05 -N 1 -u 3 byte
  code=$?
  if ((code == 0)) || [[ -n $byte ]]; then finish answered; return 0; fi
  if ((code > 128)); then finish silent; else finish failed; fi
  return 1
}

for ((i = 0; i < 3; i++)); do
  begun=${EPOCHREALTIME/./}
  ! "$proto" || exit 0
  took=$((${EPOCHREALTIME/./} - begun))
  # A second wait of several seconds would tell nothing new; the waits for a datagram are one second each.
  if ((took < 500000)); then sleep 0.3; elif [[ $proto == tcp ]]; then exit 0; fi
done
