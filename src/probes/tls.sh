# Shows what a TLS server presents: tls HOST PORT STARTTLS SNI ALPN WHOLE NAME...
# STARTTLS is a protocol that openssl can begin in plain text, or empty; SNI is empty where no name is known; ALPN is the list
# of protocols to offer, or empty; WHOLE asks for the certificates themselves, empty does not. Prints
#   now SECONDS                       the target's clock
#   connected | handshake WORDS       how far it got, and what openssl complains of
#   small-hello                       it failed twice, and succeeds in between with a hello of classical groups, which fits
#                                     into a segment
#   unfinished WORDS                  a certificate came, and the handshake failed after it; what openssl complains of
#   protocol V | verify CODE (TEXT)   as openssl says it
#   alpn PROTOCOL | none | refused    what the server takes of the list: one, or it does not answer that, or it ends a handshake
#                                     with any such list, and all else is of one without
#   signature ALGORITHM               of each certificate of the chain, in its order; openssl before 3 does not say
#   asks-certificate                  of the client, whatever becomes of one that has none
#   wants-certificate WORDS           of the client, and ends the connection of one that has none, as openssl says it
#   certificate N                     the N-th of the chain, 0 the server's own; then subject=, issuer=, notBefore=,
#                                     notAfter=, its alternative names and where its issuer
#                                     is to be had, as openssl prints them; its PEM, where it is wanted
#                                     whole
#   name NAME match|mismatch          for the server's own certificate
LC_ALL=C
export LC_ALL
host=$1 port=$2 starttls=$3 sni=$4 alpn=$5 whole=$6
shift 6
command -v openssl >/dev/null 2>&1 || { echo no-openssl; exit 0; }
echo "now $(date -u +%s)"

# connect SECONDS FLAG...; in a subshell, whose place openssl takes.
connect() {
  limit=$1
  shift
  case $host in *:*) target="[$host]:$port" ;; *) target=$host:$port ;; esac
  set -- "$@" -connect "$target" -showcerts
  if [ -n "$sni" ]; then set -- "$@" -servername "$sni"; else set -- "$@" -noservername; fi
  [ -z "$starttls" ] || set -- "$@" -starttls "$starttls"
  [ -z "$alpn" ] || set -- "$@" -alpn "$alpn"
  # Ended in the middle of a handshake, openssl would lose the line that says that it was connected.
  line=
  if command -v stdbuf >/dev/null 2>&1; then line='stdbuf -oL'; fi
  exec timeout "$limit" $line openssl s_client "$@" 2>&1
}
said=$(connect 6 </dev/null)
code=$?

say() { printf '%s\n' "$said"; }
has() { say | grep -q "$1"; }
# RFC 7301, 3.2: a server may end a handshake whose list has none of its own. Its certificate is to be had without one.
if [ -n "$alpn" ] && has 'no application protocol'; then
  echo 'alpn refused'
  alpn=
  said=$(connect 6 </dev/null)
  code=$?
fi
if has '^CONNECTED'; then echo connected; fi
if ! has '^-----BEGIN CERTIFICATE-----'; then
  [ "$code" != 124 ] || echo 'handshake no answer within 6 s'
  say | grep -E 'error|errno|alert|[Nn]ame or service|[Cc]onnection|refused' |
    grep -v '^Connecting\|^CONNECTED' | head -n 3 | sed 's/^/handshake /'
  # What openssl 3.5 offers first (X25519MLKEM768) makes a hello of more than one segment.
  if has '^CONNECTED' && openssl list -tls-groups 2>/dev/null | grep -qi mlkem; then
    said=$(connect 2 -groups X25519:P-256 </dev/null)
    if has '^-----BEGIN CERTIFICATE-----'; then
      # Once may be chance: a server that was busy takes the large one too by now.
      said=$(connect 2 </dev/null)
      if has '^CONNECTED' && ! has '^-----BEGIN CERTIFICATE-----'; then echo small-hello; fi
    fi
  fi
  exit 0
fi
say | sed -n 's/^ *Protocol *: */protocol /p;s/^New, \(TLS[^,]*\), Cipher.*/protocol \1/p'
if has '^New, (NONE), Cipher is (NONE)'; then
  say | grep -E ':error:|errno=' | head -n 1 | sed 's/^/unfinished /'
fi
say | sed -n 's/^ *Verify return code: /verify /p' | head -n 1
if [ -n "$alpn" ]; then say | sed -n 's/^ALPN protocol: /alpn /p;s/^No ALPN negotiated.*/alpn none/p' | head -n 1; fi
alpn=

say | sed -n 's/^ *a:PKEY:.*; sigalg: */signature /p'

# show PEM WORDS: one certificate in openssl's words.
show() { printf '%s\n' "$1" | openssl x509 -noout -subject -issuer -startdate -enddate -ext subjectAltName,authorityInfoAccess -nameopt RFC2253 2>/dev/null; }
refusal='alert.*(certificate required|bad certificate|no certificate|certificate unknown|access denied|handshake failure|unknown ca)'
# Holds a connection for at most a second, and ends it once the server has said what it thinks of the client.
hold() {
  {
    connect 1 -ign_eof </dev/null &
    echo "pid $!"
    wait
  } 2>/dev/null | while IFS= read -r line; do
    case $line in
    'pid '*) pid=${line#pid } ;;
    *'New Session Ticket arrived'*) kill "$pid" ;;
    *) printf '%s\n' "$line" | grep -E "$refusal" ;;
    esac
  done
}
if has '^Acceptable client cert\|^Requested Sig\|^Client Certificate T'; then
  echo asks-certificate
  # Of TLS 1.3 a server says only after the handshake that it refuses a client: who leaves at once does not hear it.
  if has '^New, TLSv1\.3\|Protocol *: TLSv1\.3'; then hold; else say | grep -E "$refusal"; fi |
    sed 's/^/wants-certificate /;q'
fi
first= pem= inside= index=0
while IFS= read -r line; do
  case $line in *'-----BEGIN CERTIFICATE-----'*) inside=1 pem= ;; esac
  [ -n "$inside" ] || continue
  pem="$pem$line
"
  case $line in
  *'-----END CERTIFICATE-----'*)
    inside=
    # The same one stands a second time at the end of what openssl prints.
    [ "$pem" != "$first" ] || break
    [ -n "$first" ] || first=$pem
    echo "certificate $index"
    show "$pem"
    [ -z "$whole" ] || printf '%s' "$pem"
    index=$((index + 1)) ;;
  esac
done <<END
$said
END
for name in "$@"; do
  case $name in *[!0-9.]*) case $name in *:*) kind=-checkip ;; *) kind=-checkhost ;; esac ;; *) kind=-checkip ;; esac
  case $(printf '%s\n' "$first" | openssl x509 -noout "$kind" "$name" 2>&1) in
  *'does NOT match'*) echo "name $name mismatch" ;;
  *'does match'*) echo "name $name match" ;;
  esac
done
