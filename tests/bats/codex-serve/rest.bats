# What a node can be asked over HTTP, row by row, by a program that is not ours.
load ../common
load serve

@test "data: stored, listed, given, removed" {
    start_api
    printf 'some file contents' >file
    ask --data-binary @file -H 'Content-Type:' /data
    assert_answer 200 "$(codex-chunk put file)"
    assert_field Content-Type text/plain
    cid=$body
    ask /space
    assert_answer 200 '{"totalBlocks":2,"quotaMaxBytes":21474836480,"quotaUsedBytes":65592,"quotaReservedBytes":0}'
    assert_field Content-Type application/json
    ask /data
    assert_equal "$(jq -r '.content[].cid' body)" "$cid"
    assert_equal "$(jq -c '.content[0].manifest | keys_unsorted' body)" \
        '["treeCid","datasetSize","blockSize","filename","mimetype","protected"]'
    ask "/data/$cid"
    assert_answer 200 'some file contents'
    assert_field Content-Type application/octet-stream
    assert_field Content-Disposition attachment
    assert_field Content-Length 18
    assert_field Connection close
    assert_field X-Content-Type-Options nosniff
    [[ $head == *'Content-Security-Policy: '*sandbox* ]] || fail "$head"
    ask "/data/$cid/exists"
    assert_answer 200 "{\"$cid\":true,\"has\":true}"
    ask "/data/$cid/network/manifest"
    assert_equal "$(jq -r .cid body)" "$cid"
    ask -X POST "/data/$cid/network"
    assert_equal "$(jq -r .cid body)" "$cid"
    for path in "/data/$cid/network/stream" "/data/$cid/network"; do
        ask "$path"
        assert_answer 200 'some file contents'
        [[ $head == *'Access-Control-Expose-Headers: Content-Disposition'* ]] || fail "$head"
    done
    ask -I "/data/$cid"
    assert_answer 200
    assert_field Content-Length 18
    ask -X DELETE "/data/$cid"
    assert_answer 204 ''
    ask -X DELETE "/data/$cid"
    assert_answer 204 ''
    ask "/data/$cid"
    assert_answer 404 'The requested CID could not be retrieved (Block not found in local store).'
    assert_field Content-Type text/html
    ask "/data/$cid/exists"
    assert_answer 200 "{\"$cid\":false,\"has\":false}"
    ask /data
    assert_answer 200 '{"content":[]}'
    local method path
    for path in /data/nonsense /data/nonsense/network/stream /data/nonsense/network/manifest /data/nonsense/exists /data/; do
        ask "$path"
        assert_answer 400 'Incorrect Cid'
    done
    for method in DELETE POST; do
        path=/data/nonsense
        [[ $method == DELETE ]] || path+=/network
        ask -X "$method" "$path"
        assert_answer 400 'Incorrect Cid'
    done
    end_node
    assert_equal "$ended" 0
}

@test "parts, tags and blocks" {
    start_api
    gen 1 200000 >file
    cid=$(codex-chunk put file)
    ask -r 65530-65545 "/data/$cid"
    assert_answer 206
    assert_field Content-Range 'bytes 65530-65545/200000'
    tail -c +65531 file | head -c 16 | cmp - body
    ask -r -5 "/data/$cid"
    tail -c 5 file | cmp - body
    ask -r 199999- "/data/$cid"
    tail -c 1 file | cmp - body
    ask -r 200000- "/data/$cid"
    assert_answer 416 ''
    assert_field Content-Range 'bytes */200000'
    ask -r 0-1,5-6 "/data/$cid"
    assert_answer 200
    cmp file body
    assert_field ETag "\"$cid\""
    ask -H "If-None-Match: \"$cid\"" "/data/$cid"
    assert_answer 304 ''
    ask -H 'If-None-Match: "other"' "/data/$cid"
    assert_answer 200
    codex-chunk block get "$cid@1" >block
    block=$(codex-chunk stat "$cid@1" | cut -f 1 | sort -u)
    ask "/data/$block"
    assert_answer 200
    cmp block body
    # What a disk has lost is computed, where parity covers it.
    protected=$(codex-ec encode -k 2 -m 1 "$cid" | cut -f 1)
    codex-chunk rm "$cid"
    codex-ec erase "$protected" --slots 0
    ask "/data/$protected"
    cmp file body
    end_node
}

@test "the node: who it is, whom it knows, what it logs" {
    start_api
    ask /peerid
    assert_answer 200 "{\"id\":\"$(codex-serve id)\"}"
    ask -H 'Accept: text/plain' /peerid
    assert_answer 200 "$(codex-serve id)"
    assert_field Content-Type text/plain
    ask /node/peerid
    assert_answer 200 "{\"id\":\"$(codex-serve id)\"}"
    ask /debug/info
    assert_answer 200
    assert_equal "$(jq -c keys_unsorted body)" '["id","addrs","repo","spr","announceAddresses","table","codex"]'
    assert_equal "$(jq -r .id body)" "$(codex-serve id)"
    assert_equal "$(jq -r .repo body)" "$CODEX_REPO"
    assert_equal "$(jq -r .codex.version body)" "$(codex-serve --version | cut -d ' ' -f 2)"
    grep -q '^  "id": ' body
    ((${#body} > 100 && $(grep -oe 'spr:[^"]\+' body | wc -l) <= 1)) || fail "$body"
    ask -X POST '/debug/chronicles/loglevel?level=DEBUG'
    assert_answer 200 ''
    ask -X POST /debug/chronicles/loglevel
    assert_answer 400 'Missing log level'
    ask -X POST '/debug/chronicles/loglevel?level=nonsense'
    assert_answer 500 'Please specify one of: trace, debug, info, notice, warn, error or fatal'
    ask /connect/nonsense
    assert_answer 400
    ask "/connect/$(codex-serve id)"
    assert_answer 400 'Unable to dial peer'
    other=16Uiu2HAmLb6x8CmU6v6Mopiftir16SeBnhcat5dWwKCxbs3P8oRt
    ask "/connect/$other?"
    assert_answer 400 'Unable to find Peer!'
    ask "/connect/$other?addrs=/ip4/127.0.0.1/tcp/1"
    assert_answer 400 'Unable to dial peer'
    ask /openapi.json
    assert_equal "$(jq -r .openapi body)" 3.0.3
    ask /nothing
    assert_answer 404 ''
    ask -X PUT /data
    assert_answer 404 'What this path takes: POST, GET, OPTIONS'
    ask /data/%zz
    assert_answer 400 ''
    ask --path-as-is /../v1/space
    assert_answer 400 ''
    end_node
}

@test "the page, and what it shows: health, peers, fetches, settings, log" {
    start_api
    base=$api
    api=${api%/api*}
    ask /
    assert_answer 200
    assert_field Content-Type 'text/html; charset=utf-8'
    assert_field X-Content-Type-Options nosniff
    [[ $head == *"Content-Security-Policy: default-src 'none'; script-src 'nonce-"* ]] || fail "$head"
    assert_equal "$(grep -c '<script' body)" 1
    for path in /page.js '/page.css?x' /icon.svg /files.js; do
        ask "$path"
        assert_answer 200
    done
    ask -H 'Host: elsewhere.example' /
    assert_answer 421
    ask -X POST -d x /page.js
    assert_answer 404 ''
    api=$base
    gen 1 500000 >file
    plain=$(codex-chunk put file)
    protected=$(codex-ec encode -k 2 -m 1 "$plain" | cut -f 1)
    ask "/data/$protected/health"
    assert_equal "$(jq -r '[.state, .k, .m, .columns, (.map.rows | length), .map.columns] | join(" ")' body)" 'whole 2 1 4 3 ===='
    codex-chunk rm "$plain"
    codex-ec erase "$protected" --slots 1
    ask "/data/$protected/health"
    assert_equal "$(jq -r '[.state, .missing, .map.rows[1].places, .map.columns] | join(" ")' body)" 'repairable 4 .... rrrr'
    assert_equal "$(jq -r .hint body)" "restore it: codex-ec repair $protected"
    ask /node/peers
    assert_answer 200 '{"peers":[]}'
    ask /node/fetches
    assert_answer 200 '{"fetches":[]}'
    ask /node/settings
    assert_equal "$(jq -r '.settings[] | select(.name == "listen-addrs") | .value + " " + .from' body)" '/ip4/127.0.0.1/tcp/0 --listen-addrs'
    assert_equal "$(jq -r '.limits | map(select(.name == "connections")) | length' body)" 1
    # What is logged from, as begun and as it is now.
    shown() { jq -r '(.settings[] | select(.name == "log-level") | .value + " " + .from) + " " + .logLevels' body; }
    assert_equal "$(shown)" 'info default info'
    ask -X POST '/debug/chronicles/loglevel?level=WARN;debug:codex'
    ask /node/settings
    assert_equal "$(shown)" 'info default WARN;debug:codex'
    codex-serve reload
    ask /node/settings
    assert_equal "$(shown)" 'info default info'
    assert_equal "$(codex-serve config --show-origin | grep '^log-level')" $'log-level\tinfo\tdefault\t'
    assert_equal "$(codex-chunk config | grep '^log-level')" $'log-level\twarn'
    codex-chunk put --label 'of mine' file >/dev/null
    ask /node/labels
    assert_equal "$(jq -c '[.labels[].label]' body)" '["of mine"]'
    ask /node/log
    jq -e '.records | any(.text | startswith("Started codex node"))' body
    ask "/node/log?after=$(jq .last body)"
    assert_equal "$(jq -c .records body)" '[]'
    ask '/node/log?after=x'
    assert_answer 400 'after: not a number'
    end_node
}

@test "where its repo is, whole, however it was named" {
    CODEX_REPO=./relative start_api
    ask /debug/info
    assert_equal "$(jq -r .repo body)" "$PWD/relative"
    end_node
}

@test "without a marketplace its calls are 503" {
    start_api --api-cors-origin http://a.example
    local row
    for row in 'GET /sales/slots' 'GET /sales/slots/00' 'GET /sales/availability' 'POST /sales/availability' \
        'GET /sales/availability/00/reservations' 'POST /storage/request/' 'GET /storage/purchases' \
        'GET /storage/purchases/00' 'PATCH /sales/availability/00'; do
        ask -X "${row% *}" "${row#* }"
        assert_answer 503 'Persistence is not enabled'
        assert_field Content-Type text/html
        [[ $row == PATCH* ]] || assert_field Access-Control-Allow-Origin http://a.example
    done
    end_node
}

@test "another node's data: connected, streamed, fetched" {
    gen 1 3000000 >file
    cid=$(codex-chunk -r theirs put file)
    start_theirs
    start_api
    ask -G --data-urlencode "addrs=$theirs" "/connect/$their_id"
    assert_answer 200 'Successfully connected to peer'
    ask "/data/$cid/network/manifest"
    assert_equal "$(jq .manifest.datasetSize body)" 3000000
    ask "/data/$cid/network/stream"
    assert_answer 200
    cmp file body
    ask "/data/$cid"
    cmp file body
    gen 2 3000000 >file2
    cid=$(codex-chunk -r theirs put file2)
    ask -X POST "/data/$cid/network"
    assert_answer 200
    ask "/data/$cid" # while it comes
    cmp file2 body
    wait_for "codex-chunk get $cid | cmp -s - file2" 60
    # A reader that leaves in the middle costs nobody anything.
    gen 3 20000000 >file3
    cid=$(codex-chunk -r theirs put file3)
    curl -sS "$api/data/$cid/network/stream" | head -c 1000 | cmp -n 1000 - file3
    ask /peerid
    assert_answer 200
    end_node
    assert_equal "$ended" 0
    end_theirs
}

@test "which pages may read answers, row by row" {
    start_api
    printf 'x' >file
    cid=$(codex-chunk put file)
    # Without an origin that is allowed there is nothing for browsers.
    for path in /data "/data/$cid" /space /peerid; do
        ask -H 'Origin: http://a.example' "$path"
        assert_answer 200
        assert_field Access-Control-Allow-Origin ''
    done
    ask -X OPTIONS /data
    assert_answer 204 ''
    assert_field Access-Control-Allow-Methods ''
    ask -X OPTIONS /space
    assert_answer 404 'What this path takes: GET'
    ask -H 'Origin: a' -H 'Origin: b' /space
    assert_answer 400 'Only a single Origin header must be specified'
    end_node
    start_api --api-cors-origin http://a.example
    ask "/data/$cid"
    assert_field Access-Control-Allow-Origin http://a.example
    assert_field Access-Control-Allow-Methods 'GET, OPTIONS'
    assert_field Access-Control-Max-Age 86400
    assert_field Access-Control-Headers X-Requested-With
    ask -X DELETE /data/nonsense
    assert_field Access-Control-Allow-Origin http://a.example
    assert_field Access-Control-Allow-Methods 'DELETE, OPTIONS'
    ask /data/nonsense/exists
    assert_field Access-Control-Allow-Methods 'GET, OPTIONS'
    ask "/data/$cid/exists" # errors alone
    assert_field Access-Control-Allow-Origin ''
    ask -H 'Origin: http://a.example' "/data/$cid/exists"
    assert_field Access-Control-Allow-Origin http://a.example
    assert_field Vary Origin
    ask -H 'Origin: http://b.example' /space
    assert_answer 200
    assert_field Access-Control-Allow-Origin ''
    ask -X OPTIONS -H 'Origin: http://a.example' /data
    assert_answer 204 ''
    assert_field Access-Control-Allow-Origin http://a.example
    assert_field Access-Control-Allow-Methods 'POST, OPTIONS'
    assert_field Access-Control-Max-Age 86400
    [[ $head == *'Access-Control-Allow-Headers: content-type, content-disposition'* ]] || fail "$head"
    ask -X OPTIONS "/data/$cid"
    assert_answer 204 ''
    assert_field Access-Control-Allow-Methods 'GET,DELETE, OPTIONS'
    ask -X OPTIONS /sales/availability/00
    assert_answer 204 ''
    assert_field Access-Control-Allow-Methods 'PATCH, OPTIONS'
    ask -X OPTIONS -H 'Origin: http://a.example' /space
    assert_answer 200 ''
    assert_field Content-Type text/plain
    assert_field Access-Control-Allow-Origin http://a.example
    assert_field Access-Control-Allow-Methods ''
    end_node
    start_api --api-cors-origin '*'
    ask -H 'Origin: http://b.example' /space
    assert_field Access-Control-Allow-Origin '*'
    assert_field Vary ''
    end_node
}

@test "pages of others cannot change anything, and other names lead nowhere" {
    start_api
    printf 'x' >file
    cid=$(codex-chunk put file)
    ask -X DELETE -H 'Origin: http://evil.example' "/data/$cid"
    assert_answer 403
    ask -H 'Origin: null' -T file -X POST /data
    assert_answer 403
    ask -X DELETE -H "Origin: ${api%/api*}" "/data/$cid"
    assert_answer 204
    ask -H 'Host: evil.example' /data
    assert_answer 421
    ask -H 'Host: localhost:1' /data
    assert_answer 200
    end_node
    start_api --api-allowed-hosts 'box.example, other.example'
    ask -H 'Host: box.example' /data
    assert_answer 200
    ask -H 'Host: evil.example' /data
    assert_answer 421
    end_node
    echo 'not for you' >token
    run_split codex-serve -r other run --api-token-file token
    assert_refused 77 'token: others may read the token'
    chmod 600 token
    run_split codex-serve -r other run --api-token-file token
    assert_refused 65 'token: no token'
    run_split codex-serve -r other run --api-token-file none
    assert_refused 66 none
    echo secret >token
    start_api --api-token-file token
    ask /data
    assert_answer 401
    assert_field WWW-Authenticate Bearer
    ask -H 'Authorization: Bearer secret' /data
    assert_answer 200
    # It may change while the node serves.
    echo other >token
    codex-serve reload
    ask -H 'Authorization: Bearer secret' /data
    assert_answer 401
    ask -H 'Authorization: Bearer other' /data
    assert_answer 200
    end_node
}

@test "where it is: a port that is taken is 78, none is none, and a wrong one 64" {
    start_api
    port=${api#http://127.0.0.1:}
    port=${port%%/*}
    run_split codex-serve -r other run -i /ip4/127.0.0.1/tcp/0 --api-port "$port"
    assert_refused 78 "127.0.0.1:$port"
    assert_stderr --partial ': --api-port 0'
    grep -q 'Started codex node' log
    end_node
    start_node --api-bindaddr none
    assert_equal "$(codex-serve health | cut -f 4)" -
    end_node
    run_split codex-serve -r other run --api-bindaddr nonsense
    assert_refused 64 '--api-bindaddr: nonsense'
    run_split codex-serve -r other run --api-port 65536
    assert_refused 64 '--api-port: 65536'
    start_node --api-bindaddr 0.0.0.0
    grep -q 'WRN.*Whoever reaches the REST interface may use it' log
    end_node
    CODEX_API_BINDADDR=::1 start_node
    [[ $(codex-serve health | cut -f 4) == 'http://[::1]:'* ]] || fail "$(codex-serve health)"
    end_node
}

@test "the example of the page" {
    echo hello >notes.txt
    example codex-rest.7 'A file there and back'
    assert_success
    cmp notes.txt back.txt
    assert_output --partial '":true,"has":true}'
    [[ $(codex-chunk ls --json | jq -r 'select(.type == "dataset").manifest | .filename + " " + .mimetype') == 'notes.tar application/x-tar' ]] || fail "$(codex-chunk ls --json)"
}
