# Prints who holds most of the connection table, where it is fuller than a share: conntrack-holders PERCENT
# "state N PROTOCOL STATE" and "pair N PROTOCOL SOURCE DESTINATION PORT", most first. A table that is nearly full is
# tens of megabytes: it is counted where it is.
cd /proc/sys/net/netfilter || exit 0
# Not by `read`, which takes one byte at a time: these files give nothing after the first.
count=$(cat nf_conntrack_count) && max=$(cat nf_conntrack_max) || exit 0
[ "$((count * 100))" -gt "$((max * $1))" ] || exit 0
conntrack -L 2>/dev/null | awk '
  {
    source = destination = port = ""
    for (i = 4; i <= NF && port == ""; i++) {
      if (source == "" && index($i, "src=") == 1) source = substr($i, 5)
      else if (destination == "" && index($i, "dst=") == 1) destination = substr($i, 5)
      else if (index($i, "dport=") == 1) port = substr($i, 7)
    }
    states[$1 " " ($1 == "tcp" ? $4 : "-")]++
    pairs[$1 " " source " " destination " " port]++
  }
  END {
    for (one in states) print "state", states[one], one
    for (one in pairs) if (pairs[one] > 1) print "pair", pairs[one], one
  }' | sort -k1,1r -k2,2nr | awk '++seen[$1] <= 3'
:
