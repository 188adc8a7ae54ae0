# Runs beside a command that guard.sh guards, while more of its stdin may be on its way than a pipe holds: says "open" and
# waits to be told, by a USR1, that the command has ended. $1 is the name that the guard goes by while it waits for the
# command; without such a process the exit code is 1.
for entry in /proc/[0-9]*; do
  name=
  { read -r name <"$entry/comm"; } 2>/dev/null
  [ "$name" = "$1" ] || continue
  echo open
  # Ends with its stdin; there is no file of that name, it is for the guard to find.
  exec cat - "$0"
done
exit 1
