# TCP sockets of which something is to be told, as `ss -tino` prints them: handshakes that are not complete, connections
# whose data is sent again and again, and those that have rested for a while. Chosen here, because a busy host has tens
# of thousands of others; at most 100.
command -v ss >/dev/null 2>&1 || { echo "no ss"; exit 0; }
command -v awk >/dev/null 2>&1 || { echo "no awk"; exit 0; }
ss -tinoH state connected exclude time-wait | awk '
  function field(name) { return match($0, " " name ":[0-9]+") ? substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 2) + 0 : 0 }
  /^SYN-/ { print; if (++n == 100) exit; next }
  /^[^ \t]/ { head = /^ESTAB / ? $0 : ""; next }
  head == "" { next }
  {
    again = head ~ /timer:\(on,[^,]*,([4-9]|[1-9][0-9])\)/
    rests = field("lastsnd") >= 30000 && field("lastrcv") >= 30000 && field("lastack") >= 30000
    if (again || rests) {
      print head
      print
      if (++n == 100) exit
    }
    head = ""
  }'
