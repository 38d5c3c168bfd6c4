#!/usr/bin/env bash
# The starts that a running station gives for recurrence rules, over ten years each, held against python-dateutil.
#
#   scripts/schedule.sh target/debug/onair
set -euo pipefail
cd "$(dirname "$0")/.."

dateutil=2.9.0.post0
tzdata=2025.2
onair=$(realpath "$1")
check=$(realpath scripts/schedule.py)
venv=${TOOLS:?set by the Makefile}/schedule-$dateutil-$tzdata

# The file tells that all of it was installed.
if [ ! -f "$venv/complete" ]; then
    echo "installing python-dateutil $dateutil and tzdata $tzdata"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        "python-dateutil==$dateutil" "tzdata==$tzdata"
    touch "$venv/complete"
fi

source scripts/station.sh
for name in ${!ONAIR_@}; do unset "$name"; done
open_station "$onair" --rtc off --api-rate-per-user 100000 --api-rate-per-address 100000
# No zones of the machine's own: those of the package, whose year is known.
PYTHONTZPATH="" "$venv/bin/python" "$check" "$web"
kill -0 "$server" 2>/dev/null || fail "onair did not live to the end"
