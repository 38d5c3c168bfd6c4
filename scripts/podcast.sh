#!/usr/bin/env bash
# A podcast of a running station, read by feedparser and by gPodder's podcastparser, and held against what the
# specifications of RSS 2.0, iTunes and Podcasting 2.0 ask for; and its calendars, read by icalendar.
#
#   scripts/podcast.sh target/debug/onair
set -euo pipefail
cd "$(dirname "$0")/.."

feedparser=6.0.14
podcastparser=0.6.11
icalendar=7.3.0
onair=$(realpath "$1")
podcast=$(realpath scripts/podcast.py)
calendar=$(realpath scripts/calendars.py)
venv=${TOOLS:?set by the Makefile}/podcast-$feedparser-$podcastparser-$icalendar

# The file tells that all of it was installed.
if [ ! -f "$venv/complete" ]; then
    echo "installing feedparser $feedparser, podcastparser $podcastparser and icalendar $icalendar"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        "feedparser==$feedparser" "podcastparser==$podcastparser" "icalendar==$icalendar"
    touch "$venv/complete"
fi

source scripts/station.sh
for name in ${!ONAIR_@}; do unset "$name"; done
open_station "$onair" --rtc off
"$venv/bin/python" "$podcast" "$web" data/onair.db
"$venv/bin/python" "$calendar" "$web"
kill -0 "$server" 2>/dev/null || fail "onair did not live to the end"
