# Files that come over HTTP: of any size, in any way, and not to the end.
load ../common
load serve

@test "every way to send a file gives the same dataset" {
    start_api
    local size
    for size in 1 65535 65536 65537 262144 300001 5000000; do
        gen 1 "$size" >file
        cid=$(codex-chunk -r other put file)
        ask -X POST -T file /data # with a length, and a wait to be asked where it is large
        assert_answer 200 "$cid"
        ask -H 'Content-Type:' --data-binary @file /data
        assert_answer 200 "$cid"
        ask -X POST -T - /data <file # in chunks
        assert_answer 200 "$cid"
        ask -X POST -H 'Expect:' -T file /data
        assert_answer 200 "$cid"
        ask -0 -X POST -T file /data # HTTP/1.0
        assert_answer 200 "$cid"
        ask "/data/$cid"
        cmp file body
    done
    codex-chunk verify
    end_node
}

@test "name and type are the manifest's, and wrong ones are refused before the file is sent" {
    start_api
    gen 1 100000 >file
    ask -X POST -T file -H 'Content-Type: text/plain' -H 'Content-Disposition: attachment; filename="a b.txt"' /data
    assert_answer 200
    cid=$body
    run_split codex-chunk stat --json "$cid"
    assert_equal "$(jq -r 'select(.type != "summary").manifest | .filename + " " + .mimetype' <<<"$output")" 'a b.txt text/plain'
    ask "/data/$cid"
    assert_field Content-Type text/plain
    assert_field Content-Disposition 'attachment; filename="a b.txt"'
    local type name
    for type in hello/world plain/text application/x-www-form-urlencoded 'multipart/form-data; boundary=x'; do
        ask -X POST -T file -H "Content-Type: $type" /data
        assert_answer 422 "The MIME type '$type' is not valid."
    done
    ask --data-binary @file /data # which says that it is a form
    assert_answer 422
    ask -F file=@file /data
    assert_answer 422
    for name in '' . a/b 'a|b' CON 'a ' "$(printf '%300s' '' | tr ' ' a)"; do
        [[ $name != 'a ' ]] || continue # blanks around it are none of its
        ask -X POST -T file -H "Content-Disposition: attachment; filename=\"$name\"" /data
        assert_answer 422 'The filename is not valid.'
    done
    ask -X POST -T file -H $'Content-Disposition: attachment; filename="\xff\xfe"' /data # no UTF-8
    assert_answer 422 'The filename is not valid.'
    # A client that waits to be asked sends nothing then.
    gen 2 5000000 >large
    ask -X POST -T large -H 'Expect: 100-continue' --expect100-timeout 30 -H 'Content-Type: hello/world' -w '%{size_upload}' /data >sent
    assert_answer 422
    assert_equal "$(cat sent)" 0
    ask -X POST -T large --expect100-timeout 30 /data
    assert_answer 200
    grep -q '^HTTP/1.1 100 Continue' heads
    end_node
}

@test "what cannot be stored is said, and nothing of it is left" {
    codex-chunk init --quota 1MiB
    start_api
    ask -X POST /data
    assert_answer 500 'Request do not have body available'
    : >empty
    ask -X POST -T empty /data
    assert_answer 500 'Empty leaves'
    ask -X POST -T - /data <empty
    assert_answer 500 'Empty leaves'
    gen 1 3000000 >large
    ask -X POST -T large /data # which says so before it is sent
    assert_answer 500
    assert_regex "$body" '^Unable to store block'
    ask -X POST -T - /data <large
    assert_answer 500
    assert_regex "$body" '^Unable to store block'
    ask /data
    assert_answer 200 '{"content":[]}'
    codex-chunk gc >/dev/null
    gen 1 500000 >fits
    ask -X POST -T fits /data
    assert_answer 200
    end_node
}

@test "a client that leaves in the middle leaves nothing, at whatever byte" {
    start_api
    gen 1 3000000 >large
    local bytes port
    port=${api#http://127.0.0.1:}
    port=${port%%/*}
    for bytes in 0 1 100 65536 262143 262144 262145 1000000 2999999; do
        exec {fd}<>"/dev/tcp/127.0.0.1/$port"
        printf 'POST /api/codex/v1/data HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n' >&"$fd"
        head -c "$bytes" large >&"$fd" || true
        exec {fd}>&-
    done
    for bytes in 0 5 70000 2000000; do
        exec {fd}<>"/dev/tcp/127.0.0.1/$port"
        printf 'POST /api/codex/v1/data HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2dc6c0\r\n' >&"$fd"
        head -c "$bytes" large >&"$fd" || true
        exec {fd}>&-
    done
    ask /data
    assert_answer 200 '{"content":[]}'
    ask -X POST -T large /data
    assert_answer 200
    codex-chunk verify
    end_node
    assert_equal "$ended" 0
}

@test "it ends soon while files come and go" {
    start_api
    gen 1 30000000 >large
    cid=$(codex-chunk put large)
    mkfifo slow
    curl -sS -X POST -T - "$api/data" <slow >/dev/null 2>&1 3>&- &
    exec {fd}>slow
    head -c 1000000 large >&"$fd"
    curl -sS --limit-rate 100000 -o /dev/null "$api/data/$cid" 2>/dev/null 3>&- &
    ask /peerid
    assert_answer 200
    local begun=$SECONDS
    end_node
    assert_equal "$ended" 0
    ((SECONDS - begun <= 10)) || fail "it took $((SECONDS - begun)) s"
    exec {fd}>&-
    wait
}

@test "memory does not grow with files" {
    skip_with_sanitizers
    start_api
    local peak
    gen 1 1000000 >file
    ask -X POST -T file /data
    assert_answer 200
    grow() { awk '/^VmHWM/ { print $2 }' "/proc/$node/status"; }
    gen 2 60000000 >large
    ask -X POST -T large /data
    assert_answer 200
    cid=$body
    ask "/data/$cid"
    cmp large body
    peak=$(grow)
    gen 3 400000000 >huge
    ask -X POST -T huge /data
    assert_answer 200
    curl -sS "$api/data/$body" | cmp - huge
    # Pages of the index and of segments that are mapped count, and the file is in the page cache anyway.
    awk '/^RssAnon/ { exit !($2 < 80000) }' "/proc/$node/status" || fail "$(cat "/proc/$node/status")"
    end_node
}
