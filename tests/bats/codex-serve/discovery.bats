# Nodes that find each other, and what they have, by one of them.
# At a time: 2
load ../common
load serve

setup() {
    codex_setup
    nodes=()
}

teardown() {
    local process
    for process in "${nodes[@]}"; do
        kill -s KILL "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
}

# begin NUMBER [OPTION...]: node NUMBER on the repo nNUMBER; its process is ${nodes[NUMBER]}.
begin() {
    codex-serve run -r "n$1" -i /ip4/127.0.0.1/tcp/0 --ready-file "ready$1" "${@:2}" >>"log$1" 2>>"said$1" 3>&- &
    nodes[$1]=$!
    wait_for "test -e ready$1" 60 || fail "$(cat "log$1" "said$1")"
}

# begin_all COUNT: nodes 0 to COUNT - 1, of which the first is the bootstrap node of the others.
begin_all() {
    begin 0
    spr=$(codex-serve -r n0 spr)
    local i
    for ((i = 1; i < $1; i++)); do
        begin "$i" --bootstrap-node "$spr"
    done
}

# knows NUMBER: how many others it has in its table.
knows() { codex-serve -r "n$1" spr --json | jq -s '.[0].nodes'; }

# all_know COUNT NUMBER...: each of these nodes has so many in its table.
all_know() {
    local i
    for i in "${@:2}"; do
        (($(knows "$i") >= $1)) || return 1
    done
}

@test "two nodes, and a file by its CID alone" {
    begin_all 2
    gen 1 300000 >file
    cid=$(codex-chunk -r n0 put file)
    codex-serve -r n1 fetch "$cid" --timeout 60s
    codex-chunk -r n1 get "$cid" | cmp - file
    run_split codex-serve -r n1 find "$cid"
    assert_success
    assert_equal "$output" "$(codex-serve -r n0 id)"$'\t'"$(codex-serve -r n0 health | cut -f 3)"
    run_json codex-serve -r n1 find "$cid" --json
    assert_equal "$(jq -r '.type, .id' <<<"$output" | paste -sd' ')" "found $(codex-serve -r n0 id)"
    run_split codex-serve -r n1 find "$(codex-serve -r n0 id)"
    assert_success
    assert_output --partial "$(codex-serve -r n0 health | cut -f 3),/ip4/127.0.0.1/udp/"
    # The same over HTTP: a peer by its id alone, and a file by its CID.
    api=$(codex-serve -r n1 health | cut -f 4)/api/codex/v1
    assert_equal "$(curl -sS "$api/connect/$(codex-serve -r n0 id)")" 'Successfully connected to peer'
    sent=$(curl -sS -X POST -T file "$(codex-serve -r n0 health | cut -f 4)/api/codex/v1/data")
    curl -sS "$api/data/$sent/network/stream" | cmp - file
    run_split codex-serve -r n0 provide "$cid"
    assert_success
    assert_output --regexp "^$cid"$'\t''[12]$'
    # What is not here is not said to be, and who has it is not known; the part of one is here.
    none=$(gen 2 1000 | codex-chunk -r none put)
    run_split codex-serve -r n0 provide "$none"
    assert_refused 1 "$none"
    run_split codex-serve -r n1 find "$none"
    assert_refused 1 'no other node is known that has it'
    # Where this node itself is, and how many others it knows.
    own=$(codex-serve -r n1 id)
    run_split codex-serve -r n1 find "$own"
    assert_success
    assert_output --partial "$own"$'\t'"$(codex-serve -r n1 health | cut -f 3),/ip4/127.0.0.1/udp/"
    assert_equal "$(codex-serve -r n1 health | cut -f 6)" 1
    assert_equal "$(codex-serve -r n1 health --json | jq -s '.[0].nodes')" 1
    # Nobody answers any more: what is still known of before is no news.
    kill -s KILL "${nodes[0]}"
    wait "${nodes[0]}" || true
    codex-serve -r n1 find "$cid" --timeout 60s >found 2>warned || assert_equal "$?" 69
    grep -e 'no node of the DHT has answered: these are from before' -e 'no node of the DHT answers' warned || fail "$(cat found warned)"
}

@test "a node that others reach at another address, and one without discovery" {
    begin 0 --nat extip:203.0.113.5
    id=$(codex-serve -r n0 id)
    port=$(sed -E -n '1s|.*/tcp/([0-9]+)/.*|\1|p' ready0)
    both="/ip4/203.0.113.5/tcp/$port/p2p/$id,/ip4/127.0.0.1/tcp/$port/p2p/$id"
    assert_equal "$(codex-serve -r n0 health | cut -f 3)" "$both"
    assert_equal "$(cut -f 2 ready0 | paste -sd,)" "$both"
    assert_file_contains log0 "Started codex node.*/ip4/203.0.113.5/tcp/$port"
    assert_equal "$(codex-serve -r n0 health | cut -f 6)" 0
    codex-serve ping -c 1 "${both#*,}"
    begin 1 --disc-ip none
    assert_equal "$(codex-serve -r n1 health | cut -f 6)" -
    assert_equal "$(codex-serve -r n1 health --json | jq -s '.[0].nodes')" null
}

@test "without a node of its own" {
    begin_all 2
    gen 3 200000 >file
    cid=$(codex-chunk -r n1 put file)
    wait_for 'codex-serve find "$cid" --bootstrap-node "$spr" >found 2>/dev/null' 30
    assert_equal "$(cat found)" "$(codex-serve -r n1 id)"$'\t'"$(codex-serve -r n1 health | cut -f 3)"
    printf '# two nodes\n\n%s\n%s\n' "$spr" "$(codex-serve -r n1 spr)" >list
    codex-serve fetch "$cid" --bootstrap-node @list --timeout 60s
    codex-chunk get "$cid" | cmp - file
    # Who only asks is nobody's neighbour.
    assert_equal "$(knows 0) $(knows 1)" '1 1'
    run_split codex-serve find zDvZRwzkzwWP4FZPPVt8snzkmi9ZXmmWnWbDXPGSbLpmQfbStuTg --bootstrap-node "$spr"
    assert_failure 1
}

@test "a node that knows nobody" {
    begin 0
    export CODEX_REPO=n0
    run_json codex-serve spr --json
    assert_success
    assert_equal "$(jq -c '[.type, .nodes, .spr[:4]]' <<<"$output")" '["spr",0,"spr:"]'
    assert_equal "$(codex-serve spr)" "$(jq -r .spr <<<"$output")"
    gen 4 1000 >file
    cid=$(codex-chunk put file)
    run_json codex-serve provide "$cid" --json
    assert_success
    assert_equal "$(jq -c . <<<"$output")" "{\"type\":\"provided\",\"cid\":\"$cid\",\"nodes\":1}"
    run_split codex-serve provide nonsense
    assert_failure 65
    run_split codex-serve find "$cid" # it is none of those that are found
    assert_failure 69
    CODEX_REPO=elsewhere run_split codex-serve spr
    assert_failure 69
    run_split env CODEX_REPO=elsewhere codex-serve provide "$cid"
    assert_failure 69
}

@test "a bootstrap node that is not there is tried again, and that is said once" {
    begin 0
    spr=$(codex-serve -r n0 spr)
    port=$(curl -s "$(codex-serve -r n0 health | cut -f 4)/api/codex/v1/debug/info" | jq -r .table.localNode.address)
    codex-serve -r n0 stop
    begin 1 --bootstrap-node "$spr"
    wait_for 'grep -q "No bootstrap node answers" log1' 60
    begin 0 --disc-port "${port#*:}"
    wait_for 'all_know 1 0 1' 60
    assert_equal "$(grep -c 'No bootstrap node answers' log1)" 1
}

@test "records and ports that are wrong" {
    begin 0
    spr=$(codex-serve -r n0 spr)
    run_split codex-serve run -r other --bootstrap-node "${spr}x"
    assert_failure 78
    assert_equal "${stderr_lines[0]}" "${stderr_lines[0]#*--bootstrap-node: spr:}" && fail "$stderr"
    run_split codex-serve run -r other --bootstrap-node nonsense
    assert_failure 78
    run_split codex-serve run -r other --bootstrap-node @nothing
    assert_failure 66
    run_split codex-serve run -r other --bootstrap-node ''
    assert_failure 64
    run_split codex-serve run -r other --disc-port 65536
    assert_failure 64
    run_split env CODEX_DISC_PORT=65536 codex-serve run -r other
    assert_failure 78
    run_split codex-serve run -r other --nat extip:nowhere
    assert_failure 64
    run_split codex-serve run -r other --disc-ip nowhere
    assert_failure 64
    taken=$(curl -s "$(codex-serve -r n0 health | cut -f 4)/api/codex/v1/debug/info" | jq -r .table.localNode.address)
    run_split codex-serve run -r other -i /ip4/127.0.0.1/tcp/0 --disc-port "${taken#*:}"
    assert_failure 78
    assert_equal "${stderr_lines[0]}" "codex-serve: error: take datagrams at $taken: Address already in use"
    run_split codex-serve --json run -r other -i /ip4/127.0.0.1/tcp/0 --disc-port "${taken#*:}"
    assert_equal "$(jq -r .object <<<"$stderr")" "$taken"
    run_split codex-serve run -r other -i /ip4/127.0.0.1/tcp/0 --disc-ip 192.0.2.1
    assert_failure 78
}

@test "how others reach it, a node without discovery, and a clock that is behind" {
    begin 0 --nat extip:198.51.100.7
    assert_equal "$(curl -s "$(codex-serve -r n0 health | cut -f 4)/api/codex/v1/debug/info" |
        jq -r '.announceAddresses[0], .table.localNode.address' | cut -d/ -f 1-3 | sed 's/:.*//' | paste -sd' ')" \
        '/ip4/198.51.100.7 198.51.100.7'
    begin 3 --nat extip:2001:db8::1 # listens at addresses of IPv4 alone
    assert_equal "$(grep -c 'WRN.*an address of IPv6 (--nat).*: --listen-addrs /ip6/::/tcp/8070' log3)" 1
    assert_equal "$(grep -c -- --nat log0)" 0
    begin 1 --disc-ip none
    run_split codex-serve -r n1 spr
    assert_failure 65
    code=$(curl -s -o body -w '%{http_code}' "$(codex-serve -r n1 health | cut -f 4)/api/codex/v1/spr")
    assert_equal "$code" 503
    codex-serve -r six run -i /ip6/::1/tcp/0 >six.log 2>&1 3>&- &
    nodes[9]=$!
    codex-serve -r six health --wait 60s
    begin 4 --bootstrap-node "$(codex-serve -r six spr)"
    assert_equal "$(grep -c 'cannot be asked, for its address is one of IPv6, .*: --disc-ip ::' log4)" 1
    codex-serve -r six stop
    CODEX_NOW=1577836800 begin 2 --bootstrap-node "$(codex-serve -r n0 spr)"
    assert_equal "$(grep -c 'clock of this host is far behind' log2)" 1
    assert_equal "$(grep -c 'clock of this host is far behind' log0)" 0
}

@test "a chain of bootstrap nodes: each is the next one's, and a file goes from end to end" {
    begin 0
    local i
    for i in 1 2 3; do
        begin "$i" --bootstrap-node "$(codex-serve -r "n$((i - 1))" spr)"
    done
    wait_for 'all_know 3 0 1 2 3' 60 || fail "$(cat log3)"
    gen 1 200000 >file
    cid=$(codex-chunk -r n0 put file)
    codex-serve -r n3 fetch "$cid" --timeout 60s
    codex-chunk -r n3 get "$cid" | cmp - file
}

@test "two groups, each with a bootstrap node of its own, do not mix" {
    begin 0
    begin 1 --bootstrap-node "$(codex-serve -r n0 spr)"
    begin 2
    begin 3 --bootstrap-node "$(codex-serve -r n2 spr)"
    wait_for 'all_know 1 0 1 2 3' 60
    gen 1 200000 >file
    cid=$(codex-chunk -r n0 put file)
    codex-serve -r n1 fetch "$cid" --timeout 60s
    run_split codex-serve -r n3 find "$cid" --timeout 20s
    assert_refused 1 "$cid"
    local i
    for i in 0 1 2 3; do
        assert_equal "$(knows "$i")" 1
    done
}
