# The session container's own process: it keeps the container running while somebody works in it, and ends it after
# $1 seconds in which no other process ran. A client that died is covered too: its processes end, then this does.
# With $2 = stdin it also ends with its stdin, which is then a connection that the client holds open.
idle=$1
step=5
[ "$idle" -ge $step ] || step=$idle
trap 'exit 0' TERM INT HUP
watcher=
if [ "${2-}" = stdin ]; then
  exec 3<&0
  (while read -r line; do :; done <&3; kill -TERM $$) &
  watcher=$!
  exec 3<&-
fi
# The first line of a process's cgroup names its container, also where the pod shares one process namespace.
read -r mine </proc/self/cgroup
left=$idle
while [ "$left" -gt 0 ]; do
  sleep "$step" &
  wait $!
  left=$((left - step))
  for entry in /proc/[0-9]*; do
    case ${entry#/proc/} in $$ | "$watcher") continue ;; esac
    { read -r cgroup <"$entry/cgroup" && read -r stat <"$entry/stat"; } 2>/dev/null || continue
    [ "$cgroup" = "$mine" ] || continue
    case ${stat##*) } in Z* | X*) continue ;; esac
    left=$idle
    break
  done
done
