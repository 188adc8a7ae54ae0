#!/bin/sh
# Prints a CycloneDX 1.6 bill of materials of Debian packages and of the project's own programs, the same for the same ones:
#   sbom.sh IMAGE LOCK < names
# LOCK gives the SHA-256 of each package's file, where the installed version is the locked one.
set -eu
prober=$(sha256sum < /usr/bin/nettools-prober | cut -d' ' -f1)
drops=$(sha256sum < /usr/bin/nettools-drops | cut -d' ' -f1)
fields='${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${Maintainer}\n'
xargs dpkg-query -W -f "$fields" | sort -u | awk -F'\t' -v prober="$prober" -v drops="$drops" -v image="$1" -v lock="$2" -v distro="debian-$(sed -n 's/^VERSION_ID="\(.*\)"/\1/p' /etc/os-release)" '
  function text(value) {
    gsub(/\\/, "\\\\", value)
    gsub(/"/, "\\\"", value)
    return "\"" value "\""
  }
  # Percent-encoding as package URLs want it, for the characters that Debian versions have.
  function encoded(value) {
    gsub(/%/, "%25", value)
    gsub(/\+/, "%2B", value)
    gsub(/:/, "%3A", value)
    return value
  }
  # A program of the project.
  function own(name, description, license, sum) {
    print "    {"
    print "      \"type\": \"application\","
    print "      \"bom-ref\": " text(name) ","
    print "      \"name\": " text(name) ","
    print "      \"description\": " text(description) ","
    print "      \"licenses\": [" license "],"
    print "      \"hashes\": [{ \"alg\": \"SHA-256\", \"content\": " text(sum) " }]"
    printf "    }"
  }
  BEGIN {
    while ((getline line < lock) > 0) if (split(line, part, " ") == 2) hash[part[1]] = part[2]
    print "{"
    print "  \"bomFormat\": \"CycloneDX\","
    print "  \"specVersion\": \"1.6\","
    print "  \"version\": 1,"
    print "  \"metadata\": {"
    print "    \"component\": { \"type\": \"container\", \"bom-ref\": \"image\", \"name\": " text("kubectl-nettools/" image) " }"
    print "  },"
    printf "  \"components\": [\n"
    own("nettools-prober", "The probes of kubectl nettools in one process; statically linked with the C library of libc6-dev", \
      "{ \"license\": { \"id\": \"Apache-2.0\" } }", prober)
    printf ",\n"
    own("nettools-drops", "Watches what the kernel drops: a BPF program, and what loads it", \
      "{ \"expression\": \"Apache-2.0 AND (GPL-2.0-only OR BSD-2-Clause)\" }", drops)
  }
  {
    purl = "pkg:deb/debian/" encoded($1) "@" encoded($2) "?arch=" $3 "&distro=" distro
    printf ",\n    {\n"
    print "      \"type\": \"library\","
    print "      \"bom-ref\": " text(purl) ","
    print "      \"supplier\": { \"name\": " text($6) " },"
    print "      \"name\": " text($1) ","
    print "      \"version\": " text($2) ","
    if (($1 "=" $2) in hash)
      print "      \"hashes\": [{ \"alg\": \"SHA-256\", \"content\": " text(hash[$1 "=" $2]) " }],"
    print "      \"purl\": " text(purl) ","
    print "      \"properties\": ["
    print "        { \"name\": \"debian:source\", \"value\": " text($4) " },"
    print "        { \"name\": \"debian:source-version\", \"value\": " text($5) " }"
    print "      ]"
    printf "    }"
  }
  END { print "\n  ]\n}" }'
