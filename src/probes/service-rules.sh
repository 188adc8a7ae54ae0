# Prints what kube-proxy has written for one Service: service-rules ADDRESS PROTOCOL PORT NAMESPACE/NAME
# "mode M", then the lines of its rules that are about the Service; whole tables are megabytes on a large cluster.
# nftables mode: the Service's element of each map, and each of its chains (KEP-3866). iptables mode: every rule whose
# comment names the Service.
# "mode none": nobody's rules are there at all. Only where both kinds could be read, and nothing stands that works in
# another way: kube-proxy's IPVS device, or that of a network plugin that takes its place.
address=$1 protocol=$2 port=$3 name=$4
family=ip save=iptables
case $address in *:*) family=ip6 save=ip6tables ;; esac
# The dots of a name are any character to sed, which finds no less.
seen='' unread=''
nft list tables >/dev/null 2>&1 || unread=1
if table=$(nft list table $family kube-proxy 2>/dev/null); then
  seen=1
  echo 'mode nftables'
  echo "$table" | grep -F "$address . $protocol . $port "
  echo "$table" | sed -n "\\|chain [a-z]*-[A-Z0-9]*-$name/|,/^[[:space:]]*}/p"
fi
tried=''
for tool in "$save-save" "$save-legacy-save" "$save-nft-save"; do
  command -v "$tool" >/dev/null 2>&1 || continue
  rules=$("$tool" 2>/dev/null) || continue
  tried=1
  case $rules in *':KUBE-SERVICES '*) ;; *) continue ;; esac
  seen=1
  echo 'mode iptables'
  echo "$rules" | grep -F -- "\"$name"
  break
done
devices=$(ip -o link show 2>/dev/null) || unread=1
case $devices in
  *' kube-ipvs0'* | *' cilium_host'* | *' ovn-k8s-mp0'* | *' antrea-gw0'* | *' kube-dummy-if'* | *'.cali:'* | *'.cali@'*) unread=1 ;;
esac
if [ -z "$seen$unread" ] && [ -n "$tried" ]; then echo 'mode none'; fi
:
