# Runs a plan of commands and frames their results on stdout. One exec carries a whole check run.
#
# stdin: the plan
#   budget PROCESSES MIB      what the commands may take at the same time
#   script NAME LINES         then the script's lines; an argument %script:NAME% stands for them
#   var NAME                  fill in a placeholder, once, before the commands
#   cmd ID SECONDS NARGS      then NARGS arguments, each "LINES" and that many lines
#   listen ID SECONDS NARGS   the same for a command that listens until the others of its phase have ended
#   lead ID SECONDS NARGS     the same for a command that sends something before the others of its phase do
#   wait                      end of a phase: its commands run at the same time, as far as the budget goes
#   end
# stdout, for each command, lengths in bytes, times in centiseconds of uptime:
#   nettools-result ID STATUS CODE START END OUTLEN ERRLEN TRUNCATED\n OUT ERR \n
# and between them: nettools-var NAME VALUE, nettools-phase, nettools-cost MEMORY PROCESSES CPU-US ("-": not known), and
# last nettools-done.
# Nothing of the plan is ever evaluated as shell text. POSIX sh, with mkdir, cat, wc, head and mkfifo; `timeout` where it
# is.
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
dir= made=
# Set before there is a folder: a client that dies at once ends this while mkdir runs. rm is to live through the
# signals that end the rest, and what is written meanwhile goes with the second one.
clean_up() {
  trap '' HUP TERM INT PIPE
  if [ -n "$made" ]; then rm -rf "$dir" || rm -rf "$dir"; else rmdir "$dir"; fi 2>/dev/null
}
trap clean_up EXIT
# PIPE: a client that is killed takes the other end of stdout with it, before it ends this.
trap 'exit 143' HUP TERM INT PIPE
for base in "${TMPDIR:-/tmp}" /dev/shm /run; do
  dir=$base/nettools-$$
  # mkdir fails on a path that another process has laid out, so nobody else owns the folder.
  if mkdir "$dir" 2>/dev/null; then made=1; break; fi
done
# Scripts that need one have a part of it.
export dir
[ -n "$made" ] || { echo "nettools-error no writable folder (tried /tmp, /dev/shm and /run)"; exit 0; }

first_word() { set -- $1; echo "$1"; }

# The first next hop among the words of ip's routes. Not always the second word: it may be one of several.
first_via() {
  hop=
  while [ $# -gt 1 ] && [ "$1" != via ]; do shift; done
  [ $# -gt 1 ] || return 1
  hop=$2
  while [ $# -gt 1 ] && [ "$1" != dev ]; do shift; done
  on_link "$hop" "${2-}"
}

# on_link HOP DEVICE: an address that is only unique on its link (fe80::/10) needs its interface.
on_link() {
  case $1 in
  fe[89ab]?:*) echo "$1%$2" ;;
  *) echo "$1" ;;
  esac
}

lookup() {
  case $1 in
  gateway)
    # Not from ip: busybox's shows no next hop of several.
    while read -r _ dest gw flags _; do
      if [ "$dest" = 00000000 ] && [ "$gw" != 00000000 ]; then
        # Little-endian hex.
        a=${gw%??????} b=${gw#??} b=${b%????} c=${gw#????} c=${c%??} d=${gw#??????}
        echo "$((0x$d)).$((0x$c)).$((0x$b)).$((0x$a))"
        return
      fi
    done </proc/net/route
    first_via $(ip -6 route show default 2>/dev/null) || [ ! -r /proc/net/ipv6_route ] ||
      while read -r dest length _ _ gw _ _ _ _ device; do
        case $dest$length in *[!0]*) continue ;; esac
        case $gw in *[!0]*) ;; *) continue ;; esac
        hop=
        while [ -n "$gw" ]; do hop=$hop${hop:+:}${gw%"${gw#????}"} gw=${gw#????}; done
        on_link "$hop" "$device"
        return
      done </proc/net/ipv6_route ;;
  dns)
    while read -r key value _ || [ -n "$key" ]; do
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

# one ID SECONDS MODE ARGV...: runs in a subshell of its own, leaves ID.meta, ID.out and ID.err. With MODE "listen" it is
# ended, and its command with it, by a TERM.
one() {
  id=$1 seconds=$2 mode=$3
  shift 3
  uptime; start=$now
  status=exited
  if ! command -v "$1" >/dev/null 2>&1; then
    status=missing code=127
    : >"$dir/$id.out" 2>"$dir/$id.err"
  elif command -v timeout >/dev/null 2>&1; then
    if [ "$mode" = cmd ]; then
      timeout $kill_after "$seconds" "$@" </dev/null >"$dir/$id.out" 2>"$dir/$id.err" 5<&-
      code=$?
    else
      timeout $kill_after "$seconds" "$@" </dev/null >"$dir/$id.out" 2>"$dir/$id.err" 5<&- &
      await $!
    fi
  else
    "$@" </dev/null >"$dir/$id.out" 2>"$dir/$id.err" 5<&- &
    child=$!
    (sleep "$seconds"; kill "$child"; sleep 1; kill -KILL "$child") >/dev/null 2>&1 5<&- &
    killer=$!
    await "$child"
    kill "$killer" 2>/dev/null
  fi
  uptime
  # A tool may exit like this by itself; it counts as a time-out only when the time is really up.
  case $code in
  124 | 137 | 143) [ $((now - start)) -lt $((seconds * 100 - 20)) ] || status=timeout ;;
  esac
  echo "$status $code $start $now" >"$dir/$id.meta"
  [ "$mode" = listen ] || leave
}

# Waits for a command and passes a TERM on to it; a signal with a trap ends a wait early.
await() {
  waited=$1
  [ "$mode" = cmd ] || trap 'kill "$waited" 2>/dev/null' TERM
  wait "$waited"
  code=$?
  [ "$mode" = cmd ] || while kill -0 "$waited" 2>/dev/null; do wait "$waited"; code=$?; done
}

# Each command that runs takes one of the lines that are in this pipe, and puts it back.
slots=3 opened= running=0
open_slots() {
  opened=1
  mkfifo "$dir/slots" 2>/dev/null || return 0
  exec 5<>"$dir/slots"
  opened=pipe
  while [ "$slots" -gt 0 ]; do echo >&5; slots=$((slots - 1)); done
}
enter() {
  [ -n "$opened" ] || open_slots
  if [ "$opened" = pipe ]; then read -r _ <&5; return; fi
  running=$((running + 1))
  if [ "$running" -gt "$slots" ]; then wait $pids; running=1; fi
}
leave() { [ "$opened" != pipe ] || echo >&5; }

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
  read_lines "$lines"
}

read_lines() {
  lines=$1
  word=
  while [ "$lines" -gt 0 ]; do
    IFS= read -r line || exit 0
    word=$word$line
    lines=$((lines - 1))
    [ "$lines" -eq 0 ] || word=$word$newline
  done
}

# The text of a script that was sent; the word as it is where it is not a name of one.
script() {
  name=${word#%script:}
  name=${name%\%}
  case $name in *[!A-Za-z0-9]*) return ;; esac
  [ -e "$dir/script-$name" ] || return
  word=$(cat "$dir/script-$name")
}

# What the kernel counts of this container's CPU time, in microseconds; the rest is not known to a shell.
cpu_time() {
  cpu=
  if read -r cpu </sys/fs/cgroup/cpuacct/cpuacct.usage; then
    cpu=$((cpu / 1000))
  else
    while read -r key value; do [ "$key" != usage_usec ] || cpu=$value; done </sys/fs/cgroup/cpu.stat
  fi
} 2>/dev/null

cpu_time
cpu_before=$cpu
ids= pids= listeners= leaders=
while read -r verb id seconds count; do
  case $verb in
  budget) slots=$(((id + 2) / 3)); [ "$slots" -ge 1 ] || slots=1 ;;
  script)
    read_lines "$seconds"
    printf '%s' "$word" >"$dir/script-$id" ;;
  var)
    value=$(first_word "$(lookup "$id")")
    printf %s "$value" >"$dir/var-%$id%"
    echo "nettools-var $id $value" ;;
  cmd | listen | lead)
    # A shell does not see what was sent: it waits for their end.
    [ "$verb" != cmd ] || [ -z "$leaders" ] || { wait $leaders; leaders=; }
    set --
    unknown=
    while [ "$count" -gt 0 ]; do
      read_word
      case $word in
      %gateway% | %dns% | %apiserver% | %apiserver-port%)
        word=$(cat "$dir/var-$word" 2>/dev/null)
        [ -n "$word" ] || unknown=1 ;;
      %script:*%) script ;;
      esac
      set -- "$@" "$word"
      count=$((count - 1))
    done
    ids="$ids $id"
    if [ -n "$unknown" ]; then
      : >"$dir/$id.out"; : >"$dir/$id.err"
      echo "unknown-placeholder 0 0 0" >"$dir/$id.meta"
    else
      mode=cmd
      if [ "$verb" = listen ]; then mode=listen; else enter; fi
      (one "$id" "$seconds" "$mode" "$@") &
      case $verb in
      listen) listeners="$listeners $!" ;;
      lead) leaders="$leaders $!" pids="$pids $!" ;;
      cmd) pids="$pids $!" ;;
      esac
    fi ;;
  wait)
    wait $pids
    [ -z "$listeners" ] || kill $listeners 2>/dev/null
    wait
    for id in $ids; do emit "$id"; done
    ids= pids= listeners= leaders=
    echo nettools-phase ;;
  end)
    cpu_time
    if [ -n "$cpu" ]; then cpu=$((cpu - cpu_before)); else cpu=-; fi
    echo "nettools-cost - - $cpu"
    echo nettools-done
    exit 0 ;;
  esac
done
