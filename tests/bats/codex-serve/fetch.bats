# Datasets from another node: whole, further after a kill, and what is said when that cannot be.
# At a time: 8
load ../common
load serve

@test "the summary of a fetch has its totals, also where none has begun" {
    run_split codex-serve fetch nonsense --json
    assert_failure 65
    assert_equal "$(jq -c '[.records, .failures, .blocksFetched, .bytesFetched, .duplicates, .peers]' <<<"$output")" '[0,1,0,0,0,[]]'
}

@test "a file is fetched, compared, written where it is wanted, and not fetched twice" {
    gen 1 20000000 >file
    cid=$(codex-chunk put file)
    start_node
    run_split codex-serve -r other fetch "$cid" --peer "$address"
    assert_success
    assert_output "$cid"$'\t306\t20054016'
    codex-chunk -r other get "$cid" | cmp - file
    run_split codex-chunk -r other verify
    assert_success
    # It is there: nobody is asked, and the content can still be had.
    end_node
    run_split codex-serve -r other fetch "$cid" --peer "$address" --to copy
    assert_success
    assert_output "$cid"$'\t0\t0'
    cmp copy file
    codex-serve -r other fetch "$cid" --peer "$address" --to - | cmp - file
}

@test "the content goes to stdout, and what was counted into JSON" {
    gen 2 3000000 >file
    cid=$(codex-chunk put file)
    start_node
    codex-serve -r one fetch "$cid" --peer "$address" --to - | cmp - file
    codex-serve -r one fetch "$cid" --peer "$address" --to - --json 2>said | cmp - file
    jq -se 'map(.type) == ["fetched", "summary"] and .[1].records == 1' said
    run_split codex-serve -r one fetch "$cid" --peer "$address" --json
    assert_line --index 0 --partial '"blocksFetched":0,"bytesFetched":0,"blocks":46'
    run_split codex-serve -r two fetch "$cid" --peer "$address" --json
    assert_success
    assert_line --index 0 --partial '"type":"fetched"'
    assert_line --index 0 --partial "\"cid\":\"$cid\""
    assert_line --index 0 --partial '"blocksFetched":46'
    assert_line --index 0 --partial '"duplicates":0'
    assert_line --index 0 --partial "\"id\":\"${address##*/}\""
    end_node
}

@test "after kill -9 the same command goes on, from any node that has the rest" {
    gen 3 30000000 >file
    cid=$(codex-chunk put file)
    # Some blocks are missing there, so it cannot be through before it is killed.
    codex-ec erase --random 5 --seed 1 "$cid" >/dev/null
    start_node
    codex-serve -r other fetch "$cid" --peer "$address" >out 2>err &
    local fetch=$!
    wait_for "codex-chunk -r other ls 2>/dev/null | grep -q '$cid.*partial [1-9]'" 60 || fail "$(cat out err)"
    kill -s KILL "$fetch" 2>/dev/null || true
    wait "$fetch" || true
    run_split codex-chunk -r other get "$cid"
    assert_failure
    # Another node, which has all of it.
    codex-chunk -r whole put file >/dev/null
    codex-serve -r whole run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready2 >>log2 2>said2 3>&- &
    local second=$!
    wait_for 'test -e ready2' 60 || fail "$(cat log2 said2)"
    run_split codex-serve -r other fetch "$cid" --peer "$address" --peer "$(cut -f 2 ready2)"
    kill -s TERM "$second"
    wait "$second"
    assert_success
    local fetched
    fetched=$(cut -f 2 <<<"$output")
    ((fetched >= 5 && fetched < 458)) || fail "$fetched blocks were fetched"
    codex-chunk -r other get "$cid" | cmp - file
    end_node
}

@test "what cannot be is said in one line, with the exit code of its kind" {
    codex-chunk init
    gen 4 100000 >file
    cid=$(codex-chunk -r elsewhere put file)
    run_split codex-serve fetch "$cid"
    assert_failure 69
    assert_stderr --partial 'no node serves the repo, and no other is named'
    run_split codex-serve fetch "$cid" --peer /ip4/127.0.0.1/tcp/9
    assert_failure 64
    assert_stderr --partial 'names no peer'
    run_split codex-serve fetch "$cid" --peer nonsense
    assert_failure 64
    run_split codex-serve fetch "$cid" -o copy --peer nonsense
    assert_failure 64
    assert_stderr --partial -- '--to FILE'
    start_node
    run_split codex-serve -r other fetch zDnonsense --peer "$address"
    assert_failure 65
    run_split codex-serve -r other fetch "${cid:0:20}" --peer "$address"
    assert_failure 65
    assert_stderr --partial 'its whole CID'
    run_split codex-serve -r other fetch "$(codex-chunk -r elsewhere stat --json "$cid" | grep -o '"treeCid":"[^"]*"' | cut -d '"' -f 4)" --peer "$address"
    assert_failure 65
    # Nobody has it.
    run_split codex-serve -r other fetch "$cid" --peer "$address"
    assert_failure 1
    assert_stderr --partial 'no peer has it'
    # Nothing comes in time.
    kill -s STOP "$node"
    run_split codex-serve -r other fetch "$cid" --peer "$address" --timeout 1s
    kill -s CONT "$node"
    assert_failure 75
    assert_stderr --partial 'the time is over'
    # It is another one.
    run_split codex-serve -r other fetch "$cid" --peer "${address%/*}/$(codex-serve key new key >/dev/null; codex-serve id --net-privkey key)"
    assert_failure 76
    # Nobody is there.
    end_node
    run_split codex-serve -r other fetch "$cid" --peer "$address"
    assert_failure 69
    assert_stderr --partial 'no peer can be reached'
}

@test "blocks whose place in the tree cannot be proved any more are fetched again" {
    gen 5 1000000 >file
    cid=$(codex-chunk put --block-size 16KiB file) # 62 blocks
    codex-chunk -r other init >/dev/null
    CODEX_REPO=$PWD/other "$CODEX_TEST_BIN/codex-testpartial" "$CODEX_REPO" "$cid" --leaves 40 >/dev/null
    head -c 640 /dev/zero | dd of="$(find other/writers -type f -size +1k)" bs=1 seek=4096 conv=notrunc status=none
    run_split codex-chunk -r other verify
    assert_failure 1
    start_node
    run_split codex-serve -r other fetch "$cid" --peer "$address"
    assert_success
    codex-chunk -r other get "$cid" | cmp - file
    codex-chunk -r other verify
    end_node
}

@test "CIDs come from stdin, and each one is said" {
    gen 10 100000 >one
    gen 11 200000 >two
    gen 12 1000 >three
    one=$(codex-chunk put one)
    two=$(codex-chunk put two)
    three=$(codex-chunk -r elsewhere put three)
    start_node
    run_split codex-serve -r other fetch - --peer "$address" <<<"$one"$'\n'"$three"$'\n'"$two"
    assert_failure 1
    assert_output "$one"$'\t2\t131072\n'"$two"$'\t4\t262144'
    assert_stderr --partial "$three"
    run_split bash -c "codex-chunk ls | cut -f 1 | codex-serve -r more fetch --peer $address"
    assert_success
    assert_equal "${#lines[@]}" 2
    run_split codex-serve -r other fetch "$one" zDnonsense --peer "$address"
    assert_failure 65
    assert_output "$one"$'\t0\t0'
    run_split codex-serve -r other fetch "$one" "$two" --peer "$address" --to both
    assert_failure 64
    end_node
}

@test "of a range only its blocks are fetched; the rest comes when it is asked for" {
    gen 9 10000000 >file
    cid=$(codex-chunk put file) # 153 blocks
    start_node
    run_split codex-serve -r other fetch "$cid" --peer "$address" --range 65537-200000 --to part
    assert_success
    assert_output "$cid"$'\t3\t196608'
    cmp part <(tail -c +65538 file | head -c 134464)
    run_split codex-chunk -r other ls --json
    assert_line --index 0 --partial '"blocksHeld":3'
    codex-serve -r other fetch "$cid" --peer "$address" --range=-5 --to - | cmp - <(tail -c 5 file)
    codex-serve -r other fetch "$cid" --peer "$address" --range 9999000- --to - | cmp - <(tail -c 1000 file)
    run_split codex-chunk -r other ls --json
    assert_line --index 0 --partial '"blocksHeld":4'
    for range in 10000000- 10000000-10000009 10000001- -0; do
        run_split codex-serve -r other fetch "$cid" --peer "$address" --range="$range" --to none
        assert_refused 65 'the content has 10000000 bytes'
        assert_not_exists none
    done
    run_split codex-serve -r other fetch "$cid" --peer "$address" --range 5-4
    assert_failure 64
    run_split codex-serve -r other fetch "$cid" --peer "$address"
    assert_success
    assert_output "$cid"$'\t149\t9764864'
    codex-chunk -r other get "$cid" | cmp - file
    run_split codex-serve -r other fetch "$cid" --peer "$address" --range 0-9 --to -
    assert_success
    end_node
}

@test "a fetch of which nothing comes makes no repo" {
    gen 13 100000 >file
    cid=$(codex-chunk put file)
    other=$(codex-chunk -r elsewhere put <(gen 14 1000))
    run_split codex-serve -r new fetch "$cid"
    assert_failure 69
    assert_not_exists new
    start_node
    nobody=/ip4/127.0.0.1/tcp/1/p2p/${address##*/}
    local options
    local -A fetches=()
    for options in "--peer $nobody" "--peer $nobody --to copy" "--peer $nobody --timeout 1s" "--via false" \
        "--via 'codex-serve stdio -r $CODEX_REPO'"; do
        bash -c "codex-serve -r new${#fetches[@]} fetch $other $options" 2>"err${#fetches[@]}" 3>&- &
        fetches[$!]="new${#fetches[@]}"
    done
    local fetch
    for fetch in "${!fetches[@]}"; do
        wait "$fetch" && fail "of ${fetches[$fetch]} something came"
        assert_not_exists "${fetches[$fetch]}"
    done
    run_split codex-serve -r new fetch "$cid" --peer "$address" --slot 0
    assert_failure 65
    run_split codex-serve -r new fetch "$cid" --peer "$address" --range 100000-
    assert_failure 65
    assert_not_exists new
    # One that is to be made in a folder that has something else is refused before anybody is asked.
    mkdir full && touch full/thing
    run_split codex-serve -r full fetch "$cid" --peer "$nobody"
    assert_failure 73
    mkdir empty
    run_split codex-serve -r empty fetch "$other" --peer "$address"
    assert_failure 1
    assert_equal "$(ls empty)" ''
    run_split codex-serve -r empty fetch "$cid" --peer "$address"
    assert_success
    run_split bash -c "printf '%s\n' $other $cid | codex-serve -r new fetch --peer $address"
    assert_failure 1
    codex-chunk -r new get "$cid" | cmp - file
    end_node
}

@test "several peers stand between commas, and one that was not reached is warned of" {
    gen 15 3000000 >file
    cid=$(codex-chunk put file)
    start_node
    codex-serve key new key >/dev/null
    id=$(codex-serve id --net-privkey key)
    run_split codex-serve -r one fetch "$cid" --peer "$address,${address%/*}/$id" --json
    assert_success
    assert_stderr --partial "it is ${address##*/}, not $id"
    assert_equal "$(head -1 <<<"$output" | jq -r '.peers | map(select(.error)) | map(.id) | join(" ")')" "$id"
    assert_equal "$(head -1 <<<"$output" | jq '.peers | length')" 2
    # The same through a node.
    end_node
    start_node
    codex-serve -r two run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready2 >>log2 2>said2 3>&- &
    local second=$!
    wait_for 'test -e ready2' 60 || fail "$(cat log2 said2)"
    run_split codex-serve -r two fetch "$cid" --peer "$address,${address%/*}/$id"
    kill -s TERM "$second"
    wait "$second"
    assert_success
    assert_stderr --partial "it is ${address##*/}, not $id"
    end_node
}

@test "a node without peers says so at once, with what can be done" {
    cid=$(codex-chunk -r elsewhere put <(gen 16 1000))
    start_node
    local -i begun=$SECONDS
    run_split codex-serve fetch "$cid"
    assert_failure 69
    assert_stderr --partial 'no peer is connected'
    assert_stderr --partial "codex-serve connect ADDRESS"
    ((SECONDS - begun < 25)) || fail 'it has waited as if one had been there'
    end_node
}

@test "what is something else, or somebody else, is 76 for ping and fetch, in words" {
    codex-chunk init
    cid=$(codex-chunk -r elsewhere put <(gen 17 1000))
    codex-serve key new key >/dev/null
    id=$(codex-serve id --net-privkey key)
    # shellcheck disable=SC2016 # this is Perl
    perl -MIO::Socket::INET -e '
        my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1") or die;
        open my $out, ">", "port.new"; print $out $server->sockport; close $out; rename "port.new", "port";
        while (my $client = $server->accept) { print $client "<html>" x 100; sysread $client, my $in, 100; }' 3>&- &
    node=$!
    wait_for 'test -s port' 60
    local words='does not speak libp2p'
    run_split codex-serve ping -c 1 "/ip4/127.0.0.1/tcp/$(<port)/p2p/$id"
    assert_refused 76 "$words"
    run_split codex-serve fetch "$cid" --peer "/ip4/127.0.0.1/tcp/$(<port)/p2p/$id"
    assert_refused 76 "$words"
    [[ $stderr != *reached* ]] || fail "$stderr"
    end_node || true
    node=
    start_node
    run_split codex-serve -r other fetch "$cid" --peer "${address%/*}/$id"
    assert_refused 76 "it is ${address##*/}, not $id"
    [[ $stderr != *reached* ]] || fail "$stderr"
    end_node
}

@test "when time is over it is said why, and that something stays where something has come" {
    gen 18 30000000 >file
    cid=$(codex-chunk put file)
    codex-ec erase --blocks 450-457 "$cid" >/dev/null
    start_node
    nobody=/ip4/127.0.0.1/tcp/1/p2p/${address##*/}
    run_split codex-serve -r new fetch "$cid" --peer "$nobody" --timeout 1s
    assert_refused 75 'Connection refused'
    [[ $stderr != *'what has come stays'* ]] || fail "$stderr"
    run_split codex-serve -r other fetch "$cid" --peer "$address"
    assert_failure 1
    assert_stderr --partial 'what has come stays'
    assert_stderr --partial -- '--peer ADDRESS'
    # What is here already is said, and what was fetched stands in the summary of a failure.
    run_split codex-serve -r third fetch "$cid" --peer "$address" --to copy --json
    assert_failure 1
    assert_equal "$(jq -c '[.type, .failures, .blocksFetched]' <<<"$output")" '["summary",1,450]'
    assert_equal "$(jq -c '.peers[0] | [.id, .blocks, .failures]' <<<"$output")" "[\"${address##*/}\",451,0]"
    (($(jq '.peers[0].bytes' <<<"$output") > 29491200)) || fail "$output"
    assert_equal "$(jq -c '[.blocks, .blocksHere, .peers[0].blocks]' <<<"$stderr")" '[458,450,451]'
    assert_equal "$(jq -r .object <<<"$stderr")" "$cid"
    end_node
    run_split codex-serve ping --json -c 1 "$address"
    assert_failure 69
    assert_equal "$(jq -c '[.type, .failures]' <<<"$output")" '["summary",1]'
}

@test "a node that ends under a fetch says so, and the numbers of its failures are those of a fetch here" {
    gen 19 30000000 >file
    cid=$(codex-chunk -r source put file)
    codex-ec -r source erase --blocks 450-457 "$cid" >/dev/null
    codex-serve -r source run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready2 >>log2 2>said2 3>&- &
    local second=$!
    wait_for 'test -e ready2' 60 || fail "$(cat log2 said2)"
    start_node
    run_split codex-serve fetch "$cid" --peer "$(cut -f 2 ready2)" --json
    assert_failure 1
    assert_equal "$(jq -c '[.failures, .blocksFetched]' <<<"$output")" '[1,450]'
    # It waits for somebody who does not answer.
    kill -s STOP "$second"
    codex-serve fetch "$(codex-chunk -r elsewhere put <(gen 20 1000))" --peer "$(cut -f 2 ready2)" >out 2>err &
    local fetch=$!
    wait_for '[[ $(ls -l /proc/'"$fetch"'/fd 2>/dev/null | grep -c socket) -ge 1 ]]' 60
    end_node
    kill -s KILL "$second"
    wait "$second" || true
    local code=0
    wait "$fetch" || code=$?
    assert_equal "$code" 69
    grep -q 'the node that fetches has ended' err || fail "$(cat err)"
    grep -q 'the same command goes on' err
}

@test "an empty name of a peer or of a command is a slip, with a node on the repo and without" {
    gen 17 1000 >file
    cid=$(codex-chunk put file)
    refuses_empty() {
        for name in --peer --via --to --range --slot --timeout; do
            run_split codex-serve fetch "$cid" "$name" ''
            assert_refused 64 "$name: "
        done
        for addresses in '' ' ' ','; do
            run_split codex-serve fetch "$cid" --peer "$addresses"
            assert_refused 64 '--peer: ADDRESS is empty'
            assert_stderr --partial 'perhaps it is a variable that was never set'
        done
    }
    refuses_empty
    start_node
    refuses_empty
    end_node
    for name in --peer --limit --net-privkey --data-dir; do
        run_split codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0 "$name" ''
        assert_refused 64 "$name: "
    done
}

@test "nothing is told of the rate and the round trip of a peer that was not reached" {
    cid=$(codex-chunk put <(gen 18 1000))
    codex-serve key new key >/dev/null
    id=$(codex-serve id --net-privkey key)
    codex-chunk -r other init >/dev/null
    start_node
    local by null='[null,null]' told='select(.id == $id) | [.bytesPerSecond, .roundTripMicroseconds]'
    for by in other second; do # itself, and a node
        if [[ $by == second ]]; then
            codex-serve -r second run -i /ip4/127.0.0.1/tcp/0 --ready-file ready2 >>log2 2>&1 3>&- &
            holder=$!
            wait_for 'test -e ready2' 60
        fi
        run_json codex-serve -r "$by" fetch "$cid" --peer "$address,/ip4/127.0.0.1/tcp/9/p2p/$id" --json
        assert_equal "$(jq -c --arg id "$id" ".peers[] | $told" <<<"$output")" "$null"
        assert_equal "$(jq -c --arg id "$id" ".peers[] | $told" <<<"$summary")" "$null"
    done
    end_node
}

@test "of a fetch of one small file no rate is told" {
    cid=$(codex-chunk put <(gen 18 1000))
    run_json codex-serve -r other fetch "$cid" --via "codex-serve stdio -r $CODEX_REPO" --json
    assert_equal "$(jq -c 'select(.type == "fetched").peers[0] | .bytesPerSecond' <<<"$output")" null
}
