# How many ephemeral ports TCP uses: prints "range FIRST LAST", "taken COUNT" and the ten busiest remote ends as
# "peer CONNECTIONS ADDRESS:PORT". Counted here, because a busy host has tens of thousands of sockets.
# Not by the shell: read takes one byte at a time, and a sysctl gives all of itself to the first read only.
set -- $(cat /proc/sys/net/ipv4/ip_local_port_range)
first=$1 last=$2
[ -n "$last" ] || exit 1
echo "range $first $last"
command -v ss >/dev/null 2>&1 || { echo "no ss"; exit 0; }
command -v awk >/dev/null 2>&1 || { echo "no awk"; exit 0; }
ss -tanH | awk -v first="$first" -v last="$last" '
  $1 == "LISTEN" { next }
  {
    port = $4; sub(/.*:/, "", port)
    if (port < first || port > last) next
    if (!(port in ports)) { ports[port]; taken++ }
    peers[$5]++
  }
  END {
    print "taken " taken + 0
    for (peer in peers) print "peer " peers[peer] " " peer
  }' | {
  read -r line; echo "$line"
  sort -k2,2nr | head -n 10
}
