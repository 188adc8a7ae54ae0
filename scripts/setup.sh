#!/bin/sh
# Brings node_modules in line with package-lock.json, and does nothing when it already is.
# Runs before every npm script, so a fresh clone needs no step of its own; any Node that can run npm will do, since
# the `node` package pinned in package.json then puts the right Node first on the PATH of the npm scripts.
set -eu
cd "$(dirname "$0")/.."

# npm writes node_modules/.package-lock.json last, so its age tells both "never finished" and "lock file changed".
if [ node_modules/.package-lock.json -nt package-lock.json ] && node_modules/.bin/node --version >/dev/null 2>&1; then
  exit 0
fi

# npm ci empties node_modules while it runs; it must not do that under the Node that executes it.
PATH=$(printf '%s' "$PATH" | tr ':' '\n' | grep -v '/node_modules/\.bin$' | paste -s -d ':' -)
export PATH
echo 'setup: installing the pinned npm packages (npm ci)' >&2
npm ci --no-fund --no-audit --loglevel=error >&2
