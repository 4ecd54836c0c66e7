# The benchmark script runs through, on little data; its figures mean nothing here.
load ../common

setup() {
    codex_setup
    mkdir bin
    ln -s "$CODEX_BIN"/codex-* bin/
    ln -s "$CODEX_TEST_BIN" test-bin
}

# bench SECTION...: on the programs in bin, in a folder named from here.
bench() {
    run env CODEX_BIN=bin CODEX_BENCH_MIB="${CODEX_BENCH_MIB:-2}" CODEX_BENCH_RUNS="${CODEX_BENCH_RUNS:-1}" CODEX_BENCH_DIR="${CODEX_BENCH_DIR:-bench}" \
        CODEX_BENCH_ASKS=50 CODEX_BENCH_WRK_SECONDS=1 CODEX_BENCH_SAMPLES=1 CODEX_BENCH_CIRCUIT='--max-depth 8' BENCHMARK_MIN_TIME=0.001 \
        "$CODEX_SOURCE/tests/bench/run.sh" "$@"
}

# stub NAME TEXT: a program of that name in bin.
stub() {
    printf '#!/bin/sh\n%s\n' "$2" >"bin/$1"
    chmod +x "bin/$1"
}

# machine FEATURES: a machine that has no more, as codex-chunk describes it: "avx2 sha_ni adx", or without sha_ni.
machine() {
    rm -f bin/codex-chunk
    stub codex-chunk "[ \"\$1\" = --version ] || exec $CODEX_BIN/codex-chunk \"\$@\"
        has='$1'
        case \$CODEX_CPU in
        portable) has=portable ;;
        ssse3) has=ssse3 ;;
        *-nosha) has=\$(echo \"\$has\" | sed 's/ sha_ni//') ;;
        esac
        echo \"codex-chunk 1 (cpu: \$has)\""
}

@test "every measurement of the store gives a row with figures" {
    # Only our own rows: what else is installed must not decide how long this test takes. And
    # erasure_bench would run for minutes; the kernels have tests of their own.
    for other in par2 restic casync erasure_bench; do
        stub "$other" 'exit 0'
    done
    bench store many others erasure
    assert_success
    for row in 'codex-chunk put' 'cp, sync' 'openssl dgst -sha256' 'codex-chunk get' \
        'codex-chunk get -j 1' cat 'codex-ec encode' 'hashing data and parity' \
        'codex-chunk get, reconstructing' 'codex-ec repair' 'par2 create -r50' 'restic backup' \
        'casync make' 'put many' 'put many, --unordered' 'put many, one by one' 'export many' \
        'import many' 'rm many' 'cp, each synced'; do
        assert_line --regexp "^$row +[0-9]+\.[0-9]+ +[0-9]+\.[0-9]+ +[0-9]+ +[0-9]+"
    done
}

@test "what else is not there to compare with is named, with the package" {
    mkdir others
    ln -s /usr/bin/* others/
    rm -f others/{par2,restic,casync}
    PATH=$PWD/others bench others
    assert_success
    for other in par2 restic casync; do
        assert_line "(no $other: apt-get install $other)"
    done
}

@test "of several runs of the erasure code the fastest counts, and the middle ratio to the peer" {
    for other in par2 restic casync; do stub "$other" 'exit 0'; done
    # Each time faster than before, at another ratio.
    stub erasure_bench 'echo >>calls
        n=$(($(wc -l <calls) % 3 + 1))
        printf "{\"context\": {\"kernels\": \"%s\", \"strips for caches of\": \"1 and 2 KiB\"}, \"benchmarks\": [
            {\"name\": \"encode/3/2/manual_time\", \"bytes_per_second\": 1, \"ours\": ${n}073741824, \"peer\": 1073741824, \"ratio\": $n.5},
            {\"name\": \"bound/3/2/iterations:1/manual_time\", \"bytes_per_second\": 5368709120}]}" "$CODEX_CPU"'
    machine 'avx2 sha_ni adx'
    CODEX_BENCH_RUNS=3 bench erasure
    assert_success
    assert_line 'CODEX_CPU=avx2: avx2, strips for caches of 1 and 2 KiB'
    assert_line --regexp "^encode 3/2 +2.86 GiB/s +2.50 times leopard, which gives 1.00 \(1.50 to 3.50\)$"
    assert_line --regexp '^bound 3/2 +5.00 GiB/s +what encoding could give'
    assert_equal "$(wc -l <bench/calls)" 9
}

@test "kernels that the machine has not are named as missing, and not measured under their name" {
    stub erasure_bench 'echo "{\"benchmarks\": []}"'
    stub sha256_bench 'echo "{\"benchmarks\": []}"'
    machine 'avx2 sha_ni adx'
    bench erasure hash
    assert_success
    for missing in gfni256 avx512 avx512-nosha; do
        assert_line "(no $missing: this machine has avx2 sha_ni adx)"
    done
    for set in portable ssse3 avx2; do
        assert_line --regexp "^CODEX_CPU=$set"
    done
    for set in portable avx2-nosha avx2; do
        assert_line --regexp "^one message, $set "
    done
    refute_line --regexp '^(CODEX_CPU=|.*, )(gfni256|avx512)'
    # Two names for one thing give one row.
    machine 'avx2 adx'
    bench hash
    assert_line --regexp '^one message, avx2-nosha '
    refute_line --regexp '^one message, avx2 '
}

@test "what a variable says wrongly is told before anything is measured, with a way out" {
    CODEX_BENCH_CPUS='portable avx' bench hash
    assert_failure 64
    assert_output --partial "\$CODEX_BENCH_CPUS: \$CODEX_CPU: 'avx' names no kernels"
    assert_output --partial 'portable, ssse3, avx2, gfni256 or avx512'
    CODEX_CPU=fast bench store
    assert_failure 64
    CODEX_BENCH_CPUS=ssse3 bench proofs
    assert_failure 64
    assert_output --partial "\$CODEX_BENCH_CPUS: 'ssse3': proofs have portable, avx2 and avx512"
    CODEX_BENCH_RUNS=0 bench hash
    assert_failure 64
    assert_output --partial "\$CODEX_BENCH_RUNS: '0'"
    for size in 3 much 0; do
        CODEX_BENCH_MIB=$size bench hash
        assert_failure 64
        assert_output --partial "\$CODEX_BENCH_MIB: '$size' is no multiple of 2"
    done
    for variable in CODEX_LEOPARD_LIB CODEX_FFIASM_LIB CODEX_RAPIDSNARK CODEX_BENCH_PTAU; do
        export "$variable=none.so"
        bench erasure proofs
        assert_failure 66
        assert_output "run.sh: error: \$$variable: none.so: there is none: name another, or unset it"
        export "$variable="
    done
    touch none.so
    CODEX_RAPIDSNARK=none.so bench proofs
    assert_failure 66
    assert_output 'run.sh: error: $CODEX_RAPIDSNARK: none.so: no program: name another, or unset it'
    bench --help
    assert_success
    for variable in CPUS RUNS MIB DIR; do
        assert_line --partial "CODEX_BENCH_$variable"
    done
}

@test "a folder that nothing can be written to, and a disk that is full, are named" {
    touch file
    CODEX_BENCH_DIR=file/bench bench hash
    assert_failure 73
    assert_output --partial 'file/bench: nothing can be written there: let CODEX_BENCH_DIR name another folder'
    run bash -c 'ulimit -f 1024 && CODEX_BIN=bin CODEX_BENCH_MIB=2 CODEX_BENCH_DIR=bench "$CODEX_SOURCE/tests/bench/run.sh" hash'
    assert_failure 74
    assert_output --partial "$PWD/bench: no room for data of 2 MiB, and half"
    stub sha256_bench 'exit 1'
    CODEX_BENCH_CPUS=portable bench hash
    assert_failure 1
    assert_output --partial 'sha256_bench: it said nothing; there is room for '
}

@test "a benchmark refuses kernels that there are not, and a library that is another" {
    [[ -x $CODEX_BIN/erasure_bench ]] || skip 'the benchmarks are not built'
    local some=(erasure_bench --benchmark_filter=^encode/2/1/ --benchmark_min_time=0.001)
    CODEX_CPU=fast run "${some[@]}"
    assert_failure 78
    assert_output --partial "\$CODEX_CPU: 'fast' names no kernels: portable, ssse3"
    CODEX_CPU='' CODEX_LEOPARD_LIB='' run "${some[@]}"
    assert_success
    CODEX_CPU=portable run "${some[@]}"
    assert_line 'kernels: portable'
    CODEX_LEOPARD_LIB=/none.so run "${some[@]}"
    assert_failure 64
    assert_output --partial '$CODEX_LEOPARD_LIB: /none.so cannot be loaded: '
    CODEX_LEOPARD_LIB=libm.so.6 run "${some[@]}"
    assert_failure 64
    assert_output --partial '$CODEX_LEOPARD_LIB: libm.so.6 is another library: '
    assert_output --partial 'undefined symbol: leo_init_: name another, which tests/bench/README.md describes'
}

@test "a benchmark of what is short takes little more than the time that it measures" {
    [[ -x $CODEX_BIN/erasure_bench ]] || skip 'the benchmarks are not built'
    run bash -c 'ulimit -t 2 && erasure_bench --benchmark_filter=^encode/2/1/ --benchmark_min_time=0.05'
    assert_success
    assert_line --regexp '^encode/2/1/manual_time +[0-9.]+ us .*bytes_per_second='
}

@test "a set of kernels gives a row for each job, and for each way to hash" {
    CODEX_BENCH_CPUS=portable bench pipeline
    assert_success
    assert_not_exist bench/bench # all is where the folder is, and nothing where its name would lead from there
    for row in 'put, portable' 'get, portable' 'encode -k 10 -m 5, portable' 'repair, portable' 'slots, portable' \
        'cp, sync' cat 'openssl dgst -sha256' 'openssl dgst, no SHA-NI'; do
        assert_line --regexp "^$row +[0-9]+\.[0-9]+ +[0-9]+\.[0-9]+ +[0-9]+ +[0-9]+"
    done
    [[ -x $CODEX_BIN/sha256_bench ]] || skip 'the benchmarks are not built'
    ln -s "$CODEX_BIN/sha256_bench" bin/
    CODEX_BENCH_CPUS=portable bench hash
    assert_success
    for row in 'one message' 'blocks, 8 at once' 'blocks, 32 at once' 'tree nodes'; do
        assert_line --regexp "^$row, portable +[0-9]+\.[0-9]+ (GB|million)/s +OpenSSL's [0-9]+\.[0-9]+: [0-9]+\.[0-9]+ times as fast$"
    done
}

@test "a benchmark that says it went wrong ends the run, and what it said is told" {
    stub proof_bench 'exit 0'
    stub field_bench 'echo "{\"benchmarks\": [{\"name\": \"fr_product/adx\", \"error_occurred\": true, \"error_message\": \"they differ\"}]}"'
    bench proofs
    assert_failure 1
    assert_line --partial 'field_bench: fr_product/adx: they differ'
}

@test "every measurement over HTTP gives a row with figures, with the rate of wrk or without" {
    bench rest
    assert_success
    for row in 'codex-chunk put' 'REST upload' 'codex-chunk get' 'REST download' 'codex-chunk get, a pipe' \
        'REST download, a pipe'; do
        assert_line --regexp "^$row +[0-9]+\.[0-9]+ +[0-9]+\.[0-9]+ +[0-9]+ +[0-9]+"
    done
    assert_line --regexp '^/debug/info while it is busy +[0-9]+\.[0-9]+ ms, p99'
    if command -v wrk >/dev/null; then
        assert_line --regexp '^/peerid, kept alive +[0-9]+ requests/s'
    else
        assert_line '(no wrk: no rate of small requests)'
    fi
}

@test "a swarm gives a row for each program, and a picture" {
    CODEX_BENCH_PROGRAMS=codex CODEX_BENCH_SWARMS='3:1:1 3:1:2' bench swarm
    assert_success
    assert_line --regexp '^3, 1, 1 +codex +[0-9]+\.[0-9]+ +[0-9]+\.[0-9]+'
    assert_line --regexp '^3, 1, 2 +codex +[0-9]+\.[0-9]+ +[0-9]+\.[0-9]+'
    assert_file_contains bench/swarm.svg '3 nodes, 1 MB, 2 have it'
}

@test "every measurement of proofs gives a row, beside a prover that is called as rapidsnark is" {
    command -v proof_bench >/dev/null || skip 'the benchmarks are not built'
    ln -s "$CODEX_BIN"/{field,poseidon2,proof}_bench bin/
    # shellcheck disable=SC2016 # for the stub
    stub peer 'exec codex-prove prove --zkey "$1" --wtns "$2" --proof "$3" --public "$4"'
    CODEX_BENCH_CPUS=portable CODEX_RAPIDSNARK=$PWD/bin/peer bench proofs
    assert_success
    for row in 'Fr product, portable' 'cells, portable' 'witness S=5' verify 'batch-verify of 100'; do
        assert_line --regexp "^$row +[0-9]+\.[0-9]+ (ns|MB/s|ms)"
    done
    for row in 'setup S=1' 'witness S=1' 'rapidsnark S=1'; do
        assert_line --regexp "^$row +[0-9]+\.[0-9]+ +[0-9]+\.[0-9]+ +[0-9]+ "
    done
    assert_line --regexp '^codex-prove slots .* of [0-9]+ times a core.s rate of cells; [0-9.]+ of it by CPU time$'
    local number='[0-9]+\.[0-9]+'
    assert_line --regexp \
        "^prove S=1, portable .* $number of its CPU, $number of its wall, $number of its memory$"
}

@test "without peers and benchmarks, proofs says which rows are missing" {
    PATH=/usr/bin:/bin # not $CODEX_BIN, where the benchmarks are
    CODEX_BENCH_CPUS='portable avx2' bench proofs
    assert_success
    assert_line --partial 'install libbenchmark-dev'
    assert_line --partial 'CODEX_RAPIDSNARK does not name'
    assert_line --regexp '^prove S=1, portable '
}

@test "a section that there is not is refused" {
    bench nonsense
    assert_failure 64
    assert_output --partial 'usage: tests/bench/run.sh'
}

@test "a ledger gives a row with figures for all that is done with it" {
    export CODEX_COMPILED=$CODEX_TEST_BIN/../compiled
    CODEX_BENCH_RECORDS=3000 CODEX_BENCH_CALLS=20 bench ledger
    assert_success
    assert_line --regexp '^four processes, a call at a time +[0-9]+ durable calls/s'
    assert_line --regexp '^four processes with --batch +[0-9]+ durable calls/s'
    # npm has anvil for one kind of machine, and leaves it out elsewhere.
    if [[ -e $CODEX_SOURCE/tests/interop/node_modules/@foundry-rs/anvil-linux-amd64 ]]; then
        for way in automine 'no mining'; do
            assert_line --regexp "^anvil, $way +[0-9]+ calls/s .* [0-9]+\.[0-9]+ of it with --batch$"
        done
    else
        assert_line --regexp '^\(anvil is not there'
    fi
    for row in 'without signatures' verified 'its signatures alone' 'state made anew' '100 times codex-market get slot'; do
        assert_line --regexp "^$row +[0-9]+\.[0-9]+ +[0-9]+\.[0-9]+ +[0-9]+"
    done
}
