#!/bin/bash
# tests/bench/run.sh [--big] [SECTION...]: the speed and memory of the tools beside other programs on
# the same data, in one run on one machine. Prints tables; tests/bench/README.md quotes them. Sections,
# all of them by default:
#
#   store    codex-chunk put and get, codex-ec encode and repair beside cp, openssl and cat
#   many     thousands of tiny files, each a dataset: put, export, import and rm beside cp
#   others   par2, restic and casync, where they are installed
#   erasure  the erasure code's kernels, each set in turn; beside the peer the middle ratio of all runs counts
#   hash     SHA-256 with each set of kernels beside OpenSSL
#   pipeline put, get, encode, repair and slots with each set of kernels, for machines that have no better
#            one, beside cp, cat and openssl
#   network  codex-serve run and fetch beside aria2, where that and node are installed
#   swarm    many nodes beside aria2 and libtorrent, where opentracker, aria2, mktorrent, curl and
#            python3-libtorrent are installed
#   rest     a node asked over HTTP beside codex-chunk, and small requests while it is busy
#   proofs   products in the field, cells, slots, witness, setup, prove and verify
#   ledger   calls of four processes, beside anvil where npm has installed it; and a ledger of a million records
#            verified and asked
#
#   --big             also 16 GiB through store, for peak memory (needs 60 GiB of disk)
#   CODEX_BENCH_DIR   where data and keys go, which are kept there (default: build/bench of this clone)
#   CODEX_BENCH_MIB   how much data, a multiple of 2 (default 1024)
#   CODEX_BENCH_RUNS  how often each is run; the fastest counts (default 3)
#   CODEX_BENCH_CPUS  the sets of erasure, hash, pipeline and proofs, values of CODEX_CPU (default: all that
#                     this machine has, for pipeline of "avx512 avx2 avx2-nosha")
#   CODEX_BENCH_FETCH_GIB  so much is fetched, too, for peak memory (needs twice that of disk)
#   CODEX_BENCH_REST_GIB  so much goes there and back over HTTP, for memory (needs three times that of disk)
#   CODEX_BENCH_SWARMS  which swarms: "NODES:MB:SEEDS ..." (default: those of tests/bench/README.md)
#   CODEX_BENCH_PROGRAMS  with which programs (default: "codex aria2 libtorrent", as far as they are there)
#   CODEX_BENCH_SAMPLES, CODEX_BENCH_CIRCUIT  proofs of so many samples (default "5 50"), and more
#                     options of the circuit
#   CODEX_BENCH_RECORDS, CODEX_BENCH_CALLS  of the ledger, and of each of four processes (default 1000000, 5000)
#   CODEX_BENCH_PTAU  powers of tau: setup is measured with them, too
#
# Peers, built elsewhere, with which ours are compared when they are named:
#
#   CODEX_LEOPARD_LIB  catid/leopard as a shared library: the kernels
#   CODEX_FFIASM_LIB   iden3/ffiasm's assembly for Fr as a shared library: products
#   CODEX_RAPIDSNARK   iden3/rapidsnark's prover: proofs
set -euo pipefail

usage() {
    echo "usage: tests/bench/run.sh [--big] [store|many|others|erasure|hash|pipeline|network|swarm|rest|proofs|ledger]..." >&2
    echo 'tests/bench/run.sh --help says what each of them measures, and which variables there are' >&2
    exit 64
}

source_root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/bench/measure.bash
source "$source_root/tests/bench/measure.bash"
# shellcheck source=tests/bench/store.bash
source "$source_root/tests/bench/store.bash"
# shellcheck source=tests/bench/kernels.bash
source "$source_root/tests/bench/kernels.bash"
# shellcheck source=tests/bench/network.bash
source "$source_root/tests/bench/network.bash"
# shellcheck source=tests/bench/swarm.bash
source "$source_root/tests/bench/swarm.bash"
# shellcheck source=tests/bench/rest.bash
source "$source_root/tests/bench/rest.bash"
# shellcheck source=tests/bench/proofs.bash
source "$source_root/tests/bench/proofs.bash"
# shellcheck source=tests/bench/ledger.bash
source "$source_root/tests/bench/ledger.bash"

sections=()
for argument; do
    case $argument in
    -h | --help)
        sed -n '2,/^set / s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    --big) big=yes ;;
    store | many | others | erasure | hash | pipeline | network | swarm | rest | proofs | ledger) sections+=("$argument") ;;
    *) usage ;;
    esac
done
((${#sections[@]} > 0)) || sections=(store many others erasure hash pipeline network swarm rest proofs ledger)
[[ -z ${big:-} ]] || sections+=(big)

# there VARIABLE: of a file that it names, wherever the sections work; empty is not set.
there() {
    [[ -n ${!1:-} ]] || { unset "$1" && return; }
    [[ -e ${!1} ]] || refuse 66 "\$$1: ${!1}: there is none: name another, or unset it"
    [[ $1 != CODEX_RAPIDSNARK || -x ${!1} ]] || refuse 66 "\$$1: ${!1}: no program: name another, or unset it"
    export "$1=$(realpath "${!1}")"
}
for variable in CODEX_BIN CODEX_LEOPARD_LIB CODEX_FFIASM_LIB CODEX_RAPIDSNARK CODEX_BENCH_PTAU; do
    there "$variable"
done

bin=${CODEX_BIN:-$source_root/build/bin}
work=${CODEX_BENCH_DIR:-$source_root/build/bench}
mib=${CODEX_BENCH_MIB:-1024}
runs=${CODEX_BENCH_RUNS:-3}
[[ $mib =~ ^[1-9][0-9]*$ && $((mib % 2)) == 0 ]] || refuse 64 "\$CODEX_BENCH_MIB: '$mib' is no multiple of 2"
[[ $runs =~ ^[1-9][0-9]*$ ]] || refuse 64 "\$CODEX_BENCH_RUNS: '$runs' is no number from 1 on"
PATH=$bin:$bin/../test-bin:$PATH
[[ -x /usr/bin/time ]] || refuse 69 '/usr/bin/time is missing: apt-get install time'
command -v jq >/dev/null || refuse 69 'jq is missing: apt-get install jq'
command -v codex-testgen >/dev/null || refuse 66 "$bin: not built: cmake --preset release && ninja -C build"
for variable in CODEX_CPU CODEX_BENCH_CPUS; do
    for level in ${!variable:-}; do
        wrong=$(CODEX_CPU=$level codex-chunk config 2>&1 >/dev/null) || refuse 64 "\$$variable: ${wrong#*: error: }"
    done
done
{ mkdir -p "$work" && cd "$work" && : >err.out; } ||
    refuse 73 "$work: nothing can be written there: let CODEX_BENCH_DIR name another folder"
work=$PWD
export CODEX_REPO=$work/repo LC_ALL=C HOME=$work

bytes=$((mib << 20))
room() { refuse 74 "$work: no room for data of $mib MiB, and half: let CODEX_BENCH_DIR name another folder, or CODEX_BENCH_MIB say less"; }
[[ $(stat -c %s data 2>/dev/null) == "$bytes" ]] || codex-testgen 0 $bytes >data || room
[[ $(stat -c %s half 2>/dev/null) == $((bytes / 2)) ]] || head -c $((bytes / 2)) data >half || room
cat data half >/dev/null # in the page cache

printf '%s, %s cores, %s\n' "$(awk -F ': ' '/model name/ { print $2; exit }' /proc/cpuinfo)" \
    "$(nproc)" "$(codex-chunk --version)"
caches
printf '%s MiB in the page cache, fastest of %s runs\n' "$mib" "$runs"
for section in "${sections[@]}"; do
    "${section}_section"
done
