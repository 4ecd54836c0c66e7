# codex-chunk init
load ../common

@test "makes a private repo and says where" {
    run_split codex-chunk init
    assert_success
    assert_output "$CODEX_REPO	20GiB	0	never"
    refute_stderr
    assert_equal "$(stat -c %a "$CODEX_REPO")" 700
}

@test "takes quota, compression and life" {
    run_json codex-chunk --json init --quota 1.5g --compress 3 --ttl 30d
    assert_success
    assert_equal "$(jq -r '.type, .quotaMaxBytes, .compress, .ttl' <<<"$output" | paste -sd' ')" \
        'repo 1610612736 3 2592000'
    codex-chunk space | grep -qx 'quotaMaxBytes	1610612736'
}

@test "an existing repo is refused, with the way to change it" {
    codex-chunk init
    run_split codex-chunk init
    assert_refused 73 "$CODEX_REPO"
    assert_stderr --partial "init --set"
}

@test "--set changes only what is given" {
    codex-chunk init --quota 1GiB --ttl 1h
    run_split codex-chunk init --set --compress 5
    assert_success
    assert_output "$CODEX_REPO	1GiB	5	1h"
}

@test "a life that is never over" {
    codex-chunk init --ttl 1h
    run_json codex-chunk init --set --json --ttl never
    assert_equal "$(jq .ttl <<<"$output")" 0
    gen 1 100 | codex-chunk put
    codex-chunk ls | grep -q '	never	'
}

@test "--set makes settings anew that are missing or wrong" {
    codex-chunk init --quota 1GiB --ttl 1h
    rm "$CODEX_REPO/config.json"
    run_split codex-chunk init --set --quota 2GiB
    assert_success
    assert_output "$CODEX_REPO	2GiB	0	never"
    assert_stderr --partial 'the settings were missing or wrong; what is not given now has its default'
    echo '{' >"$CODEX_REPO/config.json"
    run_split codex-chunk init --set --compress 5
    assert_output "$CODEX_REPO	20GiB	5	never"
    codex-chunk verify
}

@test "--set needs a repo" {
    run_split codex-chunk init --set --quota 1GiB
    assert_refused 66 "$CODEX_REPO"
}

@test "a quota below what is used is refused" {
    gen 0 300000 | codex-chunk put
    run_split codex-chunk init --set --quota 64KiB
    assert_refused 64 quota
    codex-chunk space | grep -qx "quotaMaxBytes	$((20 << 30))"
}

@test "bad values are usage errors" {
    run_split codex-chunk init --quota lots
    assert_refused 64 "--quota:"
    run_split codex-chunk init --compress 99
    assert_refused 64 "--compress: 99"
    run_split codex-chunk init --ttl -5s
    assert_refused 64 "--ttl:"
    # Not "never", which is another word.
    run_split codex-chunk init --ttl 0s
    assert_refused 64 "--ttl: every new dataset would expire at once"
    assert_stderr --partial 'for ever is: --ttl never'
    assert_not_exist "$CODEX_REPO"
}

@test "the repo follows flag, environment, data home and home" {
    codex-chunk -r "$PWD/flag" init
    assert_exist flag
    env -u CODEX_REPO XDG_DATA_HOME="$PWD/data" codex-chunk init
    assert_exist data/codex
    env -u CODEX_REPO codex-chunk init
    assert_exist "$HOME/.local/share/codex"
}

@test "a place that cannot be written is named" {
    run_split codex-chunk -r /dev/null/repo init
    assert_failure
    assert_output ''
    assert_stderr --partial /dev/null/repo
}
