# Times TCP connections: tcp-connect NAME PORT COUNT INTERVAL_MS BUDGET_MS [ENOUGH]
# Prints "address A", then for each try "try", whatever bash says when it fails, and "ok MICROSECONDS [WAITED]" or
# "failed MICROSECONDS [WAITED]", where WAITED are those in which it had no CPU; "budget" when the time was up before all
# tries, or several were met by silence at the same time (the prober alone does that). Where some tries were met by silence
# and others were not, the prober then says of some more connections by which neighbour they went: "way silent ADDRESS DEVICE"
# and "way answered ADDRESS DEVICE". bash opens /dev/tcp itself, in a process that can be given up: one endpoint that is
# silent must not keep the others of its Service from being tried. The process is there before the clock starts, and
# EPOCHREALTIME has microseconds. Where echo requests to the same address are answered beside it, which tell of loss too, the
# prober makes ENOUGH connections in the same time, as long as none is silent: a small server has a short queue of them.
exec 2>&1
name=$1 port=$2 count=$3 interval=$4 budget=$5
address=$name
if [[ $name == *[!0-9.]* && $name != *:* ]] && command -v getent >/dev/null; then
  # Once, so that no try pays for the name.
  read -r address _ < <(getent ahosts "$name")
  if [[ -z $address ]]; then echo unresolved; exit 0; fi
fi
echo "address $address"
printf -v pause '%d.%03d' $((interval / 1000)) $((interval % 1000))

# Nanoseconds that this process was ready to run and had no CPU (Documentation/scheduler/sched-stats.rst).
unscheduled() { read -r _ waited _ </proc/self/schedstat; } 2>/dev/null

attempt() {
  local waited=0 already before after= outcome=ok
  unscheduled
  already=$waited
  before=${EPOCHREALTIME/./}
  if { after=${EPOCHREALTIME/./}; } 3<>"/dev/tcp/$address/$port"; then :; else
    outcome=failed after=${EPOCHREALTIME/./}
  fi
  unscheduled
  waited=$(((waited - already) / 1000))
  # Below a millisecond it is noise; longer than all of the try, it was not in it.
  if ((waited < 1000 || waited >= after - before)); then waited=; fi
  echo "$outcome $((after - before))${waited:+ $waited}"
}

# The first try may last until a silent neighbour becomes an error (3 s). The others wait for one SYN sent again (1 s).
limit=3.5
started=${EPOCHREALTIME/./}
for ((i = 0; i < count; i++)); do
  before=${EPOCHREALTIME/./}
  if ((before - started > budget * 1000)); then echo budget; exit 0; fi
  echo try
  exec 4< <(attempt)
  child=$! line=
  while IFS= read -r -t "$limit" line <&4; do
    echo "$line"
    case $line in ok\ * | failed\ *) break ;; esac
  done
  exec 4<&-
  case $line in
  ok\ * | failed\ *) ;;
  *)
    kill "$child" 2>/dev/null
    echo "given up: Connection timed out"
    echo "failed $((${EPOCHREALTIME/./} - before))"
    ;;
  esac
  limit=1.5
  sleep "$pause"
done
