#!/usr/bin/env bash
# Installs a cargo tool under target/tools unless one is on the path already.
#
#   scripts/tool.sh cargo-deny 0.20.2
#
# The tools are small beside what they check, so they are built quickly rather than well.
set -euo pipefail

name=$1
version=$2
tools=${TOOLS:?set by the Makefile}

command -v "$name" >/dev/null 2>&1 && exit 0

echo "installing $name $version"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_OPT_LEVEL=0 CARGO_TARGET_DIR="$tools/build" \
    cargo install --locked --debug --root "$tools" "$name@$version" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    exit 1
fi
rm -rf "$tools/build"
