# Prints which addresses of this node kube-proxy serves NodePorts at (--nodeport-addresses): "nftables FAMILY" and the
# elements of its set, or "iptables FAMILY" and its rules that lead to NodePorts. Nothing: it is not known, or all are.
for family in ip ip6; do
  if set=$(nft list set "$family" kube-proxy nodeport-ips 2>/dev/null); then
    echo "nftables $family"
    echo "$set" | sed -n '/elements = /,$p'
    continue
  fi
  save=iptables
  [ "$family" = ip ] || save=ip6tables
  for tool in "$save-save" "$save-legacy-save" "$save-nft-save"; do
    rules=$("$tool" -t nat 2>/dev/null | grep -e '^-A KUBE-SERVICES .*-j KUBE-NODEPORTS') || continue
    echo "iptables $family"
    echo "$rules"
    break
  done
done
:
