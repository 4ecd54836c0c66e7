#!/bin/bash
# tests/fuzz/run.sh BINARY SECONDS: fuzzes one target from its seeds in tests/fuzz/corpus. What it
# finds stays beside the binary; a crash file is left there, too, and the exit code is not 0.
set -euo pipefail

binary=$(realpath "$1")
seconds=$2
subject=$(basename "$binary" _fuzz)
seeds=$(realpath "$(dirname "$0")")/corpus/$subject
found=$(dirname "$binary")/../fuzz/$subject
mkdir -p "$found"
cd "$found"
exec "$binary" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    "$found" "$seeds"
