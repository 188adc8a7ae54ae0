# Asks an HTTP server once, leaves the connection at rest, and waits for its end: resting NAME PORT TLS SECONDS HOST PATH
# TLS is the name to ask for (SNI), "-" where none is known, or empty: plain. Prints "address A" or "unresolved", whatever
# bash says, "connected", the answer's "status VERSION CODE", "keep-alive WORDS" and "connection WORDS" (its headers), and, in
# microseconds since the last line of its head, "ended N" or "kept N". It asks by HEAD: the answer ends with its head.
exec 2>&1
# What a server says is split into words, and is no pattern for names of files.
set -f
LC_ALL=C
name=$1 port=$2 tls=$3 seconds=$4 host=$5 path=$6
address=$name
if [[ $name == *[!0-9.]* && $name != *:* ]] && command -v getent >/dev/null; then
  address=
  read -r address _ < <(getent ahosts "$name")
  if [[ -z $address ]]; then echo unresolved; exit 0; fi
fi
echo "address $address"
trap '' PIPE
child=
trap '[[ -z $child ]] || kill "$child" 2>/dev/null' EXIT
if [[ -z $tls ]]; then
  exec 3<>"/dev/tcp/$address/$port" || exit 0
  exec 4>&3
else
  command -v openssl >/dev/null || { echo no-openssl; exit 0; }
  target=$address:$port
  if [[ $address == *:* ]]; then target=[$address]:$port; fi
  if [[ $tls == - ]]; then set -- -noservername; else set -- -servername "$tls"; fi
  coproc { exec openssl s_client -quiet -connect "$target" "$@" 2>/dev/null; }
  child=$COPROC_PID
  exec 3<&"${COPROC[0]}" 4>&"${COPROC[1]}" {COPROC[0]}<&- {COPROC[1]}>&-
fi
echo connected
printf 'HEAD %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: nettools\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n' "$path" "$host" >&4

# The head of the answer; one that only says that another follows (1xx) is passed over.
status=
while IFS= read -r -t 10 -n 8192 line <&3; do
  line=${line%$'\r'}
  case ${line,,} in
  http/[0-9]*' '[1-9]*) status=$line; set -- $line; echo "status ${1#*/} $2" ;;
  keep-alive:*) echo "keep-alive ${line#*:}" ;;
  connection:*) echo "connection ${line#*:}" ;;
  '')
    [[ $status != *' 1'[0-9][0-9]* ]] || continue
    break ;;
  esac
done
[[ -n $status ]] || exit 0
begun=${EPOCHREALTIME/./}
while left=$((begun + seconds * 1000000 - ${EPOCHREALTIME/./})); ((left > 0)); do
  printf -v wait '%d.%06d' $((left / 1000000)) $((left % 1000000))
  # What comes yet is no answer to anything (a farewell as HTTP 408, or a body that does not belong to a HEAD).
  IFS= read -r -d '' -t "$wait" -n 4096 _ <&3
  code=$?
  if ((code == 0)); then continue; elif ((code > 128)); then break; fi
  echo "ended $((${EPOCHREALTIME/./} - begun))"
  exit 0
done
echo "kept $((${EPOCHREALTIME/./} - begun))"
