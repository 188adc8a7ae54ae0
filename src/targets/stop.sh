# Ends the session container that this runs in: asks its keeper to go. The keeper is process 1, unless the container
# shares another's process namespace; there it is found by its name and by its cgroup, which names the container.
keeper=
read -r mine </proc/self/cgroup
for entry in /proc/[0-9]*; do
  { read -r cgroup <"$entry/cgroup"; } 2>/dev/null || continue
  [ "$cgroup" = "$mine" ] || continue
  # The keeper is the only process of the container whose parent lies outside of it and that was not exec'ed later:
  # the one with the lowest number.
  pid=${entry#/proc/}
  [ -n "$keeper" ] && [ "$keeper" -lt "$pid" ] || keeper=$pid
done
kill -TERM "$keeper"
