# codex-chunk keep
load ../common

setup() {
    codex_setup
    cid=$(gen 1 10 | codex-chunk put --expires @1900000000)
}

@test "sets the expiry, later and earlier" {
    run_split codex-chunk keep "$cid" --until @2000000000
    assert_success
    assert_output "$cid	2033-05-18T03:33:20Z"
    refute_stderr
    codex-chunk keep "$cid" --until 2027-01-31
    assert_equal "$(codex-chunk ls | cut -f4)" 2027-01-31T00:00:00Z
    codex-chunk keep "$cid" --until never
    assert_equal "$(codex-chunk ls | cut -f4)" never
    CODEX_NOW=1800000000 codex-chunk keep "$cid" --until 1d
    assert_equal "$(codex-chunk ls --json | records | jq .expiry)" 1800086400
}

@test "reads the list from a pipe, prints JSON" {
    run_json bash -c 'codex-chunk ls | codex-chunk keep --json --until @2000000000'
    assert_success
    assert_equal "$(jq -c '[.type, .cid, .expiry]' <<<"$output")" \
        "[\"kept\",\"$cid\",2000000000]"
}

@test "needs to know until when" {
    run_split codex-chunk keep "$cid"
    assert_refused 64 '--until is missing'
    run_split codex-chunk keep "$cid" --until tomorrow
    assert_refused 64 '--until:'
}

@test "an unknown dataset is named" {
    run_split codex-chunk keep zDvZRwzmDuQbnyDzCerF4uRQkEkS18vUj4WCJMwmjLgD752tQrKc --until never
    assert_refused 1 zDvZRwzmDuQbnyDzCerF4uRQkEkS18vUj4WCJMwmjLgD752tQrKc
}
