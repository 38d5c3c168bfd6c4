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

source scripts/station.sh
for name in ${!ONAIR_@}; do unset "$name"; done
# aiortc has no candidates on loopback: it is met on every address of this machine.
open_station "$onair" --rtc 0.0.0.0:0
key=$(told 's/^ *Stream key *studio?token=//p')
"$venv/bin/python" "$client" "$web" "$key"
