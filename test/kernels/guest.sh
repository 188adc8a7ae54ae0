#!/bin/bash
# The first process of a virtual machine (test/kernels/run.ts): makes drops of known reasons, and prints what nettools-drops
# says of them between marks. The kernel's own words stay on the console.
export PATH=/usr/bin:/usr/sbin:/bin:/sbin
/busybox mount -t proc proc /proc
/busybox mount -t sysfs sysfs /sys
/busybox mount -t devtmpfs dev /dev 2>/dev/null
/busybox mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
/busybox mount -t tmpfs tmpfs /run
read -r words </proc/cmdline
# A kernel without BTF, to all who look for it.
case $words in *nettools.btf=off*) /busybox mount -t tmpfs none /sys/kernel/btf ;; esac
for module in nf_tables nft_reject_inet veth sch_ingress cls_u32 act_gact; do /busybox modprobe "$module" 2>/dev/null; done

ip netns add b
ip link set lo up
ip link add va type veth peer name vb netns b
ip addr add 198.51.100.1/24 dev va
ip -6 addr add fd00::1/64 dev va nodad
ip addr add 203.0.113.1/32 dev lo
ip link set va up
b() { ip netns exec b "$@"; }
b ip link set lo up
b ip addr add 198.51.100.2/24 dev vb
b ip -6 addr add fd00::2/64 dev vb nodad
b ip link set vb up
b sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter; echo 1 >/proc/sys/net/ipv4/conf/vb/rp_filter'
b sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
b nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }; add rule inet t in udp dport 9 drop'
b tc qdisc add dev vb clsact
b tc filter add dev vb ingress protocol ip u32 match ip dport 11 0xffff action drop
ip neigh replace 198.51.100.9 lladdr 02:00:00:00:00:01 dev va
# From a softirq a fragmented answer fills the queue of the processor at once.
echo 8 >/proc/sys/net/core/netdev_max_backlog
echo 1 >/proc/sys/kernel/bpf_stats_enabled 2>/dev/null

count() { ls /proc/*/fdinfo/* 2>/dev/null | while read -r file; do grep -qs '^prog_id\|^map_id' "$file" && echo x; done | wc -l; }
udp() { echo x >"/dev/udp/$1/$2"; } 2>/dev/null

drops() {
  for i in 1 2 3 4 5; do
    udp 198.51.100.2 9; udp 198.51.100.2 10; udp 198.51.100.2 11; udp fd00::2 9; udp fd00::2 10
    (echo >/dev/tcp/198.51.100.2/12) 2>/dev/null
  done
  ping -c 3 -i 0.2 -W 1 -I 203.0.113.1 198.51.100.2
  ping -c 2 -i 0.2 -W 1 -t 1 -n 198.51.100.2
  ip route add 192.0.2.0/24 via 198.51.100.2
  ping -c 3 -i 0.2 -W 1 192.0.2.1
  ping -c 3 -i 0.2 -W 1 -t 1 192.0.2.1
  ping -c 2 -i 0.2 -W 1 198.51.100.77
  ping -c 3 -i 0.3 -W 1 -s 30000 198.51.100.2
} >/dev/null 2>&1

echo "nettools-begin $(uname -r) $(uname -m)"
nettools-drops --for 25 --machine >/run/out 2>/run/err &
watcher=$!
nettools-drops --for 25 --everywhere --peer 198.51.100.2,0 >/run/every 2>/dev/null &
everywhere=$!
# An emulated machine takes its time.
for i in $(seq 60); do { [ -s /run/out ] && [ -s /run/every ]; } || [ -s /run/err ] || sleep 0.5; done
drops
wait $watcher
echo "nettools-code $?"
wait $everywhere
# Four times, with its length: the emulated serial line loses bytes under load.
for i in 1 2 3 4; do
  for name in out every; do
    while read -r line; do case $line in '{"flow'*) ;; *) echo "nettools-$name ${#line} $line" ;; esac; done <"/run/$name"
  done
  sleep 1
done
while read -r line; do echo "nettools-err $line"; done </run/err
echo "nettools-lockdown $(cat /sys/kernel/security/lockdown 2>/dev/null)"
# Killed in the middle: nothing of it may stay.
nettools-drops --for 60 --machine >/run/out2 2>/dev/null &
watcher=$!
sleep 3
kill -9 $watcher 2>/dev/null
wait $watcher 2>/dev/null
sleep 1
echo "nettools-left $(count)"
echo nettools-end
/busybox poweroff -f
