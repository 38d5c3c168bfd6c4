#!/usr/bin/env bash
# onair-load listens by WebRTC to the real binary, over IPv4 and IPv6: what it says in JSON, and that it ends with
# status 1 where a gate fails.
#
#   scripts/listeners.sh target/debug/onair target/debug/onair-load
set -euo pipefail
cd "$(dirname "$0")/.."

onair=$(realpath "$1")
load=$(realpath "$2")
source scripts/station.sh
for name in ${!ONAIR_@}; do unset "$name"; done

# Joining is as quick as a busy machine lets it be; what is heard has to be right all the same.
patient=(--max-join-p95 60 --join-timeout 60)

# says STATUS 'PYTHON ABOUT it' ARGUMENT…   onair-load ends with that status, and its JSON is as told
says() {
    local status=0 expected=$1 condition=$2
    shift 2
    "$load" "$@" >said.json 2>complaints || status=$?
    [ "$status" -eq "$expected" ] || fail "status $status of onair-load $*: $(cat said.json complaints)"
    python3 -c 'import json, sys
it = json.load(open("said.json"))
sys.exit(0 if eval(sys.argv[1]) else f"{sys.argv[1]} does not hold of {it}")' "$condition"
}

# listens ADDRESS   to a station there: its demo, and a tone that is published into it
listens() {
    at=$1 open_station "$onair" --rtc "$1" --demo
    local key
    key=$(told 's/^ *Stream key *studio?token=//p')
    says 0 'it["passed"] and it["joined"] and it["packets"] > 50 and it["lost"] == 0 and it["rttMs"] is not None' \
        probe "$web" demo --duration 2 "${patient[@]}"
    says 0 'it["passed"] and it["joined"] == 5 and it["packets"] > 250 and it["lost"] == 0 and it["errors"] == {}' \
        webrtc "$web" demo --listeners 5 --red --duration 2 --json - "${patient[@]}"
    says 0 'it["passed"] and it["tonePercent"] >= 90' \
        probe "$web" studio --duration 4 --publish "$key" --listen-for 440 "${patient[@]}"
}

listens 127.0.0.1:0
says 1 'not it["passed"] and it["joined"] and len(it["failed"]) == 1 and "join p95" in it["failed"][0]' \
    probe "$web" demo --duration 1 --max-join-p95 0
says 1 'not it["passed"] and not it["joined"] and it["error"] == "refused 404" and "no broadcast" in it["refusal"]' \
    probe "$web" nothing --duration 1
says 1 'not it["passed"] and it["joined"] == 0 and it["errors"] == {"refused 404": 2}' \
    webrtc "$web" nothing --listeners 2 --duration 1 --json -
close_station

# A machine without IPv6 has nothing to be looked at; one with it must hear.
if [ "$(cat /proc/sys/net/ipv6/conf/lo/disable_ipv6 2>/dev/null || echo 1)" = 0 ]; then
    listens '[::1]:0'
    close_station
    echo "listeners: heard over IPv4 and IPv6"
else
    echo "listeners: heard over IPv4; IPv6 is switched off here, so nothing was heard over it" >&2
fi
