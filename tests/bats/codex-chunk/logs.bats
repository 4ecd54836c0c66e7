# What --log-level, --log-format, -v and their variables show, and who holds a repo.
load ../common

setup() {
    codex_setup
    gen 1 200000 >data
}

@test "silent at warn; -vv and -vvv say more; -q says nothing" {
    run_split codex-chunk put data
    refute_stderr
    run_split codex-chunk -r two put data -v
    refute_stderr
    run_split codex-chunk -r three put data -vv
    assert_stderr --partial 'DBG '
    assert_stderr --partial 'Opened repo'
    assert_stderr --partial 'INF '
    [[ $stderr != *'Block Stored'* ]]
    run_split codex-chunk -r four put data -vvv
    assert_equal "$(grep -c '^TRC .*Block Stored  .*topics="codex repostore" tid=[0-9]* cid=zD' <<<"$stderr")" 5
    run_split codex-chunk -r five put data -q -vvv
    refute_stderr
}

@test "levels and topics choose, as in the reference node" {
    run_split codex-chunk put data --log-level info
    assert_equal "$(grep -c . <<<"$stderr")" 1
    [[ $stderr =~ ^'INF '[0-9-]{10}' '[0-9:.]{12}.{6}' Stored data '.*'topics="codex node"'.*'manifestCid=zDv*'.*'blocks=4 datasetSize=200000'\'NByte$ ]] ||
        fail "$stderr"
    run_split codex-chunk -r two put data --log-level 'error;trace:repostore'
    assert_stderr --partial 'Block Stored'
    [[ $stderr != *'Stored data'* ]]
    CODEX_LOG='info' run_split codex-chunk -r three put data
    assert_stderr --partial 'Stored data'
    run_split codex-chunk rm "$(codex-chunk ls | cut -f1)" --log-level info
    assert_stderr --partial 'Removed dataset'
}

@test "JSON log lines have everything in full" {
    CODEX_LOG_FORMAT=json run_split codex-chunk put data --log-level info
    assert_equal "$(jq -r '[.lvl, .msg, .topics, .manifestCid, .blocks, .datasetSize] | @tsv' <<<"$stderr")" \
        "INF	Stored data	codex node	$output	4	200000"
}

@test "damage and repair are logged" {
    local cid
    cid=$(codex-chunk put data | codex-ec encode -k 2 -m 1 -vv 2>said)
    grep -q 'Erasure coding data .* ecK=2 ecM=1 steps=2' said
    codex-ec erase --blocks 1 "$cid"
    run_split codex-ec repair "$cid" --log-level debug
    assert_stderr --partial 'Restored blocks'
    CODEX_NOW=1 codex-chunk keep "$cid" --until 1s >/dev/null
    run_split codex-chunk gc --log-level info
    assert_stderr --partial 'Removed expired dataset'
}

@test "a busy repo: who holds it is said, with the process and its command" {
    codex-chunk put data >/dev/null
    # Shared holders, that is every tool: the kernel knows them.
    mkfifo pipe
    codex-chunk put pipe >/dev/null &
    local pid=$!
    exec 9>pipe
    run_split codex-chunk verify --rebuild-index --lock-timeout 0s
    assert_refused 75 "held by process $pid "
    assert_stderr --partial 'codex-chunk put pipe'
    assert_stderr --partial 'hint: try again'
    exec 9>&-
    wait $pid || true
    # An exclusive one leaves a note.
    exec 8<>"$CODEX_REPO/lock"
    flock -x 8
    echo "4711 codex-chunk verify --rebuild-index" >&8
    run_split codex-chunk ls --lock-timeout 0s --log-level notice
    assert_failure 75
    assert_output ''
    assert_stderr --partial 'held by process 4711 codex-chunk verify --rebuild-index'
    exec 8>&-
    run_split codex-chunk ls --lock-timeout 0s
    assert_success
}

@test "who waits for a busy repo says so at the level notice" {
    codex-chunk put data >/dev/null
    exec 8<>"$CODEX_REPO/lock"
    flock -x 8
    codex-chunk ls --log-level notice >out 2>said 8>&- &
    local pid=$!
    wait_for 'grep -q "Waiting for the repo" said'
    exec 8>&-
    wait $pid
    assert_equal "$(wc -l <out)" 1
}
