# A node that runs is spoken to: what it says of itself, what it is told, and who may.
# At a time: 8
load ../common
load serve

# start_other [OPTION...]: another node, on the repo "other": its process is $other, its address $other_address.
start_other() {
    rm -f ready2
    codex-serve -r other run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready2 "$@" >>log2 2>said2 3>&- &
    other=$!
    wait_for 'test -e ready2' 60 || fail "$(cat log2 said2)"
    other_address=$(cut -f 2 ready2)
}

teardown() {
    local process
    for process in ${node-} ${other-} ${third-}; do
        kill -s KILL "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
}

@test "a node that was killed is none, at once" {
    start_node
    kill -s KILL "$node"
    run_split codex-serve health
    assert_failure 69
    assert_stderr --partial 'hint: begin one: codex-serve run'
    wait "$node" || true
    node=
}

@test "without a node each command is 69, and says how to begin one" {
    codex-chunk init
    local command
    run_split codex-serve stop
    assert_refused 69 'no node serves it'
    refute grep 'codex-serve run' <<<"$stderr"
    for command in health peers 'peers --limits' reload "connect /ip4/127.0.0.1/tcp/9/p2p/$(codex-serve key new >/dev/null; codex-serve id)"; do
        # shellcheck disable=SC2086 # words
        run_split codex-serve $command
        assert_refused 69 'no node serves it'
        assert_stderr --partial 'codex-serve run'
    done
    # So it is after a kill, which leaves the socket.
    start_node
    kill -s KILL "$node"
    wait "$node" || true
    assert [ -S "$CODEX_REPO/node/control.sock" ]
    run_split codex-serve health
    assert_refused 69 'no node serves it'
    start_node
    run_split codex-serve health
    assert_success
}

@test "a node whose socket somebody removed is named, and so is the way out" {
    start_node
    local socket=$CODEX_REPO/node/control.sock command held kept
    held="a node holds it, process $node codex-serve run "
    mv "$socket" away
    for command in health peers reload stop "fetch $(gen 1 10 | codex-chunk -r other put)"; do
        # shellcheck disable=SC2086 # words
        run_split codex-serve $command
        assert_refused 69 "$held"
        assert_stderr --partial "and its control socket is not there: it has just begun, or somebody has removed $socket"
        assert_stderr --partial 'if it has just begun, wait for it: codex-serve health --wait 30s'
        assert_stderr --partial "else end it, which loses nothing: kill $node; and begin it again: codex-serve run"
    done
    run_split codex-serve health --wait 0s
    assert_refused 75 "$CODEX_REPO: the time is over: $held"
    # It is waited for as one that begins.
    codex-serve health --wait 60s >answer 3>&- &
    local waiter=$!
    mv away "$socket"
    wait "$waiter"
    kept=$(cut -f 1 answer)
    assert_equal "$kept" "$(codex-serve id)"
    # A note of one that was killed holds nothing.
    kill -s KILL "$node"
    wait "$node" || true
    run_split codex-serve health
    assert_refused 69 'no node serves it'
}

@test "health says that it serves, and waits for it; the socket is for its owner alone and goes with it" {
    codex-serve health --wait 60s >health &
    local waiting=$!
    start_node
    wait "$waiting"
    assert_equal "$(cut -f 1-3 health)" "$(codex-serve id)"$'\t0\t'"$address"
    [[ $(cut -f 4 health) == http://127.0.0.1:* ]] || fail "$(cat health)"
    # What it says is an address for others.
    codex-serve ping -c 1 "$(codex-serve health | cut -f 3)"
    run_split codex-serve health --json
    assert_success
    assert_line --index 0 --partial "\"addresses\":[\"$address\"]"
    assert_equal "$(stat -c %a "$CODEX_REPO/node")" 700
    assert_equal "$(stat -c %a "$CODEX_REPO/node/control.sock")" 600
    end_node
    assert [ ! -e "$CODEX_REPO/node/control.sock" ]
    run_split codex-serve health --wait 1s
    assert_refused 75 'no node serves it'
}

@test "stop ends it with 0 and returns when it has ended" {
    start_node
    run_split codex-serve stop
    assert_success
    run kill -s 0 "$node"
    # A child that has ended and is not waited for is still there: it has ended all the same.
    wait "$node" && ended=0 || ended=$?
    node=
    assert_equal "$ended" 0
    grep -q 'Exited codex' log
    run_split codex-serve stop
    assert_failure 69
    refute grep 'codex-serve run' <<<"$stderr"
}

@test "a node that does not answer is named in the time that was asked for" {
    start_node
    gen 1 1000 >file
    cid=$(codex-chunk put file)
    kill -s STOP "$node"
    local command times
    for command in 'stop --timeout 1s' 'health --wait 1s' "fetch --timeout 1s $cid" \
        "connect --timeout 1s /ip4/127.0.0.1/tcp/9/p2p/$(codex-serve id)"; do
        times=$SECONDS
        # shellcheck disable=SC2086 # words
        run_split timeout 100 codex-serve $command
        ((SECONDS - times <= 20)) || fail "$command took $((SECONDS - times)) s"
        assert_refused 75 "$CODEX_REPO: its node does not answer: held by process $node "
        assert_stderr --partial ": kill -KILL $node"
    done
    kill -s CONT "$node"
    # It was told to end, and does it now.
    wait "$node" && ended=0 || ended=$?
    node=
    assert_equal "$ended" 0
}

@test "connect, and both see each other; peers that are named are connected with again" {
    start_node
    start_other --peer "$address"
    wait_for '[[ -n $(codex-serve peers) ]]' 60
    run_split codex-serve peers
    assert_equal "$(cut -f 1 <<<"$output")" "$(codex-serve -r other id)"
    assert_equal "$(cut -f 3 <<<"$output")" in
    wait_for '[[ $(codex-serve -r other peers) == *Codex* ]]' 60
    run_split codex-serve -r other peers --json
    assert_line --index 0 --partial "\"address\":\"$address\",\"incoming\":false"
    # Of no use: it is connected, and that is said.
    run_split codex-serve connect "$other_address"
    assert_success
    assert_output "$(codex-serve -r other id)"
    # The first node is killed and comes again at the same place.
    kill -s KILL "$node"
    wait "$node" || true
    wait_for '[[ -z $(codex-serve -r other peers) ]]' 60
    local at=${address%/p2p/*} nobody
    rm ready
    codex-serve run --listen-addrs "$at" --ready-file ready >>log 2>said 3>&- &
    node=$!
    wait_for '[[ -n $(codex-serve -r other peers) ]]' 120
    # Who is not there, and who is another.
    run_split codex-serve connect --timeout 5s /ip4/127.0.0.1/tcp/1
    assert_refused 64 'error: /ip4/127.0.0.1/tcp/1: names no peer'
    run_split codex-serve connect --json x
    assert_equal "$(jq -r .object <<<"$stderr")" x
    codex-chunk -r third init
    codex-serve -r third key new >/dev/null
    nobody=$(codex-serve -r third id)
    run_split codex-serve connect --timeout 30s "/ip4/127.0.0.1/tcp/1/p2p/$nobody"
    assert_failure 69
    run_split codex-serve connect "${other_address%/p2p/*}/p2p/$nobody"
    assert_failure 76
}

@test "limits are shown with their values, set by options, and read again" {
    cat >settings <<-END
	max-peers = 9
	limit = ["streams=77", "idle_stream=90s", "protocol_streams=3"]
	log-level = "info"
	END
    CODEX_CONFIG=settings start_node
    run_split codex-serve peers --limits
    assert_success
    assert_line $'connections\t9\t0'
    assert_line $'streams\t77\t0'
    assert_line $'idle_stream\t1m30s\t0'
    assert_line $'protocol_streams\t3\t0'
    assert_line $'evicted\t-\t0'
    # A limit that bites is counted.
    run_split codex-serve peers --limits --json
    assert_line --index 0 '{"type":"limit","name":"connections","value":"9","hits":0}'
    cat >settings <<-END
	max-peers = 1
	log-level = "debug"
	END
    codex-serve reload
    run_split codex-serve peers --limits
    assert_line $'connections\t1\t0'
    assert_line $'streams\t4096\t0'
    assert_line $'protocol_streams\t16\t0'
    grep -q 'The configuration was read again' log
    # What cannot be taken over while it serves is named.
    printf '%s\n' 'max-peers = 1' 'log-level = "debug"' 'agent-string = "Other"' 'threads = 2' >settings
    run_split codex-serve reload
    assert_success
    assert_stderr --partial 'warning: agent-string: has changed, and takes effect when the node is begun again'
    assert_stderr --partial 'warning: threads: has changed'
    [[ $(grep -c warning <<<"$stderr") == 2 ]] || fail "$stderr"
    run_json codex-serve reload --json
    assert_output ''
    assert_equal "$(jq -r '.later | sort | join(" ")' <<<"$summary")" 'agent-string threads'
    assert_equal "$(jq -r .object <<<"$stderr" | sort | xargs)" 'agent-string threads'
    grep -q 'WRN.*takes effect when the node is begun again.*agent-string' log
    start_other --peer "$address"
    wait_for '[[ -n $(codex-serve peers) ]]' 60
    run_split codex-serve ping -c 1 "$address"
    assert_failure
    wait_for '[[ $(codex-serve peers --limits) == *connections$'"'"'\t1\t'"'"'[1-9]* ]]' 60
    wait_for 'grep -q ^DBG log' 60
}

@test "a mistake in what is read again changes nothing and is said" {
    echo 'max-peers = 9' >settings
    CODEX_CONFIG=settings start_node
    echo 'max-peers = 0' >settings
    run_split codex-serve reload
    assert_refused 78 'settings:1: max-peers: 0 is not from 1 to'
    run_split codex-serve reload --json
    assert_equal "$(jq -sr '.[0].object' <<<"$stderr")" settings
    local wrong
    for wrong in limit peer; do
        printf '# a line before\n%s = "foo"\n' "$wrong" >settings
        run_split codex-serve reload
        assert_refused 78 "settings:2: $wrong: "
        refute grep 'reload --help' <<<"$stderr"
    done
    echo 'nonsense = 0' >settings
    run_split codex-serve reload
    assert_refused 78 nonsense
    kill -s HUP "$node"
    wait_for 'grep -q "ERR.*The configuration stays as it was.*nonsense" log' 60
    run_split codex-serve peers --limits
    assert_line $'connections\t9\t0'
    printf 'max-peers = 8\npeer = "/ip4/127.0.0.1/tcp/1/p2p/%s"\n' "$(codex-serve id)" >settings
    kill -s HUP "$node"
    wait_for '[[ $(codex-serve peers --limits) == *connections$'"'"'\t8\t'"'"'* ]]' 60
    # For a FIFO nobody waits, whichever file it stands for.
    rm settings
    mkfifo settings
    run_split timeout 60 codex-serve reload
    assert_refused 78 'settings: is no regular file'
    kill -s HUP "$node"
    wait_for 'grep -q "ERR.*The configuration stays as it was.*settings: is no regular file" log' 60
    codex-serve health
    run_split codex-serve peers --limits
    assert_line $'connections\t8\t0'
    codex-serve spr >records
    end_node
    assert_equal "$ended" 0
    CODEX_CONFIG=/dev/null start_node -b @records
    codex-serve reload
    rm records
    mkfifo records
    run_split timeout 60 codex-serve reload
    assert_refused 78 'records: is no regular file'
    codex-serve health
    # The option goes before the file, now as then.
    end_node
    rm settings
    echo 'max-peers = 7' >settings
    CODEX_CONFIG=settings start_node --max-peers 5
    echo 'max-peers = 4' >settings
    codex-serve reload
    run_split codex-serve peers --limits
    assert_line $'connections\t5\t0'
    run_split codex-serve -r other run --limit nonsense=5
    assert_refused 64 '--limit: nonsense=5: there is no such limit'
    run_split codex-serve -r other run --limit streams=5,idle_stream=1m --limit streams=6
    assert_refused 64 '--limit: streams is given twice'
    run_split codex-serve -r other run --peer /ip4/127.0.0.1/tcp/5
    assert_refused 64 '--peer: '
}

@test "the node fetches, of the peers that it has, and the content is written" {
    gen 1 3000000 >file
    start_node
    cid=$(codex-chunk put file)
    start_other --peer "$address"
    wait_for '[[ -n $(codex-serve -r other peers) ]]' 60
    run_split codex-serve -r other fetch "$cid" --json
    assert_success
    assert_line --index 0 --partial '"blocksFetched":46'
    assert_line --index 0 --partial "\"id\":\"${address##*/}\",\"blocks\":47"
    codex-chunk -r other get "$cid" | cmp - file
    codex-serve -r other fetch "$cid" --to - | cmp - file
    # It was that node, which has moved the bytes.
    local moved
    moved=$(codex-serve -r other peers | cut -f 7)
    ((moved >= 3000000)) || fail "$moved bytes came"
    # A part, and to a file.
    gen 2 3000000 >second
    cid=$(codex-chunk put second)
    codex-serve -r other fetch "$cid" --range 1000000-1999999 --to part
    cmp part <(tail -c +1000001 second | head -c 1000000)
    wait_for '[[ $(codex-chunk -r other ls) == *partial* ]]' 60
    # Peers that are named are asked, too.
    gen 3 300000 >third_file
    codex-serve -r third run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready3 >log3 2>&1 3>&- &
    third=$!
    wait_for 'test -e ready3' 60
    cid=$(codex-chunk -r third put third_file)
    run_split codex-serve -r other fetch "$cid"
    assert_failure 1
    assert_stderr --partial 'no peer has it'
    run_split codex-serve -r other fetch "$cid" --peer "$(cut -f 2 ready3)" --to copy
    assert_success
    cmp copy third_file
    run_split codex-serve -r other fetch "$cid" --timeout 10s --peer nonsense
    assert_failure 64
    assert_refused 64 '--peer'
}

# The command PID has found the node and is heard: one that finds none fetches by itself.
at_the_node() { # PID
    [[ $(readlink "/proc/$1/fd/"*) == *socket:* ]] && codex-serve -r other health >health
}

@test "a fetch by the node ends with the command, and with the node within five seconds" {
    gen 1 3000000 >file
    start_node
    cid=$(codex-chunk put file)
    # Some is missing there, so it goes on until something says that it is not wanted.
    start_other
    kill -s STOP "$node" # nobody answers
    codex-serve -r other fetch "$cid" --peer "$address" >out 2>err &
    local fetch=$!
    wait_for 'at_the_node $fetch' 60
    kill -s KILL "$fetch"
    wait "$fetch" || true
    local times=$SECONDS
    codex-serve -r other stop
    ((SECONDS - times <= 8)) || fail "it took $((SECONDS - times)) s"
    wait "$other"
    # Now the node is told to end under a command that waits.
    start_other
    codex-serve -r other fetch "$cid" --peer "$address" >out 2>err &
    fetch=$!
    wait_for 'at_the_node $fetch' 60
    times=$SECONDS
    kill -s TERM "$other"
    wait "$other" && ended=0 || ended=$?
    other=
    assert_equal "$ended" 0
    ((SECONDS - times <= 8)) || fail "it took $((SECONDS - times)) s"
    wait "$fetch" && ended=0 || ended=$?
    ((ended != 0)) || fail 'a fetch that was cut off ended with 0'
    kill -s CONT "$node"
}

@test "lines of the socket are JSON, and what is none ends nothing" {
    start_node
    talk() { perl -MIO::Socket::UNIX -e '
my $socket = IO::Socket::UNIX->new(Peer => shift) or die "connect: $!";
alarm 60;
for my $line (@ARGV) {
    syswrite $socket, "$line\n";
    while (my $answer = <$socket>) {
        print $answer;
        last if $answer =~ /^\{"(done|error)"/;
    }
}' "$CODEX_REPO/node/control.sock" "$@"; }
    run talk '{"request":"health"}' nonsense '{"request":"reboot"}' '{"request":"connect","address":"nonsense"}' '{"request":"limits"}'
    assert_line --index 0 --partial "{\"node\":{\"id\":\"$(codex-serve id)\""
    assert_line --index 1 '{"done":{}}'
    assert_line --index 2 --partial '{"error":{"code":"json.invalid"'
    assert_line --index 3 --partial '{"error":{"code":"unsupported"'
    assert_line --index 4 --partial '{"error":{"code":"multiaddr.invalid"'
    assert_line '{"limit":{"name":"connections","value":"160","hits":0}}'
    # What is wrong with a request is said in words of its own, and not in those of a command line.
    cid=$(gen 9 1000 | codex-chunk put)
    run talk '{"request":"fetch","peers":[1]}' "{\"request\":\"fetch\",\"cid\":\"$cid\",\"range\":\"x\"}" \
        "{\"request\":\"fetch\",\"cid\":\"$cid\",\"range\":\"9-1\"}" "{\"request\":\"fetch\",\"cid\":\"$cid\",\"slot\":1}"
    assert_line --index 0 --partial '\"peers\" is a list, but not all of its entries are of its kind'
    assert_line --index 1 --partial "'x' is no range"
    assert_line --index 2 --partial "'9-1' ends before it begins"
    assert_output --partial 'only verifiable datasets have slots'
    refute grep -e --range -e --slot <<<"$output"
    codex-serve health
}
