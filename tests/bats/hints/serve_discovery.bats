# Hints of nodes that look for others.
load ../common
load ../codex-serve/serve
load hints

@test "the record of a bootstrap node that is none" {
    start_node
    spr=$(codex-serve spr)
    run_split codex-serve -r other run --bootstrap-node "${spr%?????}"
    assert_equal "$status" 78
    hint 'where that node runs its record is shown, all of which is needed: codex-serve --repo OTHER spr'
    assert_equal "$(codex-serve --repo "$CODEX_REPO" spr)" "$spr"
    codex-serve -r other run -i /ip4/127.0.0.1/tcp/0 --bootstrap-node "$spr" >other.log 3>&- &
    codex-serve -r other health --wait 30s
    codex-serve -r other stop
    # Of a file the line is named.
    printf '# one\n\n%s\n%s\n' "$spr" "${spr%?????}" >list
    run_split codex-serve -r other run --bootstrap-node @list
    assert_refused 78 '--bootstrap-node: list:4: spr:'
    assert_stderr --partial 'no record of a node, or not all of one'
    run_split codex-serve -r other run --bootstrap-node @none
    assert_refused 66 '--bootstrap-node: open none'
    hint 'name a file that has the record of a node on each line, or the record itself, spr:...'
    printf '# none\n' >list
    run_split codex-serve -r other run --bootstrap-node @list
    assert_refused 78 '--bootstrap-node: list: has the record of no node'
    hint 'name a file that has the record of a node on each line, or the record itself, spr:...'
    end_node
    # What is of no use is said, and no more than that.
    start_node --bootstrap-node "$spr"
    assert_file_contains log 'A bootstrap node is this node itself'
    end_node
    start_node --bootstrap-node "$spr" --disc-ip none
    assert_file_contains log 'Bootstrap nodes are not asked, for discovery is off'
    end_node
}

@test "a port of UDP that is taken, or none of this host" {
    start_node
    at=$(curl -s "$(codex-serve health | cut -f 4)/api/codex/v1/debug/info" | jq -r .table.localNode.address)
    run_split codex-serve -r other run -i /ip4/127.0.0.1/tcp/0 --disc-port "${at#*:}"
    assert_equal "$status" 78
    hint 'name another port, or 0 for any that is free: --disc-port 0'
    end_node
    run_split codex-serve run -i /ip4/127.0.0.1/tcp/0 --disc-ip 192.0.2.1
    assert_equal "$status" 78
    hint 'take datagrams at all addresses: --disc-ip 0.0.0.0'
    start_node --disc-ip 0.0.0.0
    end_node
    run_split codex-serve run --disc-ip nowhere
    hint 'for all addresses: --disc-ip 0.0.0.0; without discovery: --disc-ip none'
    start_node --disc-ip none
    end_node
}

@test "a way to be reached that is none" {
    run_split codex-serve run --nat router
    assert_equal "$status" 64
    hint 'there are any, none, upnp, pmp, and extip with a colon and an IP address'
    run_split codex-serve run --nat extip:example.org
    assert_equal "$status" 64
    hint 'name an IP address, and no name of a host, for example extip:192.0.2.1'
    run_split codex-serve run --nat extip:255.255.255.255
    assert_equal "$status" 64
    hint 'name the address by which others see this host, or its router'
    start_node --nat extip:127.0.0.1
    end_node
}

@test "what nobody can be asked about" {
    run_split codex-serve find nonsense
    hint 'name a dataset by its whole CID, zDv..., or a node by its peer id, 16Uiu2HA...'
    echo hello >file
    cid=$(codex-chunk put file)
    run_split env CODEX_REPO=other codex-serve find "$cid"
    assert_equal "$status" 69
    hint 'begin a node: codex-serve run; or name one of the DHT by its record: --bootstrap-node SPR; a record is shown where its node runs: codex-serve --repo OTHER spr'
    part 'begin a node: codex-serve run'
    part 'or name one of the DHT by its record: --bootstrap-node SPR'
    start_node
    run_split codex-serve find "$cid"
    assert_equal "$status" 69
    hint 'the node knows no other; begin it with the record of one: --bootstrap-node SPR; a record is shown where its node runs: codex-serve --repo OTHER spr'
    part 'the node knows no other'
    part 'begin it with the record of one: --bootstrap-node SPR'
    run_split codex-serve provide zDvZRwzmAkhzDRPH5EW242gJBNZ2T7aoH2v1fVH66FxXL4kSbvyM
    assert_equal "$status" 1
    hint 'list what is here: codex-chunk ls'
    wait_for 'codex-serve -r other find "$cid" --bootstrap-node "$(codex-serve --repo "$CODEX_REPO" spr)" 2>said' 30
    end_node
}

@test "a node that looks for no others" {
    echo hello >file
    cid=$(codex-chunk put file)
    start_node --disc-ip none
    for command in "find $cid" "provide $cid" spr; do
        # shellcheck disable=SC2086 # words
        run_split codex-serve $command
        assert_refused 65 'the node was begun without discovery of others'
        hint 'end it: codex-serve stop; and begin it again without --disc-ip none: codex-serve run; or fetch from a node that you know: --peer ADDRESS'
    done
    pasted 'codex-serve stop'
    assert_success
    wait "$node"
    start_node
    codex-serve spr
    # The beginning names what is here; where it names nothing it is not said that it would do.
    run_split codex-serve provide "$cid"
    whole=$status:$stderr
    run_split codex-serve provide "${cid:0:12}"
    assert_equal "$status:${stderr//"${cid:0:12}:"/"$cid:"}" "$whole"
    run_split codex-serve provide zDvZRwzmzzzz
    assert_equal "$status" 1
    # A bootstrap node of one command is passed over by the node, which is said, and no more than that.
    run_split codex-serve fetch "$cid" -b "$(codex-serve spr)"
    assert_success
    assert_stderr --partial 'warning: --bootstrap-node is for where no node serves the repo'
    run_split codex-serve find "$cid" -b "$(codex-serve spr)" # also where it fails
    assert_stderr --partial 'warning: --bootstrap-node is for where no node serves the repo'
    CODEX_BOOTSTRAP_NODE=$(codex-serve spr) run_split codex-serve fetch "$cid"
    assert_success
    assert_equal "$stderr" ''
    end_node
}

@test "a fetch that had too little time" {
    start_node
    kill -s STOP "$node" # who comes is let in by the system, and answered by nobody
    run_split codex-serve -r other fetch zDvZRwzmAkhzDRPH5EW242gJBNZ2T7aoH2v1fVH66FxXL4kSbvyM --peer "$address" --timeout 1s
    assert_equal "$status" 75
    hint 'give it longer: --timeout 10m; or name another node that may have it: --peer ADDRESS'
    kill -s CONT "$node"
    end_node
}

@test "figures that are nowhere are warned of" {
    start_node --metrics-port 0
    assert_file_contains said 'no figures are shown without --metrics'
    end_node
}
