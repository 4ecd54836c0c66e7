# Section of tests/bench/run.sh: what proofs cost, from one product in the field to a whole proof,
# beside rapidsnark where CODEX_RAPIDSNARK and CODEX_FFIASM_LIB name its parts.
# shellcheck shell=bash disable=SC2016,SC2154 # commands are text that expands when it runs; run.sh sets what is read

challenge=0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f

# levels: the values of CODEX_CPU that choose different kernels for proofs here, the best first; of
# them those that CODEX_BENCH_CPUS names, if it names some.
levels() {
    local features level here=(portable)
    features=$(codex-prove --version)
    [[ $features != *avx* ]] || here=(avx2 "${here[@]}")
    [[ $features != *' ifma'* ]] || here=(avx512 "${here[@]}")
    for level in "${here[@]}"; do
        [[ " ${CODEX_BENCH_CPUS:-$level} " != *" $level "* ]] || echo "$level"
    done
}

# What a level's kernels are called in the table.
kernel() {
    case $1 in
    avx512) echo IFMA ;;
    avx2) echo AVX2 ;;
    *) echo portable ;;
    esac
}

proofs_section() {
    local samples
    [[ -n $(levels) ]] || refuse 64 "\$CODEX_BENCH_CPUS: '$CODEX_BENCH_CPUS': proofs have portable, avx2 and avx512, as far as this machine has"
    proof_figures
    slots_rows
    for samples in ${CODEX_BENCH_SAMPLES:-5 50}; do
        prove_rows "$samples"
    done
    rm -rf repo
}

# Products, cells, witness and verification: measured inside one process.
proof_figures() {
    local level name ns peer ratio beside rate one batch sums='^(transform/log2:17|sum_g1/log2:17|sum_g2/.*)$'
    if ! command -v proof_bench >/dev/null; then
        note 'no field_bench, poseidon2_bench, proof_bench: install libbenchmark-dev, and build again'
        return
    fi
    printf '\n%-34s %8s %-18s  %s\n' 'proofs, one core' value unit note
    [[ -n ${CODEX_FFIASM_LIB:-} ]] ||
        note 'no products of rapidsnark: CODEX_FFIASM_LIB does not name its library'
    benchmark field_bench throughput
    while IFS=$'\t' read -r name ns peer ratio; do
        beside=''
        [[ -z $peer ]] ||
            beside="rapidsnark's $(calc "$peer"): ours is $(calc "$ratio") times as fast"
        case $name in
        adx) name=mulx/adx ;;
        avx2 | ifma) name=${name^^} ;;
        esac
        figure "Fr product, $name" "$(calc "$ns")" ns "$beside"
    done < <(jq -r '.benchmarks[] | [(.name | split("/")[1]), .ns, .peer, .ratio] | @tsv' bench.json)
    core_rate=''
    for level in $(levels); do
        benchmark poseidon2_bench cells CODEX_CPU="$level"
        rate=$(jq '.benchmarks[0].bytes_per_second / 1e6' bench.json)
        core_rate=${core_rate:-$rate}
        figure "cells, $(kernel "$level")" "$(calc "$rate")" 'MB/s a core'
    done
    for level in $(levels); do
        benchmark proof_bench "$sums" CODEX_CPU="$level"
        figure "transform of 2^17, $(kernel "$level")" "$(milliseconds transform/log2:17)" ms
        figure "sum of 2^17 in G1, $(kernel "$level")" "$(milliseconds sum_g1/log2:17)" ms
        figure "sum of 2^16 in G2, $(kernel "$level")" "$(milliseconds sum_g2/log2:16)" ms
    done
    benchmark proof_bench '^(witness/samples:5|verify|verify_many/.*)$'
    figure 'witness S=5' "$(milliseconds witness/samples:5)" ms
    figure 'verify' "$(milliseconds verify)" ms
    one=$(milliseconds verify_many/proofs:100/batch:0)
    batch=$(milliseconds verify_many/proofs:100/batch:1)
    figure 'batch-verify of 100' "$batch" ms \
        "one by one $one: $(ratio "$one" "$batch") times as fast"
}

# milliseconds NAME: of one core, in the last run of proof_bench.
milliseconds() {
    calc "$(jq --arg name "$1" '.benchmarks[] | select(.name == $name) | .cpu_time' bench.json)"
}

# A protected dataset of $bytes: half of it is data, so that no slot is filled up.
protect() { codex-chunk put half | codex-ec encode -k 2 -m 2 >protected; }

slots_rows() {
    local cores rate note=''
    cores=$(nproc)
    heading 'slots of a protected dataset'
    measure 'codex-prove slots' 'rm -rf repo && protect && sync' \
        'codex-prove slots - <protected >verifiable'
    if [[ -n ${core_rate:-} ]]; then
        rate="$bytes / 1e6 / $core_rate"
        note="$(ratio "$rate / $cores" "${wall['codex-prove slots']}") of $cores times a core's \
rate of cells; $(ratio "$rate" "${cpu['codex-prove slots']}") of it by CPU time"
    fi
    row 'codex-prove slots' "$bytes" "$note"
}

# prove_rows SAMPLES: the same key and witness for all, in turn.
prove_rows() {
    local s=$1 level peer="rapidsnark S=$1" name key commands=() names=() circuit=()
    read -ra circuit <<<"${CODEX_BENCH_CIRCUIT:-} --samples $s"
    key=key-$(cksum <<<"${circuit[*]}" | cut -d ' ' -f 1).zkey
    heading "proof of $s samples"
    setup_rows "$s" "$key" "${circuit[*]}"
    codex-prove input "${circuit[@]}" --slot 0 --challenge $challenge - <verifiable >input.json
    measure "witness S=$s" : "codex-prove witness ${circuit[*]} -o S$s.wtns input.json"
    row "witness S=$s" '' 'a process with reading and writing'
    for level in $(levels); do
        name="prove S=$s, $(kernel "$level")"
        names+=("$name")
        commands+=("$name" "CODEX_CPU=$level codex-prove prove --zkey $key --wtns S$s.wtns \
            --proof proof.json --public public.json")
    done
    if [[ -n ${CODEX_RAPIDSNARK:-} ]]; then
        commands+=("$peer" "$(printf %q "$CODEX_RAPIDSNARK") $key S$s.wtns peer.json peer-public.json")
    fi
    in_turn "${commands[@]}"
    for name in "${names[@]}"; do
        row "$name" '' "$(beside "$name" "$peer")"
    done
    if [[ -n ${CODEX_RAPIDSNARK:-} ]]; then
        codex-prove verify --zkey "$key" --proof peer.json --public peer-public.json >/dev/null ||
            refuse 1 "the proof of $CODEX_RAPIDSNARK is wrong"
        row "$peer" ''
    else
        note 'no row of rapidsnark: CODEX_RAPIDSNARK does not name its prover'
    fi
}

# setup_rows SAMPLES KEY OPTIONS: once, for it takes long; and of many samples only when there is no key
# yet.
setup_rows() {
    # shellcheck disable=SC2034 # read by measure
    local runs=1 ptau
    if (($1 <= 5)) || [[ ! -s $2 ]]; then
        measure "setup S=$1" : "codex-prove setup $3 -o $2"
        row "setup S=$1" ''
    fi
    [[ -n ${CODEX_BENCH_PTAU:-} ]] || return 0
    ptau=$(printf %q "$CODEX_BENCH_PTAU")
    measure "setup --ptau S=$1" : "codex-prove setup --ptau $ptau $3 -o ptau.zkey"
    row "setup --ptau S=$1" ''
    rm -f ptau.zkey
}

# beside NAME PEER: the ratios, where the peer was measured.
beside() {
    [[ -v wall[$2] ]] || return 0
    printf '%s of its CPU, %s of its wall, %s of its memory' "$(ratio "${cpu[$1]}" "${cpu[$2]}")" \
        "$(ratio "${wall[$1]}" "${wall[$2]}")" "$(ratio "${rss[$1]}" "${rss[$2]}")"
}
