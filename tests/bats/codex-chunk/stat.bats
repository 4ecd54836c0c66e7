# codex-chunk stat
load ../common

setup() {
    codex_setup
    cid=$(gen 7 200000 | codex-chunk put --name data.bin --mime application/octet-stream)
}

@test "a line per property, the CID first" {
    run_split codex-chunk stat "$cid"
    assert_success
    refute_stderr
    assert_line "$cid	kind	plain"
    assert_line "$cid	size	200000"
    assert_line "$cid	datasetSize	200000"
    assert_line "$cid	blockSize	65536"
    assert_line "$cid	blocks	4"
    assert_line "$cid	treeCid	zDzSvJTf7muboADw9gHnZQvqMaJFcyXV74dzaEwo2Px57eMhjdTm"
    assert_line "$cid	filename	data.bin"
    assert_line "$cid	mimetype	application/octet-stream"
    assert_line "$cid	layout	classic"
    assert_line "$cid	expiry	never"
    assert_equal "$(cut -f1 <<<"$output" | sort -u)" "$cid"
}

@test "JSON has the REST's manifest" {
    run_json codex-chunk stat --json "$cid"
    assert_success
    assert_equal "$(jq -c '.manifest | [.datasetSize, .blockSize, .filename, .protected]' \
        <<<"$output")" '[200000,65536,"data.bin",false]'
}

@test "blocks by CID and by index, and trees" {
    local block=zDxWB8EDCjDXLPgfYPrvMPYLSftcq5SEg1XTUBNjmmnDqdKWvhxY
    run_split codex-chunk stat "$cid@0"
    assert_success
    assert_line "$block	size	65536"
    assert_line "$block	state	present"
    assert_line "$block	references	1"
    assert_equal "$(codex-chunk stat "$block")" "$output"
    run_json codex-chunk stat --json "$cid@0"
    assert_equal "$(jq -r '.type, .cid, .state' <<<"$output" | paste -sd' ')" "block $block present"
    run_split codex-chunk stat zDzSvJTf7muboADw9gHnZQvqMaJFcyXV74dzaEwo2Px57eMhjdTm
    assert_line --partial 'leaves	4'
}

@test "what is not here, and what is no CID" {
    run_split codex-chunk stat zDvZRwzmDuQbnyDzCerF4uRQkEkS18vUj4WCJMwmjLgD752tQrKc
    assert_refused 1 zDvZRwzmDuQbnyDzCerF4uRQkEkS18vUj4WCJMwmjLgD752tQrKc
    run_split codex-chunk stat "$cid@4"
    assert_refused 65 "$cid@4"
    run_split codex-chunk stat "$cid@x"
    assert_refused 65 "'x' is no block index"
    run_split codex-chunk stat zzz
    assert_refused 65 zzz
}

@test "goes on after a bad one and keeps the highest code" {
    run_split codex-chunk stat zzz "$cid" zDvZRwzmDuQbnyDzCerF4uRQkEkS18vUj4WCJMwmjLgD752tQrKc
    assert_failure 65
    assert_line "$cid	kind	plain"
    assert_equal "$(grep -c ': error: ' <<<"$stderr")" 2
}

@test "errors are objects with --json" {
    run_split codex-chunk stat --json zDvZRwzmDuQbnyDzCerF4uRQkEkS18vUj4WCJMwmjLgD752tQrKc
    assert_failure 1
    assert_equal "$(jq -r '.type, .code, .exit, .object' <<<"$stderr" | paste -sd' ')" \
        'error dataset.not_found 1 zDvZRwzmDuQbnyDzCerF4uRQkEkS18vUj4WCJMwmjLgD752tQrKc'
}
