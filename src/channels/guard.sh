# Runs a command whose life is tied to the client's: when the client is gone, the command's session is ended.
#   own LINES CMD...   this exec's own stdin tells that the client lives. Its first LINES lines become the command's
#                      stdin; 0 gives it an empty one.
#   lease ID CMD...    stdin is the user's and goes to the command untouched; another exec, named nettools-lease-ID,
#                      lives as long as the client. A signal to it (USR1) asks the client to send no more stdin.
#   terminal ID CMD... the same on a terminal, which the command has to itself.
# The kubelet leaves a process running when its client goes away, and gives no signal but the end of stdin.
# Each exec is a session of its own (setsid in runc), and every process that it starts belongs to that session.
mode=$1 mark=$2
shift 2
read -r stat </proc/self/stat
set_fields() { state=$1 session=$4; }
set_fields ${stat##*) }
[ "$session" != 0 ] || session=$$

# Signals all of the session but this watcher: first what a lost terminal sends, at last what none can ignore.
end_session() {
  read -r me _ </proc/self/stat
  for signal in HUP TERM KILL; do
    left=
    for entry in /proc/[0-9]*; do
      [ "${entry#/proc/}" != "$me" ] || continue
      { read -r stat <"$entry/stat"; } 2>/dev/null || continue
      sid=$session
      set_fields ${stat##*) }
      if [ "$session" = "$sid" ] && [ "$state" != Z ]; then
        kill -"$signal" "${entry#/proc/}" && left=1
      fi
      session=$sid
    done
    [ -n "$left" ] || return 0
    sleep 1
  done
}

find_lease() {
  for entry in /proc/[0-9]*; do
    words=
    { read -r words <"$entry/cmdline"; } 2>/dev/null
    case $words in *nettools-lease-"$mark"*) lease=$entry; return 0 ;; esac
  done
  return 1
}

# Returns when there has been no lease for 5 s, in which a client that lives would have opened one (again), or when the
# command has ended.
watch_lease() {
  lease= misses=0
  while [ -d "/proc/$$" ] && [ $misses -lt 5 ]; do
    if { [ -n "$lease" ] && [ -d "$lease" ]; } || find_lease; then misses=0; else misses=$((misses + 1)); fi
    sleep 1
  done
}

if [ "$mode" = own ]; then
  exec 3<&0
  input=
  # The dot keeps the last line ends, which $() would drop.
  [ "$mark" -eq 0 ] || input=$(head -n "$mark" <&3; echo .)
  # Started twice removed, so that the command has no child that it does not know.
  ( (cat <&3; end_session) >/dev/null 2>&1 & )
  exec 3<&-
  if [ -n "$input" ]; then
    exec "$@" <<EOF
${input%??}
EOF
  fi
  exec "$@" </dev/null
fi
# Stdin that the command leaves unread has to be taken: containerd would wait for ever to hand it over (go-runc's shim
# holds the reading end of that pipe too, so writing to it never fails).
exec 3<&0
( (watch_lease; end_session; cat <&3) </dev/null >/dev/null 2>&1 & )
[ "$mode" = lease ] || exec "$@" 3<&-

# It is taken before the exec ends and with the client's help: one that still sends to a connection that is being
# closed loses the exit code with all that it has not read yet (RFC 9293, 3.10.7.4).
exec 4>&2 2>/dev/null
(exec "$@" 2>&4 3<&- 4>&-)
code=$?
# One byte, or the end, is there at once or not at all: of a stdin that is silent nothing has to be taken.
# This process alone holds the outputs open meanwhile: with them containerd closes stdin, and then the exec.
head -c 1 <&3 >/dev/null 4>&- &
probe=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
  if ! kill -0 "$probe"; then
    cat <&3 >/dev/null 4>&- &
    rest=$!
    (
      (
        until find_lease; do sleep 0.1; done
        kill -USR1 "${lease#/proc/}"
        # Under v4 the client cannot say that its stdin has ended.
        sleep 5
        kill "$rest"
      ) </dev/null >/dev/null 3<&- 4>&- &
    )
    wait "$rest"
    exit "$code"
  fi
  sleep 0.005
done
kill "$probe"
exit "$code"
