# codex-chunk gc
load ../common

@test "removes what has expired and nothing else" {
    local stay
    gen 1 70000 | CODEX_NOW=1800000000 codex-chunk put --expires 1h >/dev/null
    stay=$(gen 2 70000 | CODEX_NOW=1800000000 codex-chunk put --expires 3h)
    run_split env CODEX_NOW=1800003599 codex-chunk gc
    assert_success
    assert_line 'expiredDatasets	0'
    run_split env CODEX_NOW=1800003601 codex-chunk gc -n
    assert_line 'expiredDatasets	1'
    assert_equal "$(codex-chunk ls | wc -l)" 2
    run_split env CODEX_NOW=1800003601 codex-chunk gc
    assert_success
    assert_line 'expiredDatasets	1'
    refute_stderr
    assert_equal "$(codex-chunk ls | cut -f1)" "$stay"
    codex-chunk get "$stay" | cmp - <(gen 2 70000)
    codex-chunk verify
}

@test "what never expires stays" {
    gen 1 10 | codex-chunk put >/dev/null
    CODEX_NOW=99999999999 codex-chunk gc >/dev/null
    assert_equal "$(codex-chunk ls | wc -l)" 1
}

@test "gives the space back to the file system" {
    gen 1 4000000 | codex-chunk put >cid
    local full after
    full=$(codex-chunk space | awk '$1 == "diskBytes" { print $2 }')
    codex-chunk rm "$(cat cid)" >/dev/null
    codex-chunk gc >/dev/null
    after=$(codex-chunk space | awk '$1 == "diskBytes" { print $2 }')
    assert [ $((full - after)) -gt 3500000 ]
}

@test "JSON" {
    codex-chunk init >/dev/null
    run_json codex-chunk gc --json -n
    assert_equal "$(jq -c '[.type, .dryRun, .expiredDatasets]' <<<"$output")" '["gc",true,0]'
}

@test "a segment that is not in the index is left alone, and named" {
    gen 1 70000 | codex-chunk put >/dev/null
    cp "$CODEX_REPO/segments/00000001.seg" "$CODEX_REPO/segments/000000ff.seg"
    for flag in -n ''; do
        run_split codex-chunk gc $flag
        assert_success
        assert_stderr --partial "warning: $CODEX_REPO/segments/000000ff.seg: has records"
        assert_stderr --partial 'verify --rebuild-index'
    done
    cmp "$CODEX_REPO/segments/00000001.seg" "$CODEX_REPO/segments/000000ff.seg"
    codex-chunk verify --rebuild-index
    run_split codex-chunk gc
    refute_stderr
}

@test "what was removed stays removed when the index is made anew" {
    local a b
    a=$(gen 1 70000 | codex-chunk put)
    b=$(gen 2 70000 | codex-chunk put --label two --expires @1900000000)
    codex-chunk rm "$a" >/dev/null
    codex-chunk gc >/dev/null
    run_split codex-chunk verify --rebuild-index
    assert_success
    assert_equal "$(codex-chunk ls | cut -f1)" "$b"
    assert_equal "$(codex-chunk ls --json | records | jq -c '[.expiry, .label]')" '[1900000000,"two"]'
    codex-chunk get "$b" | cmp - <(gen 2 70000)
}

@test "an index that is older than the segments is not written to" {
    gen 1 70000 | codex-chunk put >/dev/null
    cp "$CODEX_REPO/index.mdb" old
    local later
    later=$(gen 2 70000 | codex-chunk put)
    cp old "$CODEX_REPO/index.mdb"
    for command in gc 'put --name x -' 'rm zDvZRwzmDuQbnyDzCerF4uRQkEkS18vUj4WCJMwmjLgD752tQrKc'; do
        run_split codex-chunk $command </dev/null
        assert_failure 65
        assert_stderr --partial 'is older than the segments'
        assert_stderr --partial 'codex-chunk verify --rebuild-index'
    done
    codex-chunk verify --rebuild-index
    codex-chunk get "$later" | cmp - <(gen 2 70000)
}

@test "-n says exactly what gc does" {
    local cid
    cid=$(gen 1 300000 | codex-chunk put)
    gen 2 200000 | CODEX_NOW=1000 codex-chunk put --expires 1h >/dev/null
    gen 3 900 | CODEX_NOW=1000 codex-chunk block put --expires 1h >/dev/null
    codex-chunk rm "$cid" >/dev/null
    codex-chunk gc -n >forecast
    codex-chunk gc >done
    diff forecast done
    run_split codex-chunk gc
    assert_line 'freedBytes	0'
}
