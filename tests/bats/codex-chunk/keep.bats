# codex-chunk keep
load ../common

setup() {
    codex_setup
    export CODEX_NOW=1790000000
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

@test "what is not in the future needs --force" {
    for when in 0s @1 @0 2020-01-01 @1790000000; do
        run_split codex-chunk keep "$cid" --until "$when"
        assert_refused 64 "$when is not in the future"
        assert_stderr --partial 'add --force'
        run_split codex-chunk put --expires "$when" -
        assert_refused 64 "--expires: $when is not in the future"
        run_split codex-chunk import --expires "$when" -
        assert_refused 64 "--expires: $when is not in the future"
        run_split codex-chunk block put --expires "$when" -
        assert_refused 64 "--expires: $when is not in the future"
        run_split codex-ec encode --expires "$when" -k 2 -m 1 "$cid"
        assert_refused 64 "--expires: $when is not in the future"
    done
    assert_equal "$(codex-chunk ls --json | records | jq .expiry)" 1900000000
    codex-chunk keep "$cid" --until 0s --force
    assert_equal "$(codex-chunk ls --json | records | jq .expiry)" 1790000000
    codex-chunk gc >/dev/null
    assert_equal "$(codex-chunk ls | wc -l)" 1
    CODEX_NOW=1790000001 codex-chunk gc >/dev/null
    assert_equal "$(codex-chunk ls | wc -l)" 0
}

@test "the end of time is not the beginning" {
    codex-chunk keep "$cid" --until @18446744073709551615
    assert_equal "$(codex-chunk ls --json | records | jq .expiry)" 9007199254740991
    codex-chunk keep "$cid" --until 18446744073709551615s
    assert_equal "$(codex-chunk ls --json | records | jq .expiry)" 9007199254740991
    assert_equal "$(codex-chunk init --set --ttl 18446744073709551615s --json | records | jq .ttl)" \
        9007199254740991
    other=$(gen 2 10 | codex-chunk put)
    assert_equal "$(codex-chunk ls --json | records | jq -r 'select(.cid == "'"$other"'").expiry')" \
        9007199254740991
    codex-chunk gc >/dev/null
    assert_equal "$(codex-chunk ls | wc -l)" 2
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
