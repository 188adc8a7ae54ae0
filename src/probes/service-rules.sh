# Prints what kube-proxy has written for one Service: service-rules ADDRESS PROTOCOL PORT NAMESPACE/NAME
# "mode M", then the lines of its rules that are about the Service; whole tables are megabytes on a large cluster.
# nftables mode: the Service's element of each map, and each of its chains (KEP-3866). iptables mode: every rule whose
# comment names the Service.
address=$1 protocol=$2 port=$3 name=$4
family=ip save=iptables
case $address in *:*) family=ip6 save=ip6tables ;; esac
# The dots of a name are any character to sed, which finds no less.
if table=$(nft list table $family kube-proxy 2>/dev/null); then
  echo 'mode nftables'
  echo "$table" | grep -F "$address . $protocol . $port "
  echo "$table" | sed -n "\\|chain [a-z]*-[A-Z0-9]*-$name/|,/^[[:space:]]*}/p"
fi
for tool in "$save-save" "$save-legacy-save" "$save-nft-save"; do
  command -v "$tool" >/dev/null 2>&1 || continue
  rules=$("$tool" 2>/dev/null) || continue
  case $rules in *':KUBE-SERVICES '*) ;; *) continue ;; esac
  echo 'mode iptables'
  echo "$rules" | grep -F -- "\"$name"
  break
done
:
