#!/usr/bin/env bash
# Starts the binary on free ports in an empty folder, hears a segment of the demo, stops it by SIGTERM.
#
#   scripts/smoke.sh target/debug/onair
set -euo pipefail

onair=$(realpath "$1")
folder=$(mktemp -d)
server=

finish() {
    local status=$?
    [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
    [ "$status" -eq 0 ] || tail -n 20 "$folder/log" >&2
    rm -rf "$folder"
}
trap finish EXIT

fail() { echo "smoke: $*" >&2; exit 1; }

cd "$folder"
"$onair" serve --http 127.0.0.1:0 --rtmp 127.0.0.1:0 --rtc 127.0.0.1:0 --data-dir data --demo >banner 2>log &
server=$!

# Half a minute: the banner is the first thing that a person waits for.
for _ in $(seq 300); do
    web=$(sed -n 's/^ *Web *\(http:[^ ]*\)$/\1/p' banner | head -n 1)
    [ -z "$web" ] || break
    kill -0 "$server" 2>/dev/null || fail "it stopped before its banner"
    sleep 0.1
done
[ -n "$web" ] || fail "no banner within 30 s"

get() { curl --silent --show-error --fail --max-time 20 "$@"; }

for path in healthz readyz health; do
    get "${web}$path" >/dev/null || fail "/$path is not well"
done

# A whole segment that began after we came: hold the reload until it is there, as a player does.
rung=$(get "${web}live/demo/index.m3u8" | sed -n '/^#/!{/main/p}' | head -n 1)
[ -n "$rung" ] || fail "the multivariant playlist names no main rung"
playlist="${web}live/demo/$rung"
get "$playlist" >now.m3u8
first=$(sed -n 's/^#EXT-X-MEDIA-SEQUENCE://p' now.m3u8)
next=$((first + $(grep -c '^#EXTINF' now.m3u8)))
get "$playlist?_HLS_msn=$next" >held.m3u8
segment=$(grep -v '^#' held.m3u8 | tail -n 1)
map=$(sed -n 's/^#EXT-X-MAP:URI="\([^"]*\)".*/\1/p' held.m3u8 | head -n 1)
grep -q '^#EXT-X-ENDLIST' held.m3u8 && fail "the demo has ended"
get "${playlist%/*}/$map" "${playlist%/*}/$segment" >heard.mp4

volume=$(ffmpeg -hide_banner -nostdin -i heard.mp4 -af volumedetect -f null - 2>&1 |
    sed -n 's/.*mean_volume: \(-\{0,1\}[0-9]*\).*/\1/p')
[ -n "$volume" ] || fail "the segment does not decode"
[ "$volume" -gt -60 ] || fail "the demo is silent ($volume dB)"

kill -TERM "$server"
wait "$server" || fail "it did not stop cleanly"
server=
echo "smoke: heard segment $next of the demo at $volume dB"
