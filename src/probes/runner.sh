# Runs a plan of commands and frames their results on stdout. One exec carries a whole check run.
#
# stdin: the plan
#   var NAME                  fill in a placeholder, once, before the commands
#   cmd ID SECONDS NARGS      then NARGS arguments, each "LINES" and that many lines
#   wait                      end of a phase: its commands have run at the same time
#   end
# stdout, for each command, lengths in bytes, times in centiseconds of uptime:
#   nettools-result ID STATUS CODE START END OUTLEN ERRLEN TRUNCATED\n OUT ERR \n
# and between them: nettools-var NAME VALUE, nettools-phase, and last nettools-done.
# Nothing of the plan is ever evaluated as shell text. POSIX sh, with mkdir, cat, wc and head; `timeout` where it is.
LC_ALL=C
export LC_ALL
umask 077
newline=$(printf '\n.')
newline=${newline%.}
max=1048576
# In blocks of 512 bytes, one more than is sent: a tool that runs away is ended (SIGXFSZ) before it fills the disk, and
# leaves no dump of its memory.
ulimit -f 2049
ulimit -c 0
dir=
for base in "${TMPDIR:-/tmp}" /dev/shm /run; do
  # mkdir fails on a path that another process has laid out, so nobody else owns the folder.
  if mkdir "$base/nettools-$$" 2>/dev/null; then dir=$base/nettools-$$; break; fi
done
[ -n "$dir" ] || { echo "nettools-error no writable folder (tried /tmp, /dev/shm and /run)"; exit 0; }
trap 'rm -rf "$dir"' EXIT
trap 'exit 143' HUP TERM INT

first_word() { set -- $1; echo "$1"; }

lookup() {
  case $1 in
  gateway)
    if command -v ip >/dev/null 2>&1; then
      ip -4 route show default 2>/dev/null | while read -r _ via address _; do
        if [ "$via" = via ]; then echo "$address"; break; fi
      done
    else
      while read -r _ dest gw flags _; do
        if [ "$dest" = 00000000 ] && [ "$gw" != 00000000 ] && [ "$gw" != Gateway ]; then
          # Little-endian hex, as /proc/net/route prints it.
          a=${gw%??????} b=${gw#??} b=${b%????} c=${gw#????} c=${c%??} d=${gw#??????}
          echo "$((0x$d)).$((0x$c)).$((0x$b)).$((0x$a))"
          break
        fi
      done </proc/net/route
    fi ;;
  dns)
    while read -r key value _; do
      if [ "$key" = nameserver ]; then echo "$value"; break; fi
    done </etc/resolv.conf ;;
  apiserver) echo "${KUBERNETES_SERVICE_HOST-}" ;;
  apiserver-port) echo "${KUBERNETES_SERVICE_PORT-}" ;;
  esac
}

uptime() { read -r now _ </proc/uptime; now=${now%.*}${now#*.}; }

# What ignores TERM gets KILL a second later; an old busybox has a timeout without -k.
kill_after=
timeout -k 1 1 true 2>/dev/null && kill_after='-k 1'

# one ID SECONDS ARGV...: runs in a subshell of its own, leaves ID.meta, ID.out and ID.err.
one() {
  id=$1 seconds=$2
  shift 2
  uptime; start=$now
  status=exited
  if ! command -v "$1" >/dev/null 2>&1; then
    status=missing code=127
    : >"$dir/$id.out" 2>"$dir/$id.err"
  elif command -v timeout >/dev/null 2>&1; then
    timeout $kill_after "$seconds" "$@" </dev/null >"$dir/$id.out" 2>"$dir/$id.err"
    code=$?
  else
    "$@" </dev/null >"$dir/$id.out" 2>"$dir/$id.err" &
    child=$!
    (sleep "$seconds"; kill "$child"; sleep 1; kill -KILL "$child") >/dev/null 2>&1 &
    killer=$!
    wait "$child"
    code=$?
    kill "$killer" 2>/dev/null
  fi
  uptime
  # A tool may exit like this by itself; it counts as a time-out only when the time is really up.
  case $code in
  124 | 137 | 143) [ $((now - start)) -lt $((seconds * 100 - 20)) ] || status=timeout ;;
  esac
  echo "$status $code $start $now" >"$dir/$id.meta"
}

emit() {
  read -r status code start end <"$dir/$1.meta" || { status=exited code=255 start=0 end=0; }
  truncated=0
  # A disk that is full has left no file.
  out=$(wc -c <"$dir/$1.out") err=$(wc -c <"$dir/$1.err")
  out=${out:-0} err=${err:-0}
  [ "$out" -le $max ] || { out=$max truncated=1; }
  [ "$err" -le $max ] || { err=$max truncated=1; }
  echo "nettools-result $1 $status $code $start $end $((out)) $((err)) $truncated"
  head -c "$out" "$dir/$1.out"
  head -c "$err" "$dir/$1.err"
  echo
  rm -f "$dir/$1.out" "$dir/$1.err" "$dir/$1.meta"
}

read_word() {
  read -r lines || exit 0
  word=
  while [ "$lines" -gt 0 ]; do
    IFS= read -r line || exit 0
    word=$word$line
    lines=$((lines - 1))
    [ "$lines" -eq 0 ] || word=$word$newline
  done
}

fill() {
  word=$1
  [ -n "$1" ] || unknown=1
}

gateway= dns= apiserver= apiserver_port=
ids=
while read -r verb id seconds count; do
  case $verb in
  var)
    value=$(first_word "$(lookup "$id")")
    case $id in
    gateway) gateway=$value ;; dns) dns=$value ;; apiserver) apiserver=$value ;; apiserver-port) apiserver_port=$value ;;
    esac
    echo "nettools-var $id $value" ;;
  cmd)
    set --
    unknown=
    while [ "$count" -gt 0 ]; do
      read_word
      case $word in
      %gateway%) fill "$gateway" ;;
      %dns%) fill "$dns" ;;
      %apiserver%) fill "$apiserver" ;;
      %apiserver-port%) fill "$apiserver_port" ;;
      esac
      set -- "$@" "$word"
      count=$((count - 1))
    done
    ids="$ids $id"
    if [ -n "$unknown" ]; then
      : >"$dir/$id.out"; : >"$dir/$id.err"
      echo "unknown-placeholder 0 0 0" >"$dir/$id.meta"
    else
      (one "$id" "$seconds" "$@") &
    fi ;;
  wait)
    wait
    for id in $ids; do emit "$id"; done
    ids=
    echo nettools-phase ;;
  end) break ;;
  esac
done
echo nettools-done
