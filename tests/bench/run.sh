#!/bin/bash
# tests/bench/run.sh [--big]: the speed and memory of the tools beside common programs on the same
# data, in one run on one machine. Prints a table; README.md quotes it.
#
#   --big            also 16 GiB, for peak memory (needs 60 GiB of disk)
#   CODEX_BENCH_DIR  where the data goes (default: build/bench of this clone)
#   CODEX_BENCH_MIB  how much data (default 1024; encode's ratio needs a multiple of 2)
#   CODEX_BENCH_RUNS how often each is run; the fastest counts (default 3)
#   CODEX_LEOPARD_LIB  a catid/leopard library, built elsewhere: the kernels are compared with it
#
# par2, restic and casync are measured when they are installed.
# shellcheck disable=SC2016 # commands are given as text, and expand when they run
set -euo pipefail

source_root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${CODEX_BIN:-$source_root/build/bin}
work=${CODEX_BENCH_DIR:-$source_root/build/bench}
mib=${CODEX_BENCH_MIB:-1024}
runs=${CODEX_BENCH_RUNS:-3}
big=no
[[ ${1:-} == --big ]] && big=yes
PATH=$bin:$bin/../test-bin:$PATH
command -v /usr/bin/time >/dev/null || {
    echo "run.sh: error: /usr/bin/time is missing: apt-get install time" >&2
    exit 69
}
mkdir -p "$work"
cd "$work"
export CODEX_REPO=$work/repo LC_ALL=C HOME=$work

declare -A wall cpu rss

# measure NAME PREPARE COMMAND: runs both $runs times, times the second, and keeps the fastest.
measure() {
    local name=$1 run fields=()
    unset "wall[$name]"
    for ((run = 0; run < runs; ++run)); do
        eval "$2" >/dev/null 2>&1
        /usr/bin/time -f '%e %U %S %M' -o time.out bash -c "$3" >/dev/null 2>err.out || {
            echo "run.sh: error: $3: $(tail -n 3 err.out)" >&2
            exit 1
        }
        read -ra fields <time.out
        if [[ ! -v wall[$name] ]] || less "${fields[0]}" "${wall[$name]}"; then
            wall[$name]=${fields[0]}
            cpu[$name]=$(awk "BEGIN { print ${fields[1]} + ${fields[2]} }")
            rss[$name]=$((fields[3] / 1024))
        fi
    done
}

less() { awk "BEGIN { exit !($1 < $2) }"; }
calc() { awk "BEGIN { printf \"%.2f\", $1 }"; }

# row NAME BYTES [NOTE]
row() {
    printf '%-34s %8.2f %8.2f %9.0f %9d  %s\n' "$1" "${wall[$1]}" "${cpu[$1]}" \
        "$(calc "$2 / 1e6 / (${wall[$1]} > 0 ? ${wall[$1]} : 0.01)")" "${rss[$1]}" "${3:-}"
}

heading() { printf '\n%-34s %8s %8s %9s %9s  %s\n' "$1" 'wall s' 'cpu s' 'MB/s' 'peak MiB' note; }

bytes=$((mib << 20)) gib=$((1 << 30))
[[ $(stat -c %s data 2>/dev/null) == "$bytes" ]] || codex-testgen 0 $bytes >data
[[ $(stat -c %s half 2>/dev/null) == $((bytes / 2)) ]] || head -c $((bytes / 2)) data >half
cat data half >/dev/null # in the page cache

printf '%s, %s cores, %s\n' "$(awk -F ': ' '/model name/ { print $2; exit }' /proc/cpuinfo)" \
    "$(nproc)" "$(codex-chunk --version)"
printf '%s MiB in the page cache, fastest of %s runs\n' "$mib" "$runs"

heading 'put (durable) beside'
measure 'codex-chunk put' 'rm -rf repo; sync' 'codex-chunk put data >cid'
measure 'cp, sync' 'rm -f copy; sync' 'cp data copy && sync copy'
measure 'openssl dgst -sha256' : 'openssl dgst -sha256 data'
slower=${wall['cp, sync']}
less "$slower" "${wall['openssl dgst -sha256']}" && slower=${wall['openssl dgst -sha256']}
row 'codex-chunk put' $bytes "$(calc "${wall['codex-chunk put']} / $slower") of the slower below"
row 'cp, sync' $bytes
row 'openssl dgst -sha256' $bytes
rm -f copy

heading 'get beside'
measure 'codex-chunk get' : 'codex-chunk get - <cid'
measure 'codex-chunk get -j 1' : 'codex-chunk get -j 1 - <cid'
measure 'cat' : 'cat data | cat'
row 'codex-chunk get' $bytes
row 'codex-chunk get -j 1' $bytes \
    "$(calc "$bytes / 1e9 / ${cpu['codex-chunk get -j 1']}") GB per second of CPU"
row 'cat' $bytes

heading 'encode -k 10 -m 5 beside'
# The protected copy goes away before each run; so does what it alone refers to.
measure 'codex-ec encode' '[ ! -s coded ] || codex-chunk rm - <coded && codex-chunk gc; sync' \
    'codex-ec encode -k 10 -m 5 - <cid >coded'
measure 'hashing data and parity' : 'openssl dgst -sha256 data half'
row 'codex-ec encode' $bytes \
    "$(calc "${wall['codex-ec encode']} / ${wall['hashing data and parity']}") of hashing its output once"
row 'hashing data and parity' $((bytes * 3 / 2))

heading 'five of fifteen slots lost'
measure 'codex-chunk get, reconstructing' 'codex-ec erase --slots 0,3,6,9,12 $(cut -f1 coded)' \
    'codex-chunk get - <coded'
measure 'codex-ec repair' 'codex-ec erase --slots 0,3,6,9,12 $(cut -f1 coded)' \
    'codex-ec repair - <coded'
row 'codex-chunk get, reconstructing' $bytes
row 'codex-ec repair' $bytes

heading 'other programs, same data, one run'
runs=1
if command -v par2 >/dev/null; then
    measure 'par2 create -r50' 'rm -f data.par2 data.*.par2' 'par2 create -q -q -r50 data.par2 data'
    row 'par2 create -r50' $bytes 'parity as encode above'
fi
if command -v restic >/dev/null; then
    export RESTIC_PASSWORD=bench RESTIC_REPOSITORY=$work/restic
    measure 'restic backup' 'rm -rf restic && restic init' 'restic backup -q --no-cache data'
    row 'restic backup' $bytes
fi
if command -v casync >/dev/null; then
    measure 'casync make' 'rm -rf casync && mkdir casync' \
        'casync make --store=casync/store.castr casync/data.caibx data'
    row 'casync make' $bytes
fi
rm -rf data.par2 data.*.par2 restic casync
# Measured once on two cores of this class, release build of nim-codex bd360322, warm cache.
reference() { printf '%-34s %8.2f %8s %9s %9s  %s\n' "$1" "$2" '' "$3" '' 'nim-codex, measured apart'; }
reference 'reference node: upload' 12.5 86
reference 'reference node: download' 6.3 171
reference 'reference node: encode K=3 M=2' 128.7 8.3

if [[ $big == yes ]]; then
    rm -rf repo
    for ((i = 0; i < 16; ++i)); do codex-testgen "$i" $gib; done >big
    heading '16 GiB'
    measure 'put 16 GiB' : 'codex-chunk put big >cid'
    measure 'encode 16 GiB' : 'codex-ec encode -k 10 -m 5 - <cid >coded'
    measure 'get 16 GiB' : 'codex-chunk get - <cid'
    measure 'repair 16 GiB' 'codex-ec erase --slots 0,3 $(cut -f1 coded)' 'codex-ec repair - <coded'
    for name in 'put 16 GiB' 'encode 16 GiB' 'get 16 GiB' 'repair 16 GiB'; do
        row "$name" $((16 * gib))
    done
    rm -f big
fi
rm -rf repo

if [[ -x $bin/erasure_bench ]]; then
    printf '\nerasure kernels%s\n' "${CODEX_LEOPARD_LIB:+, beside $CODEX_LEOPARD_LIB}"
    erasure_bench --benchmark_color=false 2>/dev/null
fi
