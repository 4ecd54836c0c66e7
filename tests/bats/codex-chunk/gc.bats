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
