# Sections of tests/bench/run.sh: the store and the erasure code beside common programs.
# shellcheck shell=bash disable=SC2016,SC2154 # commands are text that expands when it runs; run.sh sets what is read

store_section() {
    local slower
    heading 'put (durable) beside'
    measure 'codex-chunk put' 'rm -rf repo; sync' 'codex-chunk put data >cid'
    measure 'cp, sync' 'rm -f copy; sync' 'cp data copy && sync copy'
    measure 'openssl dgst -sha256' : 'openssl dgst -sha256 data'
    slower=${wall['cp, sync']}
    less "$slower" "${wall['openssl dgst -sha256']}" && slower=${wall['openssl dgst -sha256']}
    row 'codex-chunk put' "$bytes" "$(ratio "${wall['codex-chunk put']}" "$slower") of the slower below"
    row 'cp, sync' "$bytes"
    row 'openssl dgst -sha256' "$bytes"
    rm -f copy

    heading 'get beside'
    measure 'codex-chunk get' : 'codex-chunk get - <cid'
    measure 'codex-chunk get -j 1' : 'codex-chunk get -j 1 - <cid'
    measure 'cat' : 'cat data | cat'
    row 'codex-chunk get' "$bytes"
    row 'codex-chunk get -j 1' "$bytes" \
        "$(ratio "$bytes / 1e9" "${cpu['codex-chunk get -j 1']}") GB per second of CPU"
    row 'cat' "$bytes"

    heading 'encode -k 10 -m 5 beside'
    # The protected copy goes away before each run; so does what it alone refers to.
    measure 'codex-ec encode' '[ ! -s coded ] || codex-chunk rm - <coded && codex-chunk gc; sync' \
        'codex-ec encode -k 10 -m 5 - <cid >coded'
    measure 'hashing data and parity' : 'openssl dgst -sha256 data half'
    row 'codex-ec encode' "$bytes" "$(ratio "${wall['codex-ec encode']}" \
        "${wall['hashing data and parity']}") of hashing its output once"
    row 'hashing data and parity' $((bytes * 3 / 2))

    heading 'five of fifteen slots lost'
    measure 'codex-chunk get, reconstructing' 'codex-ec erase --slots 0,3,6,9,12 $(cut -f1 coded)' \
        'codex-chunk get - <coded'
    measure 'codex-ec repair' 'codex-ec erase --slots 0,3,6,9,12 $(cut -f1 coded)' \
        'codex-ec repair - <coded'
    row 'codex-chunk get, reconstructing' "$bytes"
    row 'codex-ec repair' "$bytes"
    rm -rf repo
}

# Datasets of a thousand bytes, each durable: what counts is how often the disk is waited for.
many_section() {
    local count=$((mib * 2)) name
    rm -rf tiny copy tiny.car
    mkdir tiny
    head -c $((count * 1000)) data | split -b 1000 -a 4 - tiny/
    heading "$count files of a thousand bytes"
    measure 'put many' 'rm -rf repo; sync' 'codex-chunk put tiny/* >cids'
    measure 'put many, --unordered' 'rm -rf repo; sync' 'codex-chunk put --unordered tiny/*'
    measure 'put many, one by one' 'rm -rf repo; sync' 'for f in tiny/*; do codex-chunk put $f; done'
    measure 'export many' 'rm -rf repo; codex-chunk put tiny/*' 'codex-chunk export - <cids >tiny.car'
    measure 'import many' 'rm -rf repo; sync' 'codex-chunk import tiny.car'
    measure 'rm many' 'codex-chunk put tiny/*; sync' 'codex-chunk rm - <cids'
    measure 'cp, each synced' 'rm -rf copy; sync' 'cp -r tiny copy && sync copy/*'
    for name in 'put many' 'put many, --unordered' 'put many, one by one' 'export many' 'import many' \
        'rm many'; do
        row "$name" $((count * 1000)) "$(ratio "${wall[$name]}" "${wall['cp, each synced']}") of cp"
    done
    row 'cp, each synced' $((count * 1000))
    rm -rf tiny copy tiny.car repo
}

# Measured once on two cores of this class, release build of nim-codex bd360322, warm cache.
reference() {
    printf '%-34s %8.2f %8s %9s %9s  %s\n' "$1" "$2" '' "$3" '' 'nim-codex, measured apart'
}

# shellcheck disable=SC2034 # read by measure
others_section() {
    local runs=1 other
    heading 'other programs, same data, one run'
    if command -v par2 >/dev/null; then
        measure 'par2 create -r50' 'rm -f data.par2 data.*.par2' \
            'par2 create -q -q -r50 data.par2 data'
        row 'par2 create -r50' "$bytes" 'parity as encode above'
    fi
    if command -v restic >/dev/null; then
        export RESTIC_PASSWORD=bench RESTIC_REPOSITORY=$work/restic
        measure 'restic backup' 'rm -rf restic && restic init' 'restic backup -q --no-cache data'
        row 'restic backup' "$bytes"
    fi
    if command -v casync >/dev/null; then
        measure 'casync make' 'rm -rf casync && mkdir casync' \
            'casync make --store=casync/store.castr casync/data.caibx data'
        row 'casync make' "$bytes"
    fi
    rm -rf data.par2 data.*.par2 restic casync
    for other in par2 restic casync; do
        command -v $other >/dev/null || note "no $other: apt-get install $other"
    done
    reference 'reference node: upload' 12.5 86
    reference 'reference node: download' 6.3 171
    reference 'reference node: encode K=3 M=2' 128.7 8.3
}

big_section() {
    local gib=$((1 << 30)) name i
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
    rm -rf big repo
}

erasure_section() {
    if ! command -v erasure_bench >/dev/null; then
        note 'no erasure_bench: install libbenchmark-dev, and build again'
        return
    fi
    local level run sets
    printf '\n%-34s %8s %-18s  %s\n' 'erasure code, one core' value unit note
    if [[ -n ${CODEX_LEOPARD_LIB:-} ]]; then
        note "beside $CODEX_LEOPARD_LIB, which uses the best that it has for this machine, whatever ours are held to"
    else
        note 'no ratio to leopard: CODEX_LEOPARD_LIB does not name its library'
    fi
    kernel_sets portable ssse3 avx2 gfni256 avx512
    for level in "${sets[@]}"; do
        : >runs.json
        for ((run = 0; run < runs; ++run)); do # not its own repetitions, which must not differ in length
            benchmark erasure_bench . CODEX_CPU="$level"
            cat bench.json >>runs.json
        done
        printf '\nCODEX_CPU=%s%s\n' "$level" "$(jq -rs '.[0].context // empty |
            ": \(.kernels), strips for caches of \(."strips for caches of")"' runs.json)"
        erasure_rows
    done
}

# erasure_rows: of all runs of erasure_bench in runs.json, for each code the most that one gave, and the
# middle one of their ratios to the peer with the least and the greatest.
erasure_rows() {
    local name rate peer middle least most beside
    while read -r name rate peer middle least most; do
        beside=''
        [[ $name != bound/* ]] || beside='what encoding could give if only its arithmetic took time'
        [[ -z $peer ]] ||
            beside="$(calc "$middle") times leopard, which gives $(calc "$peer") ($(calc "$least") to $(calc "$most"))"
        figure "${name/\// }" "$(calc "$rate")" GiB/s "$beside"
    done < <(jq -rs '[.[].benchmarks | to_entries[]] | group_by(.key)[] | map(.value) |
        ([.[].ratio | values] | sort) as $ratios |
        [(.[0].name | sub("(/iterations:1)?/manual_time"; "")), (map(.ours // .bytes_per_second) | max / 1073741824)] +
        if $ratios == [] then [] else
            [(map(.peer) | max / 1073741824), ($ratios | .[length / 2 | floor], .[0], .[-1])]
        end | join(" ")' runs.json)
}
