# The interface over HTTP as those use it who knew the reference: behind a proxy, by scripts, and by programs that
# look at each status.
load ../common
load serve

teardown() {
    [[ -z ${nginx-} ]] || { kill "$nginx" && wait "$nginx" || true; }
    end_processes
}

# start_proxy [LINE...]: nginx at the socket front, for alice with the password secret; more lines for it.
start_proxy() {
    printf 'alice:%s\n' "$(openssl passwd -apr1 secret)" >passwords
    {
        echo 'daemon off; master_process off; pid nginx.pid; error_log nginx.log; events {}'
        echo 'http { access_log off; client_max_body_size 0;'
        printf '%s_temp_path temporary;\n' client_body proxy fastcgi uwsgi scgi
        echo "server { listen unix:$PWD/front; auth_basic codex; auth_basic_user_file passwords;"
        echo "location / { proxy_pass ${api%/api*}; proxy_http_version 1.1; proxy_request_buffering off;"
        echo 'proxy_buffering off;' "$@" '}}}'
    } >nginx.conf
    LD_PRELOAD='' nginx -p "$PWD" -c nginx.conf 2>nginx.said 3>&- &
    nginx=$!
    wait_for 'test -S front' 60 || fail "$(cat nginx.said nginx.log)"
}

# through PATH [CURL-OPTION...]: asks the proxy as alice.
through() { ask --unix-socket front -u alice:secret "${@:2}" "$1"; }

@test "nginx in front, with passwords: files go through it in any way" {
    gen 1 3000000 >file
    start_api
    start_proxy
    front=http://front.example/api/codex/v1
    api=$front
    ask --unix-socket front /data
    assert_answer 401
    ask --unix-socket front -u alice:wrong /data
    assert_answer 401
    cid=$(codex-chunk -r other put file)
    through /data -X POST -T file
    assert_answer 200 "$cid"
    through /data -H 'Content-Type:' --data-binary @file
    assert_answer 200 "$cid"
    through /data -X POST -T - <file
    assert_answer 200 "$cid"
    through "/data/$cid"
    assert_answer 200
    cmp file body
    through "/data/$cid" -r 100-199
    assert_answer 206
    tail -c +101 file | head -c 100 | cmp - body
    through "/data/$cid/network/stream"
    cmp file body
    # One that is cut off in the middle, there and back.
    mkfifo slow
    curl -sS --unix-socket front -u alice:secret -X POST -T - "$front/data" <slow 2>/dev/null 3>&- &
    local sender=$!
    exec {fd}>slow
    head -c 1000000 file >&"$fd"
    kill "$sender"
    wait "$sender" || true
    exec {fd}>&-
    curl -sS --unix-socket front -u alice:secret "$front/data/$cid" 2>/dev/null | head -c 1000 | cmp -n 1000 - file
    through /data
    assert_equal "$(jq -r '.content[].cid' body)" "$cid"
    through "/data/$cid" -X DELETE
    assert_answer 204
    end_node
    assert_equal "$ended" 0
}

@test "nginx in front that says how it was called: its pages may change things, others not" {
    start_api --api-allowed-hosts box.example
    # shellcheck disable=SC2016 # nginx's
    start_proxy 'proxy_set_header Host $http_host;'
    echo x >file
    api=http://box.example/api/codex/v1
    through /data -X POST -T file -H 'Origin: http://box.example'
    assert_answer 200
    through /data -X POST -T file -H 'Origin: http://evil.example'
    assert_answer 403
    api=http://evil.example/api/codex/v1 # a name that leads here and is none of ours
    through /data
    assert_answer 421
    end_node
}

@test "scripts of the reference, as they stand" {
    start_api
    echo hello >notes.txt
    # How nodes that join, and the shell harness, ask for the record.
    SPR=$(curl -sf -H 'Accept: text/plain' "$api/spr")
    [[ $SPR == spr:* ]] || fail "$SPR"
    assert_equal "$(curl -s "$api/debug/info" | grep -oe 'spr:[^"]\+')" "$SPR"
    assert_equal "$(curl -s "$api/spr" | jq -r .spr)" "$SPR"
    # Probes of a container.
    run_split curl -fsS -o /dev/null -w '%{http_code}' "$api/debug/info"
    assert_equal "$output" 200
    # A chart's hook after the start, whose numbers are texts.
    ask /sales/availability
    assert_answer 503 'Persistence is not enabled'
    ask -H 'Content-Type: application/json' -d '{"totalSize":"8000000000","duration":"7200","minPricePerBytePerSecond":"1000","totalCollateral":"80000000"}' /sales/availability
    assert_answer 503 'Persistence is not enabled'
    # Guides: up, list, space, down.
    CID=$(curl -sS -X POST "$api/data" -H 'Content-Type: application/octet-stream' -H 'Content-Disposition: attachment; filename="notes.txt"' -w '\n' -T notes.txt)
    curl -sS "$api/data" -w '\n' | jq -e --arg cid "$CID" '.content[] | select(.cid == $cid) | .manifest.filename == "notes.txt"'
    curl -sS "$api/space" -w '\n' | jq -e '.quotaUsedBytes > 65536'
    curl -sS "$api/data/$CID/network/stream" -o back.txt
    cmp notes.txt back.txt
    curl -sS "$api/data/$CID/network" -o back.txt # of 2024
    cmp notes.txt back.txt
    # A strict client: records and addresses are texts, whatever they are.
    curl -sS "$api/debug/info" | jq -e '[.table.localNode, .table.nodes[]] | all(
        (.nodeId | type == "string") and (.peerId | type == "string") and (.record | type == "string")
        and (.address | type == "string") and (.seen | type == "boolean"))'
    end_node
}

@test "a program that looks at each status" {
    start_api
    gen 1 100000 >file
    ask -X POST -T - -H 'Content-Type: application/octet-stream' -H 'Content-Disposition: filename="x"' /data <file
    assert_answer 200
    cid=$body
    ask "/data/$cid"
    assert_answer 200
    assert_field Content-Disposition 'attachment; filename="x"'
    ask "/data/$cid/network/manifest"
    assert_answer 200
    assert_equal "$(jq -r .manifest.filename body)" x
    ask -X POST "/data/$cid/network"
    assert_answer 200
    ask "/data/$cid/exists"
    assert_equal "$(jq --arg cid "$cid" '.[$cid]' body)" true
    ask -X DELETE "/data/$cid"
    assert_answer 204 ''
    ask "/data/$cid/exists"
    assert_equal "$(jq --arg cid "$cid" '.[$cid]' body)" false
    end_node
}
