# Tells everybody in the container, by its name, that its client lives: prints $2, if there is any, and ends with its
# stdin, or when nothing has come by it for 4 times $1 s; the client sends a line every $1 s. The end of stdin alone is not
# enough: where containerd was killed, nobody closes it (its shim holds an end of that pipe until containerd tells it to let
# go: cmd/containerd-shim-runc-v2/process/exec.go, openStdin).
step=$1
[ -z "$2" ] || echo "$2"
exec 3<&0
trap 'missed=0' USR1
trap 'exit 0' TERM
(while read -r _; do kill -USR1 $$; done <&3; kill -TERM $$) </dev/null >/dev/null 2>&1 &
reader=$!
exec 3<&- </dev/null
missed=0
while [ $missed -lt 4 ]; do
  sleep "$step" >/dev/null 2>&1 &
  # A beat ends the wait early.
  wait $!
  missed=$((missed + 1))
done
kill $reader
