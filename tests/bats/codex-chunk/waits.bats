# Waiting for other processes: never longer than the lock timeout, whatever the other one does, and
# with its name in the error.
# At a time: 3
load ../common

# gate_is_held: some process is inside of REPO/lock-write, as the kernel tells. $gate is its inode.
gate_is_held() {
    local line
    while read -r line; do
        [[ $line != *POSIX*":$gate 0 0" ]] || return 0
    done </proc/locks
    return 1
}

# state_of PROCESS: its letter goes to $state; Z where there is none any more.
state_of() {
    local line
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || line=') Z'
    state=${line##*) }
    state=${state:0:1}
}

# has_gate PROCESS: it has the file open, which it does when it is about to write.
has_gate() {
    local fd
    for fd in "/proc/$1/fd/"*; do
        [[ ! $fd -ef $CODEX_REPO/lock-write ]] || return 0
    done
    return 1
}

# stop_inside COMMAND...: runs COMMAND again and again, and stops it in a transaction that writes. Sets
# $stopped. It starts no process but that one, and bats notes none of its steps, for the moment is short.
stop_inside() {
    local -
    set +T
    local try gate
    gate=$(stat -c %i "$CODEX_REPO/lock-write")
    for try in {1..200}; do
        "$@" >/dev/null 2>&1 &
        stopped=$!
        state_of $stopped
        until [[ $state == Z ]] || has_gate $stopped; do state_of $stopped; done
        while [[ $state != Z ]]; do
            kill -STOP $stopped 2>/dev/null || break
            until state_of $stopped && [[ $state == [TZ] ]]; do :; done
            [[ $state == Z ]] || ! gate_is_held || return 0
            kill -CONT $stopped 2>/dev/null || break
        done
        wait $stopped || true
    done
    echo 'never met it inside' >&2
    return 1
}

teardown() {
    [[ -z ${stopped:-} ]] || kill -KILL "$stopped" 2>/dev/null || true
}

@test "a writer that was stopped keeps others waiting for the lock timeout only, and is named" {
    mkdir many
    for i in {1..300}; do echo "$i" >"many/$i"; done
    gen 1 100000 >data
    cid=$(codex-chunk put data)
    block=$(printf block | codex-chunk block put)
    gen 2 100000 >gone
    codex-chunk rm "$(codex-chunk put gone)" # so that gc has something to do
    stop_inside codex-chunk put --no-sync many/*
    local command begin=$SECONDS waiting=()
    for command in "put many/1" "rm $cid" "keep $cid --until never" "gc" "block rm $block" \
        "init --set --ttl 1h" "verify --repair-counters"; do
        { # at once, for all they do is wait
            # shellcheck disable=SC2086 # words
            run_split timeout 60 codex-chunk $command --lock-timeout 1s
            assert_failure 75
            assert_stderr --partial "held by process $stopped codex-chunk put"
            assert_stderr --partial 'hint: try again'
        } &
        waiting+=($!)
    done
    for command in "${waiting[@]}"; do wait "$command"; done
    ((SECONDS - begin < 30)) || fail "they wait for $((SECONDS - begin)) s"
    # Readers wait for nobody.
    codex-chunk get "$cid" | cmp - data
    codex-chunk ls >/dev/null
    # A new index waits for all who have the old one.
    run_split timeout 60 codex-chunk verify --rebuild-index --lock-timeout 0s
    assert_failure 75
    assert_stderr --partial "process $stopped"
    # What is killed there is no obstacle.
    kill -KILL $stopped
    wait $stopped || true
    codex-chunk put data
    codex-chunk verify
}

@test "who waits gets in as soon as the other goes on" {
    mkdir many
    for i in {1..300}; do echo "$i" >"many/$i"; done
    codex-chunk init
    stop_inside codex-chunk put --no-sync many/*
    codex-chunk put many/1 --lock-timeout 60s >cid 2>err &
    local waiting=$!
    wait_for "ls -l /proc/$waiting/fd | grep -qs lock-write"
    kill -CONT $stopped
    wait $waiting
    wait $stopped
    stopped=
    assert_equal "$(codex-chunk get "$(cat cid)")" 1
}

@test "verify does not hold writers up while its output is blocked" {
    # Problems by the thousand: more than a pipe holds.
    gen 1 2000000 >data
    cid=$(codex-chunk put --block-size 512 data | codex-ec encode -k 4 -m 2)
    codex-ec erase "$cid" --slots 0,1 >/dev/null
    mkfifo pipe
    codex-chunk verify --json >pipe 2>&1 &
    local pid=$!
    exec 9<pipe
    # Blocked in a write to the pipe, for nobody reads.
    wait_for "grep -qs pipe_write /proc/$pid/wchan /proc/$pid/stack || [[ \$(cut -d' ' -f1 /proc/$pid/syscall) == 1 ]]" 60
    run_split timeout 60 codex-chunk keep "$cid" --until never --lock-timeout 30s
    assert_success
    kill -TERM $pid
    exec 9<&-
    wait $pid || true
}

@test "two PID namespaces use one repo side by side" {
    unshare --pid --fork --mount-proc true 2>/dev/null || skip "unshare is not permitted here"
    inside() { unshare --pid --fork --mount-proc "$@"; }
    codex-chunk init
    gen 1 3000000 >data
    local i pids=()
    for i in {1..6}; do
        mkfifo "pipe$i"
        # Each is number 1 in a namespace of its own, and has the repo open until its pipe ends.
        inside codex-chunk put "pipe$i" >"cid$i" 2>"err$i" &
        pids+=($!)
    done
    local fd fds=()
    for i in {1..6}; do
        exec {fd}>"pipe$i"
        fds+=("$fd")
    done
    for i in {1..6}; do
        { gen "$i" 2000000; cat data; } >&"${fds[i - 1]}"
        inside codex-chunk ls >/dev/null
        inside codex-chunk gc >/dev/null
    done
    for fd in "${fds[@]}"; do exec {fd}>&-; done
    for i in "${pids[@]}"; do wait "$i" || fail "$(cat err*)"; done
    for i in {1..6}; do
        assert_equal "$(cat "err$i")" ''
        inside codex-chunk get "$(cat "cid$i")" | cmp - <(gen "$i" 2000000; cat data)
    done
    codex-chunk verify
}

@test "a number of another PID namespace is not given out as one of ours" {
    unshare --pid --fork --mount-proc true 2>/dev/null || skip "unshare is not permitted here"
    mkdir many
    for i in {1..300}; do echo "$i" >"many/$i"; done
    codex-chunk init
    codex-chunk put many/1
    # The stopped one is number 1 in its namespace; what is stopped here is its father.
    export -f gate_is_held state_of has_gate stop_inside
    # shellcheck disable=SC2016 # for the inner shell
    unshare --pid --fork --kill-child --mount-proc bash -c 'stop_inside "$@" && echo stopped && exec sleep infinity' \
        inside codex-chunk put --no-sync many/* >said &
    stopped=$!
    wait_for '[[ -s said ]]' 60
    run_split timeout 60 unshare --pid --fork --mount-proc codex-chunk put many/2 --lock-timeout 1s
    assert_refused 75 'held by a process of another PID namespace: codex-chunk put'
    # From outside it can be seen, under another number.
    run_split timeout 60 codex-chunk put many/2 --lock-timeout 1s
    assert_refused 75 'held by process'
    local number=${stderr#*held by process }
    grep -q '^State:.*T' "/proc/${number%% *}/status"
}

@test "a limit on address space stops neither reader nor writer" {
    skip_with_sanitizers
    gen 1 3000000 >data
    cid=$(codex-chunk put data)
    local limit
    for limit in 200 500 4000 60000; do
        (
            ulimit -v $((limit * 1024))
            codex-chunk ls >/dev/null
            codex-chunk get "$cid" | cmp - data
            codex-chunk put data -j 1 >/dev/null
            printf "%s" "$limit" | codex-chunk block put >/dev/null
            codex-chunk verify
            codex-chunk gc >/dev/null
        )
    done
}
