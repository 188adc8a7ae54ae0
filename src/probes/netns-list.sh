# Lists the network namespaces of a machine, and who lives in each: netns-list ROOT
#   ROOT   where the machine's files are: empty on the machine itself, /proc/1/root in a container that sees its processes
# Prints facts, one a line, with tabs between the fields:
#   root PATH                            where the machine's files are, as it was found
#   own INODE | host INODE              this process's namespace, and the machine's
#   process INODE PID START CGROUP COMMAND   who lives there, and since when (in ticks of uptime); those of the machine's namespace are only counted
#   count INODE N
#   mount INODE PATH                     a name: a file that the namespace is mounted on
#   link INODE JSON                      ip's interfaces and addresses
#   ids INODE JSON                       whom the ids stand for by which it knows other namespaces, as far as they have names
#   unread INODE WORDS                   why there is no link line
#   pod NAMESPACE_NAME_UID | log POD_NAMESPACE_CONTAINER-ID.log    names that the kubelet gave to folders and files
#   done
# One pass over /proc by the shell's own means, and one nsenter for each namespace.
LC_ALL=C
export LC_ALL
root=$1
set -f
newline='
'
blanks=$IFS
inode_of() { inode=${1##*'['} inode=${inode%%']'*}; }

limit=
command -v timeout >/dev/null 2>&1 && limit='timeout 5'

# A process 1 that keeps its files to itself has the machine's in common with the kernel's threads.
[ -z "$root" ] || [ -d "$root/run" ] || root=/proc/2/root
printf 'root\t%s\n' "$root"
inode_of "$(readlink /proc/self/ns/net)"
own=$inode host=$inode
# A container that sees the machine's processes is made in the machine's network; elsewhere process 1 tells.
if [ -z "$root" ] && first=$(readlink /proc/1/ns/net 2>/dev/null); then
  inode_of "$first"
  host=$inode
fi
printf 'own\t%s\nhost\t%s\n' "$own" "$host"

# What stands before is the name, which may hold anything (proc_pid_stat(5)).
set_start() { start=${20-}; }

# The longest path of a process's cgroups is the one that says most: with cgroup v1 each controller has its own.
describe() {
  command= longest= stat=
  { read -r command <"$1/comm"; read -r stat <"$1/stat"; } 2>/dev/null
  set_start ${stat##*) }
  while read -r line; do
    line=${line#*:} line=${line#*:}
    [ ${#line} -le ${#longest} ] || longest=$line
  done 2>/dev/null <"$1/cgroup"
}

# Interfaces and ids, by one process where ip takes several commands (busybox's takes one).
if printf 'link show lo\n' | ip -j -batch - >/dev/null 2>&1; then
  both() {
    $limit "$@" ip -j -d -batch - <<END
addr show
netns list-id
END
  }
else
  both() { $limit "$@" sh -c 'ip -j -d addr show && ip -j netns list-id 2>/dev/null'; }
fi

# link INODE WAY...: by the first way that leads in; one that has ended meanwhile does not.
link() {
  inode=$1
  shift
  for way in "$@"; do
    case $way in
    here) set -- ;;
    *) set -- nsenter "--net=$way" -- ;;
    esac
    text=$(both "$@" 2>&1)
    case $text in
    '['*)
      # By lines: cutting a long text at a pattern takes a shell seconds.
      documents=0 addresses= ids=
      IFS=$newline
      for line in $text; do
        # What is no JSON says why there are no ids.
        case $line in
        '['*) documents=$((documents + 1)) ;;
        [{},]* | ']'*) ;;
        *) continue ;;
        esac
        if [ $documents = 1 ]; then addresses="$addresses$line "; else ids="$ids$line "; fi
      done
      IFS=$blanks
      printf 'link\t%s\t%s\n' "$inode" "$addresses"
      [ -z "$ids" ] || printf 'ids\t%s\t%s\n' "$inode" "$ids"
      return ;;
    esac
  done
  printf 'unread\t%s\t%s\n' "$inode" "$(printf '%s' "$text" | tr '\n\t' '  ' | cut -c1-200)"
}

# `ip netns list-id` has names for the ids of what stands in /run/netns. In a container of the tool's own that is nothing
# of the machine's, so there each namespace is put by its number.
name_all() {
  mkdir -p /run/netns
  set +f
  rm -f /run/netns/[0-9]*
  set -f
  IFS=$newline
  for way in $ways; do ln -s "${way#*=}" "/run/netns/${way%%=*}"; done
  IFS=$blanks
} 2>/dev/null

mounts=/proc/self/mountinfo
[ -z "$root" ] || mounts=${root%/root}/mountinfo

set +f
ls -ln /proc/[0-9]*/ns/net 2>/dev/null | {
  set -f
  count=0 known= ways= held=' '
  [ "$own" = "$host" ] || known=$host ways="$host=/proc/1/ns/net"
  # A name stays when a process ends.
  while read -r _ _ _ source path _; do
    case $source in net:*) ;; *) continue ;; esac
    inode_of "$source"
    printf 'mount\t%s\t%s\n' "$inode" "$path"
    # One with a blank in it is octal there.
    case $path in *\\*) path=$(printf '%b' "$path") ;; esac
    known="$known$newline$inode" ways="$ways$newline$inode=$root$path"
  done <"$mounts"
  while read -r line; do
    # One that has just ended has none.
    case $line in *' -> net:['*) ;; *) continue ;; esac
    inode_of "$line"
    entry=${line%%/ns/net*}
    entry=/proc/${entry##*/proc/}
    if [ "$inode" = "$host" ]; then
      count=$((count + 1))
      continue
    fi
    describe "$entry"
    [ -n "$command" ] || continue
    printf 'process\t%s\t%s\t%s\t%s\t%s\n' "$inode" "${entry#/proc/}" "$start" "$longest" "$command"
    case $held in
    *" $inode "*) ;;
    *) held="$held$inode " known="$known$newline$inode" ways="$ways$newline$inode=$entry/ns/net" ;;
    esac
  done
  printf 'count\t%s\t%s\n' "$host" "$count"
  [ -z "$root" ] || name_all
  link "$own" here
  done=" $own "
  for inode in $known; do
    case $done in *" $inode "*) continue ;; esac
    done="$done$inode "
    set --
    IFS=$newline
    for way in $ways; do
      [ "${way%%=*}" != "$inode" ] || set -- "$@" "${way#*=}"
    done
    IFS=$blanks
    link "$inode" "$@"
  done
}

set +f
for entry in "$root"/var/log/pods/*; do
  [ ! -d "$entry" ] || printf 'pod\t%s\n' "${entry##*/}"
done
for entry in "$root"/var/log/containers/*.log; do
  [ ! -L "$entry" ] || printf 'log\t%s\n' "${entry##*/}"
done
echo done
