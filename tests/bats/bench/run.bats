# The benchmark script runs through, on little data; its figures mean nothing here.
load ../common

@test "every measurement gives a row with figures" {
    # Only our own rows: what else is installed must not decide how long this test takes.
    for other in par2 restic casync; do
        mkdir -p bin
        printf '#!/bin/sh\nexit 0\n' >bin/$other
        chmod +x bin/$other
    done
    # erasure_bench would run for minutes; the kernels have tests of their own.
    printf '#!/bin/sh\n' >bin/erasure_bench
    chmod +x bin/erasure_bench
    for tool in "$CODEX_BIN"/codex-*; do
        ln -s "$tool" bin/
    done
    ln -s "$CODEX_TEST_BIN" test-bin
    run env CODEX_BIN="$PWD/bin" CODEX_BENCH_MIB=2 CODEX_BENCH_RUNS=1 \
        CODEX_BENCH_DIR="$PWD/bench" "$CODEX_SOURCE/tests/bench/run.sh"
    assert_success
    for row in 'codex-chunk put' 'cp, sync' 'openssl dgst -sha256' 'codex-chunk get' \
        'codex-chunk get -j 1' cat 'codex-ec encode' 'hashing data and parity' \
        'codex-chunk get, reconstructing' 'codex-ec repair' 'par2 create -r50' 'restic backup' \
        'casync make'; do
        assert_line --regexp "^$row +[0-9]+\.[0-9]+ +[0-9]+\.[0-9]+ +[0-9]+ +[0-9]+"
    done
}
