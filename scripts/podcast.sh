#!/usr/bin/env bash
# A podcast of a running station, read by feedparser and by gPodder's podcastparser, and held against what the
# specifications of RSS 2.0, iTunes and Podcasting 2.0 ask for.
#
#   scripts/podcast.sh target/debug/onair
set -euo pipefail
cd "$(dirname "$0")/.."

feedparser=6.0.14
podcastparser=0.6.11
onair=$(realpath "$1")
check=$(realpath scripts/podcast.py)
venv=${TOOLS:?set by the Makefile}/podcast-$feedparser-$podcastparser

# The file tells that all of it was installed.
if [ ! -f "$venv/complete" ]; then
    echo "installing feedparser $feedparser and podcastparser $podcastparser"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        "feedparser==$feedparser" "podcastparser==$podcastparser"
    touch "$venv/complete"
fi

source scripts/station.sh
for name in ${!ONAIR_@}; do unset "$name"; done
open_station "$onair" --rtc off
"$venv/bin/python" "$check" "$web" data/onair.db
kill -0 "$server" 2>/dev/null || fail "onair did not live to the end"
