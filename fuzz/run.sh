#!/bin/sh
# Fuzzes one target for a while: fuzz/run.sh TARGET SECONDS
#
# Builds with the stable compiler (cargo-fuzz asks for flags that only nightly takes by itself) and without
# a sanitizer, which would need nightly's library: the targets are safe Rust, and panics, overflows, failed
# assertions, memory over the limit and hangs are findings without one. What it finds lies in
# fuzz/artifacts/TARGET/, what it learns in fuzz/work/TARGET/; fuzz/seeds/TARGET/ and fuzz/corpus/TARGET/ are
# what it starts from.
set -eu
if [ $# -ne 2 ]; then
    echo "usage: fuzz/run.sh TARGET SECONDS; targets:" >&2
    sed -n 's/^name = "\([a-z_0-9]*\)"$/  \1/p' "$(dirname "$0")/Cargo.toml" >&2
    exit 2
fi
target=$1
seconds=$2
cd "$(dirname "$0")/.."
command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --locked

mkdir -p "fuzz/work/$target" "fuzz/seeds/$target" "fuzz/corpus/$target" "fuzz/artifacts/$target"
export RUSTC_BOOTSTRAP=1
exec cargo fuzz run --sanitizer none "$target" \
    "fuzz/work/$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
    -max_total_time="$seconds" -max_len=8192 -rss_limit_mb=512 -timeout=10 -print_final_stats=1
