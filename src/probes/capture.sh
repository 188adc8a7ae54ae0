# Runs tcpdump until it is told to end: by a line, or by the end, of stdin.
#   LIVE COMMAND...   LIVE is 1 when the counts are wanted each second, on stderr
live=$1
shift
exec 3<&0
"$@" </dev/null 3<&- &
tcpdump=$!
# Where no further process may be started (a limit of pids), the shell ends at that very line.
trap 'kill -INT $tcpdump' EXIT

# The kernel hands packets over in batches, each after at most a second (TPACKET_V3, with libpcap's time limit as
# tcpdump sets it), and tcpdump leaves at once when it is told to: without the pause it would lose the last second.
(
  # By the trap, which a sleep that cannot be started does not keep from being run.
  trap 'kill -INT $tcpdump' EXIT
  read -r _ <&3
  sleep 1
) </dev/null >/dev/null 2>&1 &
stop=$!

# tcpdump prints its counts on SIGUSR1. A signal that meets it in a write cuts a packet in half, since it does not write
# again what was left: so it is halted first, looked at, and asked only where it is not writing. -1: in no system call;
# 7 and 271, 73: poll and ppoll, of x86-64 and of arm64.
report() {
  kill -STOP $tcpdump || return
  tries=0
  while [ $tries -lt 500 ]; do
    tries=$((tries + 1))
    read -r stat <"/proc/$tcpdump/stat" || break
    case ${stat##*) } in T*) ;; *) continue ;; esac
    read -r call _ <"/proc/$tcpdump/syscall" || break
    case $call in -1 | 7 | 271 | 73) kill -USR1 $tcpdump ;; esac
    break
  done
  kill -CONT $tcpdump
} 2>/dev/null

if [ "$live" = 1 ]; then
  trap report USR2
  (while sleep 1 && kill -USR2 $$; do :; done) </dev/null >/dev/null 2>&1 3<&- &
  ticker=$!
fi

# A signal with a trap ends a wait early.
while :; do
  wait $tcpdump
  code=$?
  kill -0 $tcpdump 2>/dev/null || break
done
trap - EXIT
kill $stop $ticker 2>/dev/null
exit $code
