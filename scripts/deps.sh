#!/usr/bin/env bash
# Finds what this machine lacks and installs it from Debian's packages, without questions.
# Where it may not install, it says in one line what is missing, and exits 1.
#
#   scripts/deps.sh build   what `make run` needs (the default)
#   scripts/deps.sh test    what `make test` needs as well: ffmpeg, Chromium, Pebble, PostgreSQL, Redis, coturn,
#                           nginx, Varnish, Caddy, Python
#   scripts/deps.sh bench   what `make bench` needs as well: nothing more
set -euo pipefail
cd "$(dirname "$0")/.."

# The oldest Node.js that the front end's tools run on, as `engines` in web/package.json has it.
node_least=20.19

level=${1:-build}
packages=()
by_hand=()

have() { command -v "$1" >/dev/null 2>&1; }

# need COMMAND PACKAGE: the package is installed when nothing answers to the command.
need() { have "$1" || packages+=("$2"); }

# at_least LEAST VERSION
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

node_is_new_enough() {
    have node && have npm && at_least "$node_least" "$(node --version | tr -d v)"
}

need_build() {
    have cargo || by_hand+=("Rust (rustup, stable)")
    need cc gcc
    need c++ g++
    need cmake cmake
    # Debian's own Node.js is older than this in its stable releases.
    node_is_new_enough || by_hand+=("Node.js $node_least or newer with npm")
}

need_test() {
    need_build
    need ffmpeg ffmpeg
    need curl curl
    # The ACME authority that the certificate tests order from.
    need pebble pebble
    # The store is tested on a server of its own; the one that Debian may start is left alone.
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || need postgres postgresql
    # Stations hear each other's rooms through it.
    need redis-server redis-server
    [ -n "${CHROMIUM:-}" ] || need chromium chromium
    # The caches and the proxy that stand before a station. Debian keeps servers in /usr/sbin, which is not on
    # everybody's path.
    PATH="$PATH:/usr/sbin" need nginx nginx
    [ -e /usr/lib/nginx/modules/ngx_http_js_module.so ] || packages+=(libnginx-mod-http-js)
    PATH="$PATH:/usr/sbin" need varnishd varnish
    need caddy caddy
    # The relay that WebRTC clients behind strict firewalls use.
    need turnserver coturn
    # schemathesis, which asks the API, lives in a virtual environment of its own.
    need python3 python3
    python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
}

# What the benchmarks start is what the tests start.
need_bench() {
    need_test
}

# The command that may install packages here; empty where nobody may.
installer() {
    have apt-get || return 0
    if [ "$(id -u)" -eq 0 ]; then
        echo "apt-get"
    elif have sudo && sudo -n true 2>/dev/null; then
        echo "sudo -n apt-get"
    fi
}

install() {
    local apt=$1 log
    log=$(mktemp)
    echo "installing ${packages[*]}"
    export DEBIAN_FRONTEND=noninteractive
    # A fresh machine has no package lists, and one with lists need not wait for new ones.
    if ! $apt install -y --no-install-recommends "${packages[@]}" >"$log" 2>&1; then
        if ! { $apt update && $apt install -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1; then
            tail -n 5 "$log" >&2
            rm -f "$log"
            return 1
        fi
    fi
    rm -f "$log"
}

case $level in
    build) need_build ;;
    test) need_test ;;
    bench) need_bench ;;
    *) echo "usage: scripts/deps.sh [build|test|bench]" >&2; exit 2 ;;
esac

if [ ${#packages[@]} -gt 0 ]; then
    apt=$(installer)
    if [ -z "$apt" ] || ! install "$apt"; then
        by_hand+=("${packages[@]}")
    fi
fi

if [ ${#by_hand[@]} -gt 0 ]; then
    list=$(printf '%s, ' "${by_hand[@]}")
    echo "please install, then try again: ${list%, }" >&2
    exit 1
fi
