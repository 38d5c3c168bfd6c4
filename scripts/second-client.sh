#!/usr/bin/env bash
# aiortc, which shares no code with the server or with Chromium, publishes by WHIP and listens by WHEP.
#
#   scripts/second-client.sh target/debug/onair
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.16.0
onair=$(realpath "$1")
client=$(realpath scripts/second-client.py)
venv=${TOOLS:?set by the Makefile}/aiortc-$version

# The file tells that all of it was installed.
if [ ! -f "$venv/complete" ]; then
    echo "installing aiortc $version"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "aiortc==$version" numpy httpx
    touch "$venv/complete"
fi

folder=$(mktemp -d)
server=

finish() {
    local status=$?
    [ -z "$server" ] || kill -TERM "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" || true
    [ "$status" -eq 0 ] || tail -n 20 "$folder/log" >&2
    rm -rf "$folder"
}
trap finish EXIT

cd "$folder"
for name in ${!ONAIR_@}; do unset "$name"; done
# aiortc has no candidates on loopback: it is met on every address of this machine.
"$onair" serve --http 127.0.0.1:0 --rtmp 127.0.0.1:0 --rtc 0.0.0.0:0 --data-dir data >banner 2>log &
server=$!
for _ in $(seq 300); do
    web=$(sed -n 's/^ *Web *\(http:[^ ]*\)\/$/\1/p' banner | head -n 1)
    key=$(sed -n 's/^ *Stream key *studio?token=//p' banner | head -n 1)
    [ -z "$web" ] || [ -z "$key" ] || break
    kill -0 "$server" 2>/dev/null || { echo "aiortc: onair stopped before its banner" >&2; exit 1; }
    sleep 0.1
done
"$venv/bin/python" "$client" "$web" "$key"
