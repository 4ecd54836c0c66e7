# The interface over HTTP, as the SDK of the reference uses it.
load ../common
load ../codex-serve/serve

@test "each call of the SDK for data, node and debugging" {
    gen 1 200000 >file
    cid=$(codex-chunk -r theirs put file)
    codex-serve -r theirs run -i /ip4/127.0.0.1/tcp/0 --ready-file theirs.ready >theirs.log 2>&1 3>&- &
    holder=$!
    wait_for 'test -e theirs.ready' 60
    start_api
    theirs=$(cut -f 2 theirs.ready)
    run_split timeout 300 node "$CODEX_SOURCE/tests/interop/rest-sdk.mjs" "${api%/api*}" "$(cut -f 1 theirs.ready)" \
        "${theirs%/p2p/*}" "$cid"
    assert_success
    assert_line 'sdk upload of a browser'
    assert_line 'async info'
    end_node
    assert_equal "$ended" 0
    kill "$holder"
    wait "$holder" || true
    holder=
}
