# The benchmark script runs through, on little data; its figures mean nothing here.
load ../common

setup() {
    codex_setup
    mkdir bin
    ln -s "$CODEX_BIN"/codex-* bin/
    ln -s "$CODEX_TEST_BIN" test-bin
}

# bench SECTION...: on the programs in bin.
bench() {
    run env CODEX_BIN="$PWD/bin" CODEX_BENCH_MIB=2 CODEX_BENCH_RUNS="${CODEX_BENCH_RUNS:-1}" CODEX_BENCH_DIR="$PWD/bench" \
        CODEX_BENCH_ASKS=50 CODEX_BENCH_WRK_SECONDS=1 CODEX_BENCH_SAMPLES=1 CODEX_BENCH_CIRCUIT='--max-depth 8' BENCHMARK_MIN_TIME=0.001 \
        "$CODEX_SOURCE/tests/bench/run.sh" "$@"
}

# stub NAME TEXT: a program of that name in bin.
stub() {
    printf '#!/bin/sh\n%s\n' "$2" >"bin/$1"
    chmod +x "bin/$1"
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

@test "of several runs of the erasure code the fastest counts, and the middle ratio to the peer" {
    for other in par2 restic casync; do stub "$other" 'exit 0'; done
    # Each time faster than before, at another ratio.
    stub erasure_bench 'echo >>calls
        n=$(($(wc -l <calls) % 3 + 1))
        printf "{\"context\": {\"kernels\": \"%s\", \"strips for caches of\": \"1 and 2 KiB\"}, \"benchmarks\": [
            {\"name\": \"encode/3/2/manual_time\", \"bytes_per_second\": ${n}073741824, \"peer\": 1073741824, \"ratio\": $n.5},
            {\"name\": \"bound/3/2/iterations:1/manual_time\", \"bytes_per_second\": 5368709120}]}" "$CODEX_CPU"'
    CODEX_BENCH_RUNS=3 bench erasure
    assert_success
    assert_line 'CODEX_CPU=avx2: avx2, strips for caches of 1 and 2 KiB'
    assert_line --regexp "^encode 3/2 +2.86 GiB/s +2.5 times leopard, which gives 1 \(1.5 to 3.5\)$"
    assert_line --regexp '^bound 3/2 +5 GiB/s'
    assert_equal "$(wc -l <bench/calls)" 15
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
