# For scripts that ask a running station: sourced, not run.
#
#   open_station BINARY FLAG…   starts it on free ports in an empty folder, which is the current one from then on;
#                               sets `web`, its address without a slash at the end, and `server`, its process. The
#                               web listens at `at`, where that is set
#   close_station               stops it, and leaves nothing of it
#   told SED                    prints what a sed script finds in the banner, once it is there
#   fail WORDS…                 says what is wrong, and ends the script
#
# At the end of the script the station is stopped and its folder removed; what it said last is told on failure.

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

fail() { echo "$(basename "$0" .sh): $*" >&2; exit 1; }

# The banner comes line by line.
told() {
    local found
    # Half a minute: the banner is the first thing that a person waits for.
    for _ in $(seq 300); do
        found=$(sed -n "$1" banner | head -n 1)
        if [ -n "$found" ]; then
            echo "$found"
            return 0
        fi
        kill -0 "$server" 2>/dev/null || fail "onair stopped before its banner"
        sleep 0.1
    done
    fail "the banner does not tell it within 30 s: $1"
}

open_station() {
    local binary=$1
    shift
    cd "$folder"
    "$binary" serve --http "${at:-127.0.0.1:0}" --rtmp 127.0.0.1:0 --data-dir data "$@" >banner 2>log &
    server=$!
    web=$(told 's/^ *Web *\(http:[^ ]*\)\/$/\1/p')
}

close_station() {
    kill -TERM "$server"
    wait "$server" || fail "onair did not stop cleanly"
    server=
    rm -rf data
}
