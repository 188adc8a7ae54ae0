# Asks by ARP who else has this target's own IPv4 addresses (RFC 5227, 2.1.1): prints, for each, "own ADDRESS DEVICE LINE"
# for every line that arping says. Four addresses at most, one after the other; "more N" says how many were left out. Each
# is asked twice, a tenth of a second apart, and an answer may take a second: one arping would ask again only when that is
# over.
command -v arping >/dev/null 2>&1 || { echo "no arping"; exit 0; }
command -v ip >/dev/null 2>&1 || { echo "no ip"; exit 0; }
# The arping of Habets draws points with -D, and asks from 0.0.0.0 with -0.
case $(arping -h 2>&1) in
*Habets*) ask=-0 ;;
*) ask=-D ;;
esac
ip -4 -o addr show scope global 2>/dev/null | {
  n=0
  while read -r _ device _ address _; do
    n=$((n + 1))
    [ $n -le 4 ] || continue
    address=${address%/*}
    {
      arping $ask -c 1 -w 1 -I "$device" "$address" &
      sleep 0.1
      exec arping $ask -c 1 -w 1 -I "$device" "$address"
    } 2>&1 | while IFS= read -r line; do
      echo "own $address $device $line"
    done
  done
  [ $n -le 4 ] || echo "more $((n - 4))"
}
