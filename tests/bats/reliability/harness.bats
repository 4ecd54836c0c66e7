# The programs behind tests/reliability see what they are there to see.
load ../common

setup() {
    codex_setup
    preload=$CODEX_TEST_BIN/libcodex-testpreload.so
    [ -e "$preload" ] || skip 'not built for sanitizers'
    gen 1 100000 >file
    export CODEX_BIN CODEX_TEST_BIN
}

@test "the preloaded library makes the n-th call of a kind fail, and counts" {
    CODEX_TEST_COUNTS=$PWD/counts LD_PRELOAD=$preload run_split codex-chunk put file
    assert_success
    read -r -a counts <<<"$(od -An -v -t u8 counts | tr -s ' \n' ' ')"
    assert_equal ${#counts[@]} 9
    assert [ "${counts[2]}" -gt 2 ] # writes
    gen 2 100000 >other
    # Not the first alone: some writes, like that of the reserve, may fail.
    CODEX_TEST_FAIL=write:1:28:all LD_PRELOAD=$preload run_split codex-chunk put other
    assert_refused 74 'No space left on device'
    CODEX_TEST_FAIL=write:100000:28 LD_PRELOAD=$preload run_split codex-chunk put other
    assert_success
}

@test "the preloaded library logs what changes below a folder, and only there" {
    CODEX_TEST_LOG=$PWD/log CODEX_TEST_ROOT=$PWD/elsewhere LD_PRELOAD=$preload codex-chunk put file
    run grep -c segments log
    assert_output 0
    gen 2 100000 >other
    CODEX_TEST_LOG=$PWD/log CODEX_TEST_ROOT=$CODEX_REPO LD_PRELOAD=$preload codex-chunk put other
    assert [ "$(stat -c %s log)" -gt 100000 ] # with the bytes of the blocks
}

@test "states after a power loss: all are good when the tools sync, and not when they forget it" {
    CODEX_STATES=8 run_split codex-testcrash "$PWD/good" encode
    assert_success
    assert_output --partial 'ok encode, synced'
    CODEX_TEST_FORGET_SYNC=1 CODEX_STATES=8 run_split codex-testcrash "$PWD/bad" encode
    assert_failure 1
    assert_output --partial 'BAD STATE of encode, synced'
    assert_output --partial 'was acknowledged, and is lost'
    folder=$(sed -n 's/^ *look at //p' <<<"$output" | head -1)
    assert_dir_exist "$folder"
}

@test "faults: a tool that hides one is found" {
    mkdir hiding
    ln -s "$CODEX_BIN"/* hiding/
    rm hiding/codex-chunk
    cat >hiding/codex-chunk <<SCRIPT
#!/bin/bash
[ -z "\$CODEX_TEST_FAIL" ] || exit 0
exec "$CODEX_BIN/codex-chunk" "\$@"
SCRIPT
    chmod +x hiding/codex-chunk
    CODEX_KINDS=sync CODEX_FAULTS=1 run_split codex-testfaults "$PWD/good" put
    assert_success
    CODEX_BIN=$PWD/hiding CODEX_KINDS=sync CODEX_FAULTS=1 run_split codex-testfaults "$PWD/bad" put
    assert_failure 1
    assert_output --partial 'BAD: put, CODEX_TEST_FAIL=sync:'
    assert_output --partial 'it succeeds with another result'
}
