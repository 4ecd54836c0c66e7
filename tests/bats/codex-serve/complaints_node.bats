# What users of the reference complain of, as complaints.bats has it: of its interface over HTTP, its part in the
# network, and how it is set up.
# At a time: 3
load ../common
load serve

teardown() {
    local process
    for process in ${others-}; do
        kill -s KILL "$process" 2>/dev/null || true
    done
    end_processes
}

# no_errors: the node goes on, and has not made a mistake.
no_errors() {
    ask /peerid
    assert_answer 200
    refute grep -qE '^(ERR|FAT) ' log
}

@test "complaint: an upload that is broken off crashes the node" {
    start_api
    gen 1 3000000 >file
    # Ten clients are in the middle of one, and are killed.
    others=
    local i
    for i in {1..10}; do
        mkfifo "pipe$i"
        curl -sS -X POST -T - "$api/data" <"pipe$i" >/dev/null 2>&1 3>&- &
        others+=" $!"
        exec {fd}>"pipe$i"
        head -c $((i * 280000)) file >&"$fd"
    done
    # shellcheck disable=SC2086 # one word a process
    kill -s KILL $others
    for i in $others; do
        wait "$i" || true
    done
    others=
    no_errors
    ask /data
    assert_answer 200 '{"content":[]}'
    # The node is killed in the middle of one, and the next has it.
    mkfifo pipe
    curl -sS -X POST -T - "$api/data" <pipe >/dev/null 2>&1 3>&- &
    others=$!
    exec {fd}>pipe
    head -c 2500000 file >&"$fd"
    end_node KILL
    exec {fd}>&-
    wait "$others" || true
    others=
    start_api
    ask -X POST -T file /data
    assert_answer 200
    ask "/data/$body"
    cmp file body
    codex-chunk verify
    end_node
    assert_equal "$ended" 0
}

@test "complaint: a browser that ends a download crashes the node" {
    start_api
    gen 1 8000000 >file
    cid=$(codex-chunk put file)
    local part
    for part in 1 70000 1000000 7999999; do
        curl -sS "$api/data/$cid" 2>/dev/null | head -c "$part" | cmp -n "$part" - file
        curl -sS "$api/data/$cid/network/stream" 2>/dev/null | head -c "$part" | cmp -n "$part" - file
    done
    no_errors
    ask "/data/$cid"
    cmp file body
    end_node
    assert_equal "$ended" 0
}

# answers_while PROCESS: small requests are answered, each in 5 seconds, as long as it runs.
answers_while() {
    local asked=0
    while :; do
        curl -sS --max-time 5 -o small "$api/debug/info" || fail "$(cat log)"
        curl -sS --max-time 5 -o small "$api/data/$cid" || fail "$(cat log)"
        cmp small here
        asked=$((asked + 1))
        kill -0 "$1" 2>/dev/null || break
    done
    wait "$1" || fail "$(cat work)"
    echo "# answered $asked times" >&2
}

@test "complaint: nothing is answered while a dataset is erasure-coded, or proved" {
    start_api
    gen 1 1000 >here
    cid=$(codex-chunk put here)
    gen 2 30000000 >file
    codex-ec encode -k 10 -m 5 "$(codex-chunk put file)" >work 2>&1 3>&- &
    answers_while $!
    codex-prove slots "$(cut -f 1 work)" >work 2>&1 3>&- &
    answers_while $!
    codex-prove sample "$(cat work)" --slot 0 --entropy 1 --samples 100 >samples
    end_node
}

@test "complaint: peers are lost while the tree of a large upload is made" {
    start_theirs
    start_api --peer "$theirs/p2p/$their_id"
    wait_for '[[ -n $(codex-serve peers) ]]'
    local before
    before=$(codex-serve -r theirs peers | cut -f 1-3) # with the port that the connection is from
    gen 1 30000000 >file
    curl -sS -X POST -T file -o sent "$api/data" 3>&- &
    others=$!
    while kill -0 "$others" 2>/dev/null; do
        codex-serve ping -c 1 --timeout 5s "$address" >/dev/null
    done
    wait "$others"
    others=
    assert_equal "$(codex-serve -r theirs peers | cut -f 1-3)" "$before"
    codex-serve -r theirs fetch "$(<sent)" --timeout 60s >/dev/null
    end_node
    end_theirs
}

@test "complaint: nothing can be stored although space shows as free" {
    codex-chunk init --quota 2MiB
    start_api
    gen 1 700000 >file
    ask -X POST -T file /data
    assert_answer 200
    # What is free is all that is neither used nor reserved, and the sum is that of the blocks.
    ask /space
    local free
    free=$(jq '.quotaMaxBytes - .quotaUsedBytes - .quotaReservedBytes' body)
    assert_equal "$((2097152 - free))" "$(jq .quotaUsedBytes body)"
    # Whole blocks of that, and a manifest, fit; one block more does not, and what is said has both figures.
    local blocks=$(((free - 200) / 65536))
    gen 2 $(((blocks + 1) * 65536)) >more
    ask -X POST -T - /data <more
    assert_answer 500
    [[ $body =~ needed,\ ([0-9]+)B\ free$ ]] || fail "$body"
    ((BASH_REMATCH[1] <= free && BASH_REMATCH[1] > free - 65536)) || fail "$body, free $free"
    codex-chunk gc >/dev/null
    head -c $((blocks * 65536)) more >fits
    ask -X POST -T fits /data
    assert_answer 200
    ask /space
    (($(jq '.quotaMaxBytes - .quotaUsedBytes - .quotaReservedBytes' body) < 65536)) || fail "$body"
    end_node
}

@test "complaint: what has expired is not deleted, and blocks have no expiry" {
    gen 1 200000 >file
    theirs_cid=$(codex-chunk -r theirs put file)
    start_theirs
    codex-chunk init --ttl 1d >/dev/null
    start_api --peer "$theirs/p2p/$their_id"
    gen 2 200000 >sent
    ask -X POST -T sent /data
    assert_answer 200
    cid=$body
    codex-serve fetch "$theirs_cid" --peer "$theirs/p2p/$their_id" >/dev/null
    run_json codex-chunk ls --json
    assert_equal "$(jq -s 'map(.expiry > now and .expiry < now + 90000) | (length, all)' <<<"$output" | paste -sd' ')" '2 true'
    # Later it is collected, while the node serves, which answers for none of it then.
    CODEX_NOW=$(date -u -d '+2 days' +%s) codex-chunk gc >/dev/null
    ask /space
    assert_equal "$(jq -c '[.totalBlocks, .quotaUsedBytes]' body)" '[0,0]'
    for cid in "$cid" "$theirs_cid"; do
        ask "/data/$cid"
        assert_answer 404
    done
    end_node
    end_theirs
}

@test "complaint: nodes of one address are too many for each other" {
    # Others of the same address come as fast as they want, and a node is none of its own peers.
    start_api --limit connections=8
    local spr i
    spr=$(codex-serve spr)
    others=
    for i in 1 2 3 4 5 6; do
        codex-serve -r "n$i" run -i /ip4/127.0.0.1/tcp/0 --ready-file "ready$i" --peer "$address" \
            --bootstrap-node "$spr" >"log$i" 2>&1 3>&- &
        others+=" $!"
    done
    wait_for '(($(codex-serve spr --json | jq -s ".[0].nodes") == 6))'
    wait_for '(($(codex-serve peers | wc -l) == 6))'
    for i in 1 2 3 4 5 6; do
        wait_for "((\$(codex-serve -r n$i spr --json | jq -s '.[0].nodes') >= 6))"
    done
    assert_equal "$(codex-serve peers --limits | awk -F '\t' '$3 != 0')" ''
    gen 1 1000 >file
    cid=$(codex-chunk -r n1 put file)
    codex-serve -r n6 fetch "$cid" --timeout 60s >/dev/null
    end_node
}

@test "complaint: a node dials itself again and again" {
    start_theirs # who knows who has what
    local spr own
    spr=$(codex-serve -r theirs spr)
    start_api
    own="$address $(codex-serve spr)"
    end_node
    # It is named to itself in each way, and is known to have what it has removed.
    rm -f log
    start_api --log-level 'debug' --peer "${own% *}" --bootstrap-node "${own#* },$spr" --metrics --metrics-port 0
    gen 1 1000 >file
    cid=$(codex-chunk put file)
    codex-serve provide "$cid" >/dev/null
    codex-chunk rm "$cid" >/dev/null
    run_split codex-serve fetch "$cid" --timeout 30s
    assert_equal "$status" 1
    assert_stderr --partial 'no node is known that has it'
    run_split codex-serve connect "${own% *}"
    assert_refused 64 'is this node itself'
    curl -sS "$(codex-serve health | cut -f 5)/metrics" >figures
    # Of --peer and of --bootstrap-node it is said once, and nobody was dialled.
    assert_equal "$(grep -c ' is this node itself ' log)" 2
    refute grep -q 'cannot be reached' log
    assert_equal "$(grep -cE '^libp2p_(total_dial_attempts|failed_dials)_total 0$' figures)" 2
    end_node
    end_theirs
}

@test "complaint: the address by which others reach a node has to be found out by its user" {
    # Nothing is said of addresses: what health says is where it is reached, and its record has no other.
    codex-serve -r theirs run --nat none --ready-file theirs.ready >theirs.log 2>&1 3>&- &
    holder=$!
    wait_for 'test -e theirs.ready' 60 || fail "$(cat theirs.log)"
    gen 1 1000 >file
    cid=$(codex-chunk -r theirs put file)
    codex-serve fetch "$cid" --peer "$(codex-serve -r theirs health | cut -f 3 | cut -d , -f 1)" >/dev/null
    codex-serve -r second fetch "$cid" --bootstrap-node "$(codex-serve -r theirs spr)" --timeout 60s >/dev/null
    # Where nobody elsewhere can reach it that is said, once, and with the addresses that it has.
    local said
    said=$(grep -c 'cannot connect to this one, for it has no address there' theirs.log || true)
    ((said <= 1)) || fail "$(cat theirs.log)"
    end_theirs
}

@test "complaint: a video cannot be sought in" {
    gen 1 8000000 >file
    cid=$(codex-chunk -r theirs put file)
    start_theirs
    start_api --peer "$theirs/p2p/$their_id"
    ask -r 4000000-4000999 "/data/$cid/network/stream"
    assert_answer 206
    assert_field Content-Range 'bytes 4000000-4000999/8000000'
    assert_field Accept-Ranges bytes
    cmp body <(tail -c +4000001 file | head -c 1000)
    ask -r -500 "/data/$cid/network/stream"
    assert_answer 206
    cmp body <(tail -c 500 file)
    codex-serve fetch "$cid" >/dev/null
    ask -r 7999000- "/data/$cid"
    assert_answer 206
    cmp body <(tail -c 1000 file)
    end_node
    end_theirs
}

@test "complaint: a file comes without its name and type" {
    start_theirs
    start_api --peer "$theirs/p2p/$their_id"
    gen 1 100000 >file
    local there
    there=$(codex-serve -r theirs health | cut -f 4)/api/codex/v1
    cid=$(curl -sS -X POST -T file -H 'Content-Type: video/mp4' \
        -H 'Content-Disposition: attachment; filename="a day.mp4"' "$there/data")
    local path
    for path in "/data/$cid/network/stream" "/data/$cid"; do
        ask "$path"
        assert_answer 200
        assert_field Content-Type video/mp4
        assert_field Content-Disposition 'attachment; filename="a day.mp4"'
        cmp file body
    done
    ask /data
    assert_equal "$(jq -c '.content[0].manifest | [.filename, .mimetype]' body)" '["a day.mp4","video/mp4"]'
    run_json codex-chunk ls --json
    assert_equal "$(jq -c '.manifest | [.filename, .mimetype]' <<<"$output")" '["a day.mp4","video/mp4"]'
    end_node
    end_theirs
}

@test "complaint: a page in a browser can neither upload nor read what is answered" {
    start_api --api-cors-origin http://page.example
    gen 1 1000 >file
    local page=(-H 'Origin: http://page.example') field
    # What a browser asks before an upload.
    ask -X OPTIONS "${page[@]}" -H 'Access-Control-Request-Method: POST' \
        -H 'Access-Control-Request-Headers: content-type,content-disposition' /data
    assert_answer 204
    assert_field Access-Control-Allow-Origin http://page.example
    assert_field Access-Control-Allow-Methods 'POST, OPTIONS'
    for field in content-type content-disposition; do
        [[ ${head,,} == *"access-control-allow-headers: "*"$field"* ]] || fail "$head"
    done
    ask -X POST "${page[@]}" -T file -H 'Content-Type: text/html' /data
    assert_answer 200
    assert_field Access-Control-Allow-Origin http://page.example
    cid=$body
    ask "${page[@]}" "/data/$cid"
    assert_field Access-Control-Allow-Origin http://page.example
    assert_field Content-Type text/html
    [[ ${head,,} == *'access-control-expose-headers: '*content-disposition* ]] || ask "${page[@]}" "/data/$cid/network/stream"
    # What goes wrong it may read, too.
    ask "${page[@]}" /data/nonsense
    assert_answer 400 'Incorrect Cid'
    assert_field Access-Control-Allow-Origin http://page.example
    end_node
}

@test "complaint: a variable has one bootstrap node, modes are changed in silence, and the log is full of warnings" {
    start_theirs
    codex-serve -r third run -i /ip4/127.0.0.1/tcp/0 --ready-file third.ready >third.log 2>&1 3>&- &
    others=$!
    wait_for 'test -e third.ready' 60 || fail "$(cat third.log)"
    local variable
    variable="$(codex-serve -r theirs spr),$(codex-serve -r third spr)"$'\n'
    CODEX_BOOTSTRAP_NODE=$variable start_api
    wait_for '(($(codex-serve spr --json | jq -s ".[0].nodes") == 2))'
    end_node
    # A folder is where it is said to be, when it is said, and what is done to its mode is said.
    unset CODEX_REPO
    CODEX_DATA_DIR=$PWD/data start_node
    [[ -d data/repo && -e data/key ]]
    end_node
    chmod 755 data
    CODEX_DATA_DIR=$PWD/data start_node
    assert_equal "$(stat -c %a data)" 700
    grep -q 'data: others might enter it; it is for its owner alone now' said || fail "$(cat log said)"
    # Nobody fills the log: a hundred who say nonsense have a few lines, and none of them warns of each.
    local port i
    port=${address#*/tcp/}
    port=${port%%/*}
    for i in {1..100}; do
        exec {fd}<>"/dev/tcp/127.0.0.1/$port"
        printf 'GET / HTTP/1.1\r\n\r\n' >&"$fd"
        exec {fd}>&-
    done
    codex-serve ping -c 1 "$address" >/dev/null
    (($(wc -l <log) < 40)) || fail "$(cat log)"
    end_node
    end_theirs
}
