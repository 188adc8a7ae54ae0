# Sends segments of full size over one TCP connection and watches them: tcp-transfer HOST PORT
# Prints "connected" or what the system says, "inode N", and after a while the kernel's view of the socket (`ss -tine`)
# until nothing is outstanding. It sends the head of an HTTP request with 8 KB of padding and ends in an empty line:
# an HTTP server answers it, and what others make of it does not matter, since their kernel acknowledges it.
name=$1 port=$2
address=$name
if [[ $name == *[!0-9.]* && $name != *:* ]] && command -v getent >/dev/null; then
  address=
  while read -r address _; do break; done < <(getent ahosts "$name")
  if [[ -z $address ]]; then echo unresolved; exit 0; fi
fi
echo "address $address"
if ! { exec 3<>"/dev/tcp/$address/$port"; } 2>&1; then exit 0; fi
echo connected
echo "inode $(stat -L -c %i "/proc/$$/fd/3")"
printf -v padding '%8000s' ''
trap '' PIPE
printf 'GET / HTTP/1.1\r\nHost: %s\r\nX-Padding: %s\r\nConnection: close\r\n\r\n' "$name" "${padding// /x}" >&3 2>/dev/null
for pause in 0.3 0.7 1.2; do
  sleep "$pause"
  state=$(ss -tineH dst "$address" dport = ":$port" 2>/dev/null) || { echo no-ss; exit 0; }
  echo "after $pause s more"
  printf '%s\n' "$state"
  [[ $state == *unacked:* ]] || exit 0
done
