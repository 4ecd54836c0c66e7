# The page of a node in Chromium, as people use it, and as pages of others would. Pictures of it are in the folder page of
# the build.
# At a time: 4
load ../common
load ../codex-serve/serve

# in_browser SCENARIO [KEY=VALUE...]: tests/interop/page.mjs with the node of start_api.
in_browser() {
    # A browser has folders and libraries of its own.
    run_split timeout 240 env -u LD_PRELOAD node "$CODEX_SOURCE/tests/interop/page.mjs" "$1" "${api%/api*}" "${@:2}"
    assert_success
}

@test "files, network, health, settings and log" {
    gen 1 200000 >theirs.bin
    theirs=$(codex-chunk -r theirs put theirs.bin)
    codex-serve -r theirs run -i /ip4/127.0.0.1/tcp/0 --ready-file theirs.ready >theirs.log 2>&1 3>&- &
    holder=$!
    gen 2 500000 >holed.bin
    plain=$(codex-chunk put --name holed.bin holed.bin)
    holed=$(codex-ec encode -k 2 -m 1 "$plain" | cut -f 1)
    codex-chunk rm "$plain"
    codex-ec erase "$holed" --slots 0 >/dev/null
    wait_for 'test -e theirs.ready' 60
    codex-chunk put --label 'of mine' theirs.ready >/dev/null
    start_api
    mkdir -p "$CODEX_BIN/../page"
    in_browser plain shots="$CODEX_BIN/../page" peer="$(cut -f 2 theirs.ready)" theirs="$theirs" \
        holed="$holed"
    for line in 'uploaded, seen after a reload, downloaded the same' dropped cancelled 'errors say what to do' \
        'connected, fetched' 'settings, space, log' health; do
        assert_line "$line"
    done
    assert_file_not_empty "$CODEX_BIN/../page/light.png"
    end_node
    assert_equal "$ended" 0
}

@test "by keyboard alone, on a narrow screen, and with strangers about" {
    start_api
    mkdir -p "$CODEX_BIN/../page"
    in_browser careful shots="$CODEX_BIN/../page"
    for line in 'by keyboard alone' 'all has a name' '320 pixels wide, and dark' 'words stay whole' \
        'what is looked for' 'there again' 'a stored page cannot act' 'a stored script cannot act' 'names are texts' \
        "nobody else's page does anything"; do
        assert_line "$line"
    done
    assert_file_not_empty "$CODEX_BIN/../page/narrow.png"
    end_node
}

@test "the page asks for the token, and keeps it for the tab" {
    printf 'a-secret-of-ours\n' >token
    chmod 600 token
    start_api --api-token-file token
    in_browser token token=a-secret-of-ours
    assert_line 'a token, for this tab alone'
    end_node
}

@test "a page of an origin that is let may upload and read" {
    start_api --api-cors-origin http://other.example
    in_browser allowed
    assert_line 'a page that is let does'
    end_node
}

@test "with a token it sends it, and reads what is answered" {
    printf 'a-secret-of-ours\n' >token
    chmod 600 token
    start_api --api-cors-origin http://other.example --api-token-file token
    in_browser sends token=a-secret-of-ours
    assert_line 'a page that is let sends the token'
    end_node
}
