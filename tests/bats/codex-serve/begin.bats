# Who serves a repo, when many begin to.
load ../common
load serve

teardown() {
    local process
    for process in ${others[@]+"${others[@]}"}; do
        kill -s KILL "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    end_processes
}

@test "of many nodes that begin at once in a new repo one serves, and the others end, whatever it does later" {
    local one i
    others=()
    for i in {1..12}; do
        codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0 --disc-ip none --api-bindaddr none \
            --lock-timeout 2m 2>"said$i" >/dev/null 3>&- &
        others+=($!)
    done
    # All but one end by themselves, though they might wait.
    for ((i = 1; i < 12; i++)); do
        wait -n -p one "${others[@]}" && fail 'one has served and ended' || assert_equal $? 75
        mapfile -t others < <(printf '%s\n' "${others[@]}" | grep -vx "$one")
    done
    codex-serve health --wait 60s
    assert_equal "$(grep -l ": error: $CODEX_REPO: is served already: held by process" said* | wc -l)" 11
    refute grep 'hint:.*--lock-timeout' said*
    codex-serve stop
    wait "${others[@]}"
    others=()
    run_split codex-serve health
    assert_failure 69
}

@test "health waits no longer for a node that has begun and ended" {
    start_theirs
    codex-serve health --wait 300s >answer 2>waited 3>&- &
    local waiting=$! code=0
    # Its port is taken; and again, where it had ended before the other one looked for the first time.
    while kill -s 0 "$waiting" 2>/dev/null; do
        run_split codex-serve run -i "$theirs"
        assert_refused 78 'already in use'
        wait_for "! kill -s 0 $waiting" 5 2>/dev/null || true
    done
    wait "$waiting" || code=$?
    assert_equal "$code" 69
    assert_equal "$(sed '1s/, and has ended.*/, and has ended/' waited)" \
"codex-serve: error: $CODEX_REPO: a node has begun to serve it, and has ended
codex-serve: hint: its log says why; begin it again: codex-serve run"
    end_theirs
}

@test "what says that it is ready may be a pipe" {
    codex-serve run -i /ip4/127.0.0.1/tcp/0 --ready-file - 2>said 3>&- >log &
    others=($!)
    wait_for 'grep -qE "^16Uiu2H[[:alnum:]]+"$'"'\t'"'"/ip4/127.0.0.1/tcp/[0-9]+/p2p/" log' || fail "$(cat log said)"
    codex-serve stop
    wait "${others[0]}"
    assert_not_exists ./-
}
