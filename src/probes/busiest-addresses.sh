# Prints which addresses most connections to one destination share that came from another: "busy N PROTOCOL SHARED DESTINATION
# PORT", most first, five of those with ten or more. A host's table is megabytes: it is counted where it is.
conntrack -L 2>/dev/null | awk '
$1 == "tcp" || $1 == "udp" {
n = 0; own = ""
for (i = 3; i <= NF; i++) {
if (index($i, "src=") == 1) { n++; if (n == 1) own = substr($i, 5); else far = substr($i, 5) }
else if (n == 2 && index($i, "dst=") == 1) near = substr($i, 5)
else if (n == 2 && index($i, "sport=") == 1) port = substr($i, 7)
}
if (n == 2 && own != near) all[$1 " " near " " far " " port]++
}
END { for (one in all) if (all[one] > 9) print "busy", all[one], one }' | sort -k2,2nr | head -n 5
