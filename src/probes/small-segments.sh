# Asks a server for the same again over connections that take smaller segments: small-segments ADDRESS PORT QUESTION...
# QUESTION is "http URL", or "tls STARTTLS SNI" as tls.sh has them. socat makes each connection, with the MSS that it
# offers in its SYN, and curl or openssl ask through it. Their hello names classical groups alone: of several segments, it
# would meet a way there that takes no large packets. Prints of each try
#   packet BYTES whole|stalled|failed RECEIVED
# BYTES is the largest packet that it lets the server send, 0 where it leaves that to the kernel; RECEIVED counts the
# answer's body, no more than 131072 of it are asked for. First the least packet of IPv4, and nothing more where that
# stalls; then the kernel's own, and nothing more where that does not; sizes of tunnels between; and both twice more.
LC_ALL=C
export LC_ALL
address=$1 port=$2 kind=$3
shift 3
for tool in socat curl openssl mktemp; do
  command -v "$tool" >/dev/null 2>&1 || { echo "no-tool $tool"; exit 0; }
done
# IP and TCP, without options: those of TCP are part of an MSS (RFC 6691).
case $address in *:*) to="[$address]:$port" headers=60 ;; *) to=$address:$port headers=40 ;; esac
dir=$(mktemp -d 2>/dev/null) || { echo no-room; exit 0; }
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' TERM

ask_http() {
  {
    case $2 in
    https:*) curl -sS -g -k --curves X25519:P-256:P-384 --noproxy '*' --max-time "$1" --unix-socket "$dir/s" -- "$2" ;;
    *) curl -sS -g --noproxy '*' --max-time "$1" --unix-socket "$dir/s" -- "$2" ;;
    esac 2>/dev/null
    echo "$?" >"$dir/code"
  } | head -c 131072 | wc -c
}
ask_tls() {
  limit=$1 starttls=$2 sni=$3
  set -- -groups X25519:P-256:P-384 -unix "$dir/s"
  if [ -n "$sni" ]; then set -- "$@" -servername "$sni"; else set -- "$@" -noservername; fi
  [ -z "$starttls" ] || set -- "$@" -starttls "$starttls"
  timeout "$limit" openssl s_client "$@" </dev/null >"$dir/said" 2>/dev/null
  code=$?
  # As curl has it: it ran out of time.
  [ "$code" != 124 ] || code=28
  if grep -q '^-----BEGIN CERTIFICATE-----' "$dir/said"; then code=0; fi
  echo "$code" >"$dir/code"
  echo 0
}

# try BYTES SECONDS QUESTION...; sets `came`.
try() {
  size=$1 limit=$2
  shift 2
  mss=
  [ "$size" = 0 ] || mss=,mss=$((size - headers))
  rm -f "$dir/s" "$dir/code"
  socat "UNIX-LISTEN:$dir/s" "TCP:$to$mss" 2>/dev/null &
  pid=$!
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    sleep 0.1
    [ ! -S "$dir/s" ] || break
  done
  got=$("ask_$kind" "$limit" "$@")
  # Some of wc pad it.
  got=$((got + 0))
  kill "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  code=$(cat "$dir/code" 2>/dev/null)
  came=failed
  if [ "$code" = 0 ] || [ "$got" -ge 131072 ]; then came=whole; elif [ "$code" = 28 ]; then came=stalled; fi
  echo "packet $size $came $got"
}

try 576 5 "$@"
[ "$came" = whole ] || exit 0
try 0 4 "$@"
[ "$came" = stalled ] || exit 0
# The largest of these that comes whole, by halves: least and most of IPv6, of tunnels, and of Ethernet.
low=0 high=8
while [ $((high - low)) -gt 1 ]; do
  middle=$(((low + high) / 2))
  try "$(echo 1280 1400 1420 1450 1480 1492 1500 | cut -d ' ' -f "$middle")" 4 "$@"
  if [ "$came" = whole ]; then low=$middle; else high=$middle; fi
done
# An answer that took longer may be a slow one that the others did not wait for. Of two servers behind one address, one of
# which hangs, chance picks one for each connection: once more, and it has to be the right one six times.
for _ in 1 2; do
  try 576 3 "$@"
  [ "$came" = whole ] || exit 0
  try 0 4 "$@"
  [ "$came" = stalled ] || exit 0
done
