#!/usr/bin/env bash
# A broadcast from the first step to the last, by API: register, create, publish, listen, end.
# Needs a station on air, curl and ffmpeg.
#
#   scripts/first-broadcast.sh http://localhost:8080
set -euo pipefail

web=${1:-http://localhost:8080}
web=${web%/}
name=host-$$-$RANDOM
folder=$(mktemp -d)
publisher=

finish() {
    [ -z "$publisher" ] || kill "$publisher" 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT

fail() { echo "first-broadcast: $*" >&2; exit 1; }

# The first field of this name in JSON.
field() { grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }

# call METHOD PATH [JSON]
call() {
    curl --silent --show-error --fail-with-body --max-time 20 --request "$1" "$web$2" \
        --header "Authorization: Bearer ${token:-}" --header "Content-Type: application/json" \
        ${3:+--data "$3"}
}

# Half a minute, ten times a second.
until_true() {
    for _ in $(seq 300); do
        if "${@:2}"; then return; fi
        sleep 0.1
    done
    fail "waited in vain: $1"
}

status() { [ "$(call GET "/api/broadcasts/$id" | field status)" = "$1" ]; }

# 1. An account.
token=$(curl --silent --show-error --fail-with-body --max-time 20 "$web/api/auth/register" \
    --header "Content-Type: application/json" \
    --data "{\"email\":\"$name@example.org\",\"username\":\"$name\",\"password\":\"a long enough secret\",\"displayName\":\"Host\"}" |
    field accessToken)
echo "registered as $name"

# 2. A broadcast; the answer says where and with what to publish.
made=$(call POST /api/broadcasts '{"title":"My first broadcast"}')
id=$(field id <<<"$made")
address="$(field rtmpUrl <<<"$made")/$(field rtmpStreamKey <<<"$made")"
echo "made broadcast $id"

# 3. On air: the first publisher starts it.
ffmpeg -hide_banner -nostdin -loglevel error -re -f lavfi -i "sine=frequency=440:sample_rate=48000" \
    -c:a aac -b:a 128k -f flv "$address" >"$folder/ffmpeg" 2>&1 &
publisher=$!
until_true "the broadcast turns live" status live
echo "on air"

# 4. What a player does: ask how to listen, then fetch the playlist until a segment is whole.
index=$(call GET "/api/broadcasts/$id/playback" | field hlsUrl)
rung() { curl --silent --fail --max-time 20 "$web$index" | grep '/main\.m3u8' | head -n 1; }
playlist="$web/live/$id/$(rung)"
heard() { curl --silent --fail --max-time 20 "$playlist" | grep -v '^#' | grep -q '\.m4s$'; }
until_true "a segment is listed" heard
echo "heard at $web$index"

# 5. The end: the playlist is closed for good.
call POST "/api/broadcasts/$id/end" >/dev/null
ended() { curl --silent --fail --max-time 20 "$playlist" | grep -q '^#EXT-X-ENDLIST'; }
until_true "the playlist ends" ended
status ended || fail "the API does not say that it has ended"
echo "ended"
