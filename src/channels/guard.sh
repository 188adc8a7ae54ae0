# Runs a command whose life is tied to the client's: when the client is gone, the command's session is ended.
#   own ID LINES CMD... this exec's own stdin tells that the client lives, which sends a line by it every 5 s. Its first
#                      LINES lines become the command's stdin; 0 gives it an empty one.
#   lease ID CMD...    stdin is the user's and goes to the command untouched; another exec, named nettools-lease-ID,
#                      lives as long as the client. While more of stdin may be on its way than a pipe holds, there is a
#                      third, which runs feed.sh: a USR1 to it asks the client to send no more.
#   terminal ID TERM CMD...  the same with a terminal of that kind, which a kubelet does not tell.
#   pipe MARK CMD...   on the client's own machine: descriptor 3 is a pipe that ends with the client; stdin is the
#                      command's. With a MARK (NAME=VALUE) the session is the user's own, as a terminal's is: the command
#                      gets it as a variable, and only processes that have it are ended. A client that lives says "gently"
#                      first.
# The kubelet leaves a process running when its client goes away, and gives no signal but the end of stdin.
# Each exec is a session of its own (setsid in runc), and every process that it starts belongs to that session.
# But for a pipe's, the end of the command is told on each of its outputs (end-mark.ts reads it there). A stream that a
# runtime, a kubelet or a proxy broke off in the middle looks to the client like a command that ended with 0: the API
# server takes an exit status that never came for success (k8s.io/client-go/tools/remotecommand/errorstream.go).
mode=$1 mark=$2
shift 2
if [ "$mode" = terminal ]; then
  export TERM="$1"
  shift
fi
read -r stat </proc/self/stat
set_fields() { state=$1 session=$4; }
set_fields ${stat##*) }
[ "$session" != 0 ] || session=$$

is_ours() { [ "$mode" != pipe ] || [ -z "$mark" ] || grep -qs -e "$mark" "$1/environ"; }

# Signals all of the session but this watcher: first what a lost terminal sends, at last what none can ignore.
signals='HUP TERM KILL'
end_session() {
  read -r me _ </proc/self/stat
  for signal in $signals; do
    left=
    for entry in /proc/[0-9]*; do
      [ "${entry#/proc/}" != "$me" ] || continue
      { read -r stat <"$entry/stat"; } 2>/dev/null || continue
      sid=$session
      set_fields ${stat##*) }
      if [ "$session" = "$sid" ] && [ "$state" != Z ] && is_ours "$entry"; then
        kill -"$signal" "${entry#/proc/}" && left=1
      fi
      session=$sid
    done
    [ -n "$left" ] || return 0
    sleep 1
  done
}

# Finds the exec that is this command's lease, by its words.
find_lease() {
  for found in /proc/[0-9]*; do
    words=
    { read -r words <"$found/cmdline"; } 2>/dev/null
    case $words in *"nettools-lease-$mark"*) return 0 ;; esac
  done
  return 1
}

# Finds the feed by its process's name, which has 15 characters: some shells read each byte by itself, and the words of a process
# are a hundred.
short=${mark%"${mark#?????????????}"}
find_feed() {
  for found in /proc/[0-9]*; do
    name=
    { read -r name <"$found/comm"; } 2>/dev/null
    [ "$name" != "nf$short" ] || return 0
  done
  return 1
}

# Returns when the command has ended, or when at 5 looks in a row, one every second, there was no lease: a client that
# lives opens it again. The first look waits: the lease of a command that is done sooner is never opened, and to look for it would
# take the processor from that command's start.
watch_lease() {
  lease= misses=0
  sleep 1
  while [ -d "/proc/$$" ] && [ $misses -lt 5 ]; do
    if [ -n "$lease" ] && [ -d "$lease" ]; then
      misses=0
    elif find_lease; then
      lease=$found misses=0
    else
      misses=$((misses + 1))
    fi
    sleep 1
  done
}

# Returns when the command or its stdin (descriptor 3) has ended, or when no line has come by it for 30 s: a runtime that
# was killed does not end it (alive.sh).
watch_beats() {
  read -r watcher _ </proc/self/stat
  silent=0
  trap 'silent=0' USR1
  trap 'silent=30' TERM
  (while read -r _; do kill -USR1 "$watcher"; done; kill -TERM "$watcher") <&3 &
  exec 3<&-
  while [ -d "/proc/$$" ] && [ $silent -lt 30 ]; do
    sleep 1 &
    # A line ends the wait early.
    wait $!
    silent=$((silent + 1))
  done
}

# An interactive shell that has the time hands the terminal to whoever had it before. With the client dead that is
# nobody: the user's own shell, which has taken it back by then, would read an end of file and leave. So it goes first.
wait_for_client() {
  word=$(cat <&3)
  [ -z "$word" ] && [ -n "$mark" ] || return 0
  signals=KILL
  ! is_ours "/proc/$$" || kill -KILL $$
}

# Tells, behind the last word of the command, that it ended and how. The bytes around the name are in no process's words,
# so that a command which prints those, as ps does, does not print this. Whoever read the outputs may be gone.
tell_end() {
  code=$?
  trap '' PIPE TTOU
  printf '\036%s\037%s\036' "$mark" $code
  [ -t 0 ] || printf '\036%s\037%s\036' "$mark" $code >&4
}

if [ "$mode" = own ]; then
  lines=$1
  shift
  exec 3<&0
  input=
  # The dot keeps the last line ends, which $() would drop.
  [ "$lines" -eq 0 ] || input=$(head -n "$lines" <&3; echo .)
  # A child of this shell, which stays: the command has no child that it does not know. What the command leaves in the
  # background is ended too: it may hold its outputs, and the runtime would wait for that for ever.
  (watch_beats; end_session) </dev/null >/dev/null 2>&1 &
  exec 3<&- </dev/null
  # The outputs stay open here for as long as the command runs: containerd ends stdin with the first of them that ends
  # (internal/cri/io/exec_io.go), which looks as if the client were gone to a command that closes one and goes on, and
  # to any command in the moment between its last word and its end.
  exec 4>&2 2>/dev/null
  if [ -n "$input" ]; then
    (exec "$@" 2>&4 4>&-) <<EOF
${input%??}
EOF
  else
    (exec "$@" 2>&4 4>&-)
  fi
  tell_end
  exit $code
fi
if [ "$mode" = pipe ]; then
  # A terminal's keys are for the command, and the end of its session is when there is work to do.
  # Started twice removed: the command takes the place of this shell, and has no child that it does not know.
  (trap '' HUP INT QUIT TSTP; (wait_for_client; end_session) </dev/null >/dev/null 2>&1 & )
  exec 3<&-
  [ -z "$mark" ] || exec env "$mark" "$@"
  exec "$@"
fi
# The feed waits for a word of the command's end, which a command that is ended here has not.
(watch_lease; end_session; ! find_feed || kill "${found#/proc/}") </dev/null >/dev/null 2>&1 &
if [ -t 0 ]; then
  # Its keys are for the command: what they send must not end this shell, which has to tell the end.
  trap : INT QUIT
  exec 4>&2 2>/dev/null
  (exec "$@" 2>&4 4>&-)
  tell_end
  exit $code
fi
exec 3<&0 4>&2 2>/dev/null
# A feed that has seen this name had its own before this one changes, and is found below.
printf %s "nt$short" >"/proc/$$/comm"
(exec "$@" 2>&4 3<&- 4>&-)
tell_end
printf ended >"/proc/$$/comm"
find_feed || exit $code
# What the command has left unread of its stdin is read for it, before its outputs end. Else containerd would wait for
# ever to hand it over (go-runc's shim holds the reading end of that pipe too, so that writing to it never fails), or
# the kubelet would drop the exit code with it: one write to a connection that has ended ends its copying both ways
# (k8s.io/apimachinery/pkg/util/proxy/upgradeaware.go).
kill -USR1 "${found#/proc/}"
cat <&3 >/dev/null 4>&- &
rest=$!
# Under v4.channel.k8s.io the client cannot say that its stdin has ended.
(sleep 10; kill $rest) </dev/null >/dev/null 3<&- 4>&- &
wait $rest
exit $code
