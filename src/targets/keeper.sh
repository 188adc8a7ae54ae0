# The session container's own process: it keeps the container running while somebody works in it, and ends it after
# $1 seconds in which no other process ran. A client that died is covered too: its processes end, then this does.
idle=$1
step=5
[ "$idle" -ge $step ] || step=$idle
trap 'exit 0' TERM INT HUP
# The first line of a process's cgroup names its container, also where the pod shares one process namespace.
read -r mine </proc/self/cgroup
left=$idle
while [ "$left" -gt 0 ]; do
  sleep "$step" &
  wait $!
  left=$((left - step))
  for entry in /proc/[0-9]*; do
    [ "$entry" != "/proc/$$" ] || continue
    { read -r cgroup <"$entry/cgroup" && read -r stat <"$entry/stat"; } 2>/dev/null || continue
    [ "$cgroup" = "$mine" ] || continue
    case ${stat##*) } in Z* | X*) continue ;; esac
    left=$idle
    break
  done
done
