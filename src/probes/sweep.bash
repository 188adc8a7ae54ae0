# Whether each of many endpoints takes connections: sweep LIMIT_MS [ADDRESS PORT]...
# Prints for each "endpoint ADDRESS PORT connected|refused|silent|failed MICROSECONDS [ERROR]". One after the other: this
# is the way in images without the prober, which asks hundreds at the same time.
limit=$(($1 / 1000)).$(printf %03d $(($1 % 1000)))
shift
attempt() {
  if { exec 3<>"/dev/tcp/$1/$2"; } 2>&1; then echo ok; fi
}
while (($# > 1)); do
  before=${EPOCHREALTIME/./}
  exec 4< <(attempt "$1" "$2")
  child=$! word=silent error='Connection timed out'
  while IFS= read -r -t "$limit" line <&4; do
    if [[ $line == ok ]]; then word=connected error=; break; fi
    # The first line is connect()'s own; bash repeats it for the redirection.
    if [[ $word == silent ]]; then
      error=${line##*: } word=failed
      if [[ $error == 'Connection refused' ]]; then word=refused; fi
    fi
  done
  exec 4<&-
  kill "$child" 2>/dev/null
  echo "endpoint $1 $2 $word $((${EPOCHREALTIME/./} - before))${error:+ $error}"
  shift 2
done
