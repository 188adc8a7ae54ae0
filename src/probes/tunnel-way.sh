# Finds which of some sizes of packets gets to another host unfragmented: tunnel-way HOST BYTES...
# Prints "lost BYTES", with "icmp TEXT" where somebody said why, and "carries BYTES" in the end; "no-answer" where not even a
# small one is answered. Mode probe leaves out what the kernel has learned of the way before; ping of Debian 12 and older
# cannot ("no-ping": another ping, which knows no modes).
host=$1
shift
case $(ping -V 2>&1) in *iputils*) ;; *)
  echo no-ping
  exit 0
  ;;
esac
answered() { said=$(LC_ALL=C ping -n -M "$mode" -c 3 -i 0.2 -W 1 -s "$(($1 - 28))" -- "$host" 2>&1); }
mode=probe
answered 84 || { mode=do; answered 84; } || { echo no-answer; exit 0; }
for size in "$@"; do
  if answered "$size"; then echo "carries $size"; exit 0; fi
  echo "lost $size"
  printf '%s\n' "$said" | sed -n '/mtu *=\|essage too long/{s/^/icmp /p;q}'
done
