# Several processes in one repo at the same time.
load ../common

@test "eight writers, readers and a collector" {
    local i pids=()
    for i in 1 2 3 4 5 6 7 8; do gen $((i / 2)) $((i * 50000)) >"f$i"; done
    codex-chunk init >/dev/null
    for i in 1 2 3 4 5 6 7 8; do
        codex-chunk put "f$i" >"cid$i" 2>"err$i" &
        pids+=($!)
    done
    for i in 1 2 3; do
        codex-chunk ls >/dev/null &
        pids+=($!)
        codex-chunk gc >/dev/null &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i"; done
    for i in 1 2 3 4 5 6 7 8; do
        assert_equal "$(cat "err$i")" ''
        codex-chunk get "$(cat "cid$i")" | cmp - "f$i"
    done
    codex-chunk verify
}

@test "the same file from four writers is stored once" {
    gen 1 1000000 >data
    local i pids=()
    for i in 1 2 3 4; do
        codex-chunk put data >"cid$i" &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i"; done
    assert_equal "$(cat cid? | sort -u | wc -l)" 1
    assert_equal "$(codex-chunk space | awk '$1 == "totalBlocks" { print $2 }')" 17
    codex-chunk verify
}

@test "removing while reading either reads all or says so" {
    gen 1 3000000 >data
    local cid
    cid=$(codex-chunk put data)
    codex-chunk get "$cid" >out 2>err &
    local reader=$!
    codex-chunk rm "$cid" >/dev/null
    codex-chunk gc >/dev/null
    if wait "$reader"; then
        assert_same out data
    else
        grep -q "$cid" err
    fi
    codex-chunk verify
    run codex-chunk ls
    assert_output ''
}
