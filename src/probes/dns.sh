# Asks name servers, each by itself: dns ENDPOINTS [NAME...]
#   ENDPOINTS  "ADDRESS/UDP-PORT/TCP-PORT ...", the servers behind the cluster's DNS Service; may be empty
#   NAME       to look up as an application would; default: the API server's, where resolv.conf knows a cluster
# Prints what it did, each output line of a tool after a bar:
#   control NAME                                        the question that every server can answer by itself
#   name NAME CANDIDATE...                              what the resolver asks for a name, in its order
#   query ROLE SERVER PORT PROTO SECONDS TRIES [NAME TYPE]...     one run of dig, with its answers in this order
#   resolver TOOL NAME CENTISECONDS CODE                getaddrinfo; twice where the first took as long as a time-out
#   send SERVER CODE                                    a datagram to a server that gave no answer: was it let out?
#   late SERVER PORT NAME TYPE MICROSECONDS             an answer over UDP that came after its time; the prober alone
#   icmp                                                tcpdump, while a server that refused was asked again
# dig asks as the C library does: without EDNS, where an answer ends at 512 bytes, and leaving a cut answer as it is.
# POSIX sh with dig and sed; getaddrinfo needs getent or bash, which opens /dev/udp by it and sends nothing.
set -f
endpoints=$1
shift
command -v dig >/dev/null || { echo "no dig" >&2; exit 127; }
# A part of the runner's folder, which is removed with it.
mkdir "${dir:?}/dns-$$" && cd "$dir/dns-$$" || exit 1
dump=
# timeout passes the signal that it gets on to its whole group; who has none sends it to this shell alone.
trap '[ -z "$dump" ] || kill "$dump"; exit 143' HUP TERM INT

servers= search= ndots=1 waits=5
while read -r key value rest || [ -n "$key" ]; do
  case $key in
  nameserver) servers="$servers $value" ;;
  domain | search) search="$value $rest" ;;
  options)
    for option in $value $rest; do
      case $option in
      ndots:*[!0-9]* | ndots:) ;;
      ndots:*) ndots=${option#ndots:} ;;
      # 30 is the most that the C library takes, and a shell cannot reckon with a number like 08.
      timeout:[1-9] | timeout:[12][0-9] | timeout:30) waits=${option#timeout:} ;;
      esac
    done ;;
  esac
done </etc/resolv.conf
cluster=
for domain in $search; do
  case $domain in svc.*) cluster=${domain#svc.}; break ;; esac
done

limited() {
  if command -v timeout >/dev/null; then timeout "$@"; else shift; "$@"; fi
}

# What the resolver asks for a name, in its order (resolv.conf(5)).
forms() {
  case $1 in *.) echo "$1"; return ;; esac
  rest=$1 dots=0
  while [ "$rest" != "${rest#*.}" ]; do rest=${rest#*.} dots=$((dots + 1)); done
  list=
  for domain in $search; do
    domain=${domain%.}
    # A name has at most 255 bytes on the wire; the resolver leaves out what is longer, and so must we.
    [ -z "$domain" ] || [ $((${#1} + ${#domain})) -gt 251 ] || list="$list $1.$domain."
  done
  if [ "$dots" -ge "$ndots" ]; then echo "$1.$list"; else echo "${list# } $1."; fi
}

# The form that is most likely meant: a name with a dot as it is, one without by the first search domain.
principal() {
  case $1 in
  *.) echo "$1" ;;
  *.*) echo "$1." ;;
  *) set -- $(forms "$1"); echo "$1" ;;
  esac
}

# two FILE N ROLE SERVER PORT NAME: both types at a time, and no more: each dig takes some megabytes of what the target has.
# With 6 s, longer than the 4 s that a finding needs, and than the resolver's own 5 s.
two() {
  ask "$1.u$2" "$3" "$4" "$5" udp 6 1 "$6" A &
  ask "$1.u$(($2 + 1))" "$3" "$4" "$5" udp 6 1 "$6" AAAA &
  wait
}

# ask FILE ROLE SERVER PORT PROTO SECONDS TRIES [NAME TYPE]...
ask() {
  [ $# -gt 7 ] || return 0
  file=$1
  shift
  echo "query $*" >"$file"
  server=$2 port=$3 proto=$4 seconds=$5 tries=$6
  shift 6
  tcp=+notcp
  [ "$proto" = udp ] || tcp=+tcp
  left=$#
  while [ "$left" -gt 0 ]; do
    set -- "$@" -q "$1" -t "$2"
    shift 2
    left=$((left - 2))
  done
  limit='limited 9'
  # A single question ends by its own limit: one process less beside the others.
  [ $# -gt 4 ] || limit=
  $limit dig -u "@$server" -p "$port" +nocmd +noedns +ignore "$tcp" "+time=$seconds" "+tries=$tries" "$@" \
    >"$file.said" 2>&1
  sed 's/^/|/' "$file.said" >>"$file"
  rm -f "$file.said"
}

has() { grep -q '^|;; Query time' "$@" 2>/dev/null; }
is_slow() { grep -qE '^\|;; Query time: [0-9]{7,} usec' "$@" 2>/dev/null; }

# over_udp FILES ROLE SERVER PORT: the control first, with time enough to tell slow from silent; then the rest.
over_udp() {
  first="$1.u1 $1.u2 $1.u3 $1.u4"
  for at in 1 3; do
    two "$1" "$at" "$2" "$3" "$4" "$control"
    # A virtual address stands for several servers: more tries there, or one that is dead looks like all.
    [ "$2" = server ] || break
  done
  at=5
  for name in $names; do
    [ "$2" = server ] || break
    has $first || return 0
    name=$(principal "$name")
    [ "$name" != "$control" ] || continue
    two "$1" "$at" "$2" "$3" "$4" "$name"
    at=$((at + 2))
  done
  has $first || return 0
  more=
  if [ "$2" != server ]; then
    more=$all
  elif ! is_slow $first; then
    for name in $names; do
      asked=$(principal "$name")
      for form in $(forms "$name"); do
        [ "$form" = "$asked" ] || more="$more $form A $form AAAA"
      done
    done
  fi
  ask "$1.ux" "$2" "$3" "$4" udp 1 2 $more
}

over_tcp() {
  ask "$1.t1" "$2" "$3" "$4" tcp 3 1 "$control" A "$control" AAAA
  has "$1.t1" || return 0
  ask "$1.tx" "$2" "$3" "$4" tcp 3 1 $all
}

clock() { read -r now _ </proc/uptime; now=${now%.*}${now#*.}; }

# One packet that was lost is not a rule: what took as long as a time-out is asked for once more.
resolve() {
  look_up "$@" || return 0
  if [ "$code" -eq 0 ] && [ "$took" -ge $((waits * 90)) ]; then look_up "$1-again" "$2"; fi
}

look_up() {
  clock
  start=$now
  if command -v getent >/dev/null; then
    tool=getent
    said=$(limited 9 getent ahosts "$2" 2>&1)
  elif command -v bash >/dev/null; then
    tool=bash
    said=$(limited 9 bash -c ': <>"/dev/udp/$1/9"' resolve "$2" 2>&1)
  else
    return 1
  fi
  code=$?
  clock
  took=$((now - start))
  {
    echo "resolver $tool $2 $took $code"
    [ -z "$said" ] || echo "$said" | sed 's/^/|/'
  } >"$1"
}

# dig says "timed out" also when a local rule has dropped the query; writing to the socket tells EPERM.
try_send() {
  command -v bash >/dev/null || return 0
  said=$(limited 2 bash -c 'echo >"/dev/udp/$1/53"' send "$1" 2>&1)
  echo "send $1 $?"
  [ -z "$said" ] || echo "$said" | sed 's/^/|/'
}

# Who refuses: the sender of the ICMP message. Needs NET_RAW. A Service's address hides it, a server behind it does not.
find_refuser() {
  command -v tcpdump >/dev/null || return 0
  # Debian's tcpdump gives up root for a user that the image does not have, unless it is told which.
  tcpdump -Z root -nn -l -i any -c 20 'icmp or icmp6' >icmp 2>icmp-said &
  dump=$!
  tries=0
  until grep -q 'listening on' icmp-said; do
    tries=$((tries + 1))
    { [ "$tries" -lt 10 ] && kill -0 "$dump" 2>/dev/null; } || break
    sleep 0.2
  done
  n=0 pids=
  for server in $refused; do
    n=$((n + 1))
    ask "r$n" server "${server%/*}" "${server#*/}" udp 1 1 "$control" A &
    pids="$pids $!"
  done
  wait $pids
  sleep 0.2
  kill "$dump" 2>/dev/null
  wait "$dump" 2>/dev/null
  dump=
  echo icmp
  sed 's/^/|/' icmp
}

refuses() { grep -qE 'refused|unreachable' "$@" 2>/dev/null; }

if [ $# -eq 0 ] && [ -n "$cluster" ]; then set -- "kubernetes.default.svc.${cluster%.}"; fi
names=$*
control=localhost.
[ -z "$cluster" ] || control=kubernetes.default.svc.${cluster%.}.
echo "control $control"
# What is asked for all names but the control.
all=
for name in $names; do
  echo "name $name $(forms "$name")"
  name=$(principal "$name")
  [ "$name" = "$control" ] || all="$all $name A $name AAAA"
done

n=0
for server in $servers; do
  n=$((n + 1))
  case $server in *[!0-9A-Za-z.:%_-]*) continue ;; esac
  [ "$n" -le 4 ] || break
  over_udp "s$n" server "$server" 53
  over_tcp "s$n" server "$server" 53
done
i=0
for name in $names; do
  i=$((i + 1))
  resolve "g$i" "$name"
done
i=0
for endpoint in $endpoints; do
  i=$((i + 1))
  address=${endpoint%%/*} ports=${endpoint#*/}
  over_udp "e$i" endpoint "$address" "${ports%/*}"
  over_tcp "e$i" endpoint "$address" "${ports#*/}"
done
set +f
refused= n=0
for server in $servers; do
  n=$((n + 1))
  if [ ! -e "s$n.u1" ] || has "s$n".u*; then continue; fi
  if ! refuses "s$n".u*; then
    # Routers limit how many ICMP messages they send a second: once more, now that it is quiet.
    ask "s$n.uz" server "$server" 53 udp 1 1 "$control" A
    refuses "s$n.uz" || try_send "$server"
  fi
  if refuses "s$n".u*; then refused="$refused $server/53"; fi
done
i=0 others=
if has [se]*.u*; then others=1; fi
for endpoint in $endpoints; do
  i=$((i + 1))
  if has "e$i".u*; then continue; fi
  address=${endpoint%%/*} ports=${endpoint#*/}
  # A server that gave no answer while others did: dead, or were its two questions lost? Some more tell.
  [ -z "$others" ] || refuses "e$i".u* ||
    ask "e$i.uz" endpoint "$address" "${ports%/*}" udp 1 3 "$control" A
  [ -z "$refused" ] || has "e$i".u* || refused="$refused $address/${ports%/*}"
done
cat [seg]* 2>/dev/null
[ -z "$refused" ] || find_refuser
