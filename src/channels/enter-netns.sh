# Runs a command with the files that belong to its network namespace, as `ip netns exec` does (ip-netns(8)).
#   FOLDER RESOLV CMD...   FOLDER: what is in it stands in for the file of the same name in /etc; RESOLV: the text of
#                          /etc/resolv.conf; each may be empty
# /sys shows the namespace's own interfaces, and the control groups as before. The mounts are seen in this mount namespace
# alone, which has to be one made for this; what cannot be mounted stays as it is.
folder=$1 resolv=$2
shift 2
{
  # The new /sys hides what is mounted in the old one, which is reached by this descriptor alone then.
  if [ -d /sys/fs/cgroup ]; then exec 9</sys/fs/cgroup; fi
  mount -t sysfs sysfs /sys && mount --no-canonicalize --rbind /proc/self/fd/9 /sys/fs/cgroup
  exec 9<&-
  if [ -n "$folder" ]; then
    for file in "$folder"/*; do
      if [ -e "$file" ]; then mount --bind "$file" "/etc/${file##*/}"; fi
    done
  fi
  if [ -n "$resolv" ] && file=$(mktemp); then
    printf '%s' "$resolv" >"$file"
    chmod 644 "$file"
    mount --bind "$file" /etc/resolv.conf
    # The mount holds the file.
    rm -f "$file"
  fi
} </dev/null >/dev/null 2>&1
exec "$@"
