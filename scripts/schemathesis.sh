#!/usr/bin/env bash
# Asks the binary everything that its OpenAPI document names, and much that it does not, with every check of
# schemathesis: no 5xx, and no answer that the document does not tell of.
#
#   scripts/schemathesis.sh target/debug/onair [EXAMPLES]
#
# Without EXAMPLES a short run that is the same each time; with EXAMPLES that many for each operation, by chance.
set -euo pipefail
cd "$(dirname "$0")/.."

version=4.32.5
onair=$(realpath "$1")
examples=${2:-}
config=$(realpath tests/schemathesis.toml)
venv=${TOOLS:?set by the Makefile}/schemathesis-$version

# The file tells that all of it was installed.
if [ ! -f "$venv/complete" ]; then
    echo "installing schemathesis $version"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "schemathesis==$version"
    touch "$venv/complete"
fi

source scripts/station.sh
for name in ${!ONAIR_@}; do unset "$name"; done
# Asked as an admin, so that no operation is refused before it looks at what it was given.
key=schemathesis
secret=$(head -c 32 /dev/urandom | base64 | tr -d '/+=')
export ONAIR_API_KEY=$key ONAIR_API_SECRET=$secret
open_station "$onair" --rtc 127.0.0.1:0 --demo --api-rate-per-address 1000000 --api-rate-per-user 1000000

ask() {
    "$venv/bin/schemathesis" --config-file "$config" run "$web/api/openapi.json" --auth "$key:$secret" "$@"
}
if [ -n "$examples" ]; then
    ask --max-examples "$examples" --phases examples,coverage,fuzzing
    # An example is a whole chain of calls there.
    ask --max-examples 50 --phases stateful
else
    ask --max-examples 20 --generation-deterministic
fi
kill -0 "$server" 2>/dev/null || fail "onair did not live to the end"
