# The interface over HTTP, as the SDK of the reference uses it.
load ../common
load ../codex-serve/serve

@test "each call of the SDK for data, node and debugging" {
    gen 1 200000 >file
    cid=$(codex-chunk -r theirs put file)
    start_theirs
    start_api
    run_split timeout 300 node "$CODEX_SOURCE/tests/interop/rest-sdk.mjs" "${api%/api*}" "$their_id" "$theirs" "$cid"
    assert_success
    assert_line 'sdk upload of a browser'
    assert_line 'async info'
    end_node
    assert_equal "$ended" 0
    end_theirs
}
