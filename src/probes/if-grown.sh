# Runs a command where a rule that counts has counted since, or does not show: if-grown [TOOL PLACE PACKETS RULE]... -- COMMAND...
# TOOL is one of iptables-save's kind, PLACE its table and RULE its words; or nft, and PLACE the family, table and chain of
# a rule about what is invalid. PACKETS is what it had counted.
grown=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  case $1 in
  nft) nft list chain $2 | grep invalid | grep -q "counter packets $3 " || grown=1 ;;
  *) "$1" -c -t "$2" | grep -F -- "] $4" | grep -q "^\[$3:" || grown=1 ;;
  esac 2>/dev/null
  shift 4
done
shift
[ -z "$grown" ] || exec "$@"
