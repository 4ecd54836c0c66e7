# Sections of tests/bench/run.sh: what each set of kernels gives, for machines that have no better one.
# shellcheck shell=bash disable=SC2016,SC2154 # commands are text that expands when it runs; run.sh sets what is read

# kernel_sets LEVEL...: puts into `sets` those of these values of CODEX_CPU, or of CODEX_BENCH_CPUS where it
# is set, that this machine has the instructions of, each choice of kernels once. Without them it would run
# what it has under another name.
kernel_sets() {
    local level features seen='|'
    sets=()
    for level in ${CODEX_BENCH_CPUS:-"$@"}; do
        features=$(kernels_of "$level")
        if ! has_kernels "$level" "$features"; then
            note "no $level: this machine has $(kernels_of avx512)"
        elif [[ $seen != *"|$features|"* ]]; then
            sets+=("$level")
            seen+="$features|"
        fi
    done
}

# has_kernels LEVEL FEATURES: whether what is used then is what LEVEL names.
has_kernels() {
    case $1 in
    portable) ;;
    gfni256*) [[ $2 == *gfni* ]] ;;
    *) [[ $2 == "${1%-nosha}"* ]] ;;
    esac
}

# kernels_of LEVEL: what a tool says it uses then.
kernels_of() { CODEX_CPU=$1 codex-chunk --version | sed 's/.*cpu: \(.*\))/\1/'; }

# openssl_like LEVEL: the environment in which OpenSSL has the SHA extensions only if LEVEL has them. It
# clears bit 29 of EBX of CPUID's leaf 7; what else it finds it uses.
openssl_like() {
    [[ $(kernels_of "$1") == *sha_ni* ]] || echo 'OPENSSL_ia32cap=:~0x20000000'
}

# SHA-256 in one process beside OpenSSL's EVP, one core.
hash_section() {
    local level beside sets
    if ! command -v sha256_bench >/dev/null; then
        note 'no sha256_bench: install libbenchmark-dev, and build again'
        return
    fi
    printf '\n%-34s %8s %-18s  %s\n' 'SHA-256, one core' value unit note
    kernel_sets portable avx2-nosha avx2 avx512-nosha avx512
    for level in "${sets[@]}"; do
        beside=$(openssl_like "$level")
        # shellcheck disable=SC2086 # nothing, or one variable
        benchmark sha256_bench '^(openssl_long|codex_single)/message_bytes:65536$|openssl_nodes|^codex_nodes/nodes:1024$|^codex_many/message_bytes:65536/batch:(8|32)$' \
            CODEX_CPU="$level" BENCHMARK_REPETITIONS="$runs" BENCHMARK_MIN_TIME="${BENCHMARK_MIN_TIME:-0.1}" $beside
        hash_row "one message, $level" bytes codex_single/message_bytes:65536 openssl_long/message_bytes:65536
        hash_row "blocks, 8 at once, $level" bytes codex_many/message_bytes:65536/batch:8 openssl_long/message_bytes:65536
        hash_row "blocks, 32 at once, $level" bytes codex_many/message_bytes:65536/batch:32 openssl_long/message_bytes:65536
        hash_row "tree nodes, $level" items codex_nodes/nodes:1024 openssl_nodes
    done
}

# hash_row NAME bytes|items OURS THEIRS: of the last run of sha256_bench.
hash_row() {
    local ours theirs unit='GB/s' scale=1e9
    [[ $2 == bytes ]] || { unit='million/s' scale=1e6; }
    ours=$(rate_of "$2" "$3")
    theirs=$(rate_of "$2" "$4")
    figure "$1" "$(calc "$ours / $scale")" "$unit" \
        "OpenSSL's $(calc "$theirs / $scale"): $(ratio "$ours" "$theirs") times as fast"
}

# rate_of bytes|items NAME: the best of its repetitions, for a second of processor time.
rate_of() {
    jq --arg name "$2" --arg rate "$1_per_second" '[.benchmarks[] |
        select(.run_type == "iteration" and .run_name == $name) | .[$rate]] | max' bench.json
}

# Datasets with each set of kernels in turn, beside programs that do a part of it.
pipeline_section() {
    local sets level run slower hashing
    kernel_sets avx512 avx2 avx2-nosha
    for ((run = 0; run < runs; ++run)); do
        once 'cp, sync' 'rm -f copy; sync' 'cp data copy && sync copy'
        once 'cat' : 'cat data | cat'
        once 'openssl dgst -sha256' : 'openssl dgst -sha256 data'
        once 'openssl dgst, no SHA-NI' : 'OPENSSL_ia32cap=:~0x20000000 openssl dgst -sha256 data'
        for level in "${sets[@]}"; do pipeline_once "$level"; done
    done
    rm -rf repo copy
    for level in "${sets[@]}"; do
        heading "$level: $(kernels_of "$level")"
        hashing='openssl dgst -sha256'
        [[ -z $(openssl_like "$level") ]] || hashing='openssl dgst, no SHA-NI'
        slower=${wall['cp, sync']}
        less "$slower" "${wall[$hashing]}" && slower=${wall[$hashing]}
        row "put, $level" "$bytes" "$(ratio "${wall["put, $level"]}" "$slower") of the slower of cp and $hashing"
        row "get, $level" "$bytes" "$(ratio "${wall["get, $level"]}" "${wall['cat']}") of cat"
        row "encode -k 10 -m 5, $level" "$bytes" \
            "$(ratio "${wall["encode -k 10 -m 5, $level"]}" "1.5 * ${wall[$hashing]}") of $hashing of its output"
        row "repair, $level" "$bytes" 'five of fifteen slots lost'
        row "slots, $level" "$bytes" 'with parity; -k 2 -m 2'
    done
    heading 'beside'
    row 'cp, sync' "$bytes"
    row 'cat' "$bytes"
    row 'openssl dgst -sha256' "$bytes"
    row 'openssl dgst, no SHA-NI' "$bytes"
}

# pipeline_once LEVEL: the five jobs, each on what the one before left.
pipeline_once() {
    local -x CODEX_CPU=$1
    once "put, $1" 'rm -rf repo; sync' 'codex-chunk put data >cid'
    once "get, $1" : 'codex-chunk get - <cid'
    once "encode -k 10 -m 5, $1" sync 'codex-ec encode -k 10 -m 5 - <cid >coded'
    once "repair, $1" 'codex-ec erase --slots 0,3,6,9,12 $(cut -f1 coded); sync' 'codex-ec repair - <coded'
    once "slots, $1" 'rm -rf repo && protect && sync' 'codex-prove slots - <protected >verifiable'
}
