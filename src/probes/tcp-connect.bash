# Times TCP connections: tcp-connect NAME PORT COUNT INTERVAL_MS BUDGET_MS
# Prints "address A", then for each try "try", whatever bash says when it fails, and "ok MICROSECONDS" or
# "failed MICROSECONDS"; "budget" when the time was up before all tries. bash opens /dev/tcp itself, so no process is
# started for a try, and EPOCHREALTIME has microseconds.
exec 2>&1
name=$1 port=$2 count=$3 interval=$4 budget=$5
address=$name
if [[ $name == *[!0-9.]* && $name != *:* ]] && command -v getent >/dev/null; then
  # Once, so that no try pays for the name.
  address=
  while read -r address _; do break; done < <(getent ahosts "$name")
  if [[ -z $address ]]; then echo unresolved; exit 0; fi
fi
echo "address $address"
printf -v pause '%d.%03d' $((interval / 1000)) $((interval % 1000))
started=${EPOCHREALTIME/./}
for ((i = 0; i < count; i++)); do
  before=${EPOCHREALTIME/./} after=
  if ((before - started > budget * 1000)); then echo budget; exit 0; fi
  echo try
  if { after=${EPOCHREALTIME/./}; } 3<>"/dev/tcp/$address/$port"; then
    echo "ok $((after - before))"
  else
    echo "failed $((${EPOCHREALTIME/./} - before))"
  fi
  sleep "$pause"
done
