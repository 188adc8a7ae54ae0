# Asks over UDP by a socket that takes an answer from anybody: unbound tftp|dns|ntp|text NAME PORT [NAME PORT]
# One that is connected, as that of `reach`, gets none from another port or address than it asks.
# Prints for each "asked NAME PORT ADDRESS", and what socat logs of the first answer: its source, and its first bytes in
# hexadecimal.
exec 2>&1
LC_ALL=C
export LC_ALL
command -v socat >/dev/null || { echo 'no socat'; exit 0; }
case $1 in
# A request to read a file that nobody has, which is answered by an error (RFC 1350).
tftp) bytes='\000\001nettools-no-such-file\000octet\000' ;;
dns) bytes='\022\064\001\000\000\001\000\000\000\000\000\000\000\000\002\000\001' ;;
ntp)
  zeros='\000\000\000\000\000\000\000\000\000\000\000\000'
  bytes="\\043$zeros$zeros$zeros\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000"
  ;;
*) bytes=nettools ;;
esac
shift

ask() {
  address=$1
  case $1 in
  *:*) ;;
  *[!0-9.]*)
    address=$(getent ahosts "$1" | sed -n '1s/ .*//p')
    [ -n "$address" ] || return
    ;;
  esac
  case $address in
  *:*) to=UDP6-DATAGRAM:[$address]:$2 ;;
  *) to=UDP4-DATAGRAM:$address:$2 ;;
  esac
  # A datagram may get lost.
  for _ in 1 2; do
    # shellcheck disable=SC2059
    said=$(printf "$bytes" | socat -d -d -x -t 0.6 - "$to,readbytes=4" 2>&1 >/dev/null)
    case $said in *'received packet'*) break ;; esac
  done
  printf 'asked %s %s %s\n%s\n' "$1" "$2" "$address" "$said"
}

ask "$1" "$2" &
[ $# -lt 4 ] || ask "$3" "$4"
wait
