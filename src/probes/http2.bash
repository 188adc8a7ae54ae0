# Begins HTTP/2 without TLS, as clients of gRPC do, and looks at how the server answers: http2 NAME PORT
# Prints "address A" or "unresolved", whatever bash says, "connected", and then "http1 LINE" (the first line of an answer of
# HTTP/1, of a server that answers a request of HTTP/1 as well), "other" (any other bytes), "closed" or "silent" (3 s were over).
exec 2>&1
LC_ALL=C
name=$1 port=$2
address=$name
if [[ $name == *[!0-9.]* && $name != *:* ]] && command -v getent >/dev/null; then
  address=
  read -r address _ < <(getent ahosts "$name")
  if [[ -z $address ]]; then echo unresolved; exit 0; fi
fi
echo "address $address"
trap '' PIPE

# first SECONDS TEXT: the first line that comes back to it, in $line. A server of HTTP/2 begins with a frame of type 4
# (SETTINGS), which has no line end: what waits for one waits for all of the time.
first() {
  printf "$2" >&3
  IFS= read -r -d $'\4' -t "$1" -n 200 line <&3
  code=$?
  line=${line%%[$'\r\n']*}
}
exec 3<>"/dev/tcp/$address/$port" || exit 0
echo connected
# RFC 9113, 3.4: the preface and an empty SETTINGS frame.
first 3 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0'
said=$line
case $said in
HTTP/1*)
  # Servers with TLS answer whatever is no TLS by a status 400 of HTTP/1, a good request too.
  if exec 3<>"/dev/tcp/$address/$port"; then first 3 'HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'; fi
  case $line in
  HTTP/1*' 400'*) echo other ;;
  HTTP/1*) echo "http1 $said" ;;
  *) echo other ;;
  esac
  ;;
'') if ((code > 128)); then echo silent; elif ((code == 0)); then echo other; else echo closed; fi ;;
*) echo other ;;
esac
