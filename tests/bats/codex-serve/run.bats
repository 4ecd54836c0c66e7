# A node as a process: how it begins, what it says, and how it ends.
load ../common
load serve

@test "it says where it is, serves, and ends with 0 when it is told to" {
    start_node
    assert_equal "$(cut -f 1 ready)" "$(codex-serve id)"
    [[ $address == /ip4/127.0.0.1/tcp/*/p2p/$(codex-serve id) ]] || fail "$address"
    run_split codex-serve ping -c 2 "$address"
    assert_success
    assert_equal "${#lines[@]}" 2
    local signal
    end_node TERM
    assert_equal "$ended" 0
    grep -q "Started codex node.*$address" log
    grep -q 'Shutting down after having received SIGTERM' log
    grep -q '^NTC.*Exited codex' log
    assert_equal "$(cat said)" ''
    # Anew, with the same key, and by the other signal.
    local before=${address##*/}
    start_node
    assert_equal "${address##*/}" "$before"
    end_node INT
    assert_equal "$ended" 0
    grep -q 'Shutting down after having received SIGINT' log
}

@test "it ends soon with peers that are connected" {
    start_node
    local times
    for _ in 1 2 3; do codex-serve ping -c 1 "$address" >/dev/null; done
    times=$SECONDS
    end_node
    assert_equal "$ended" 0
    ((SECONDS - times <= 10)) || fail "it took $((SECONDS - times)) s"
}

# end_with_upload: a node that is told to end, and waits for an upload that goes no further.
end_with_upload() {
    start_node
    local port
    port=$(codex-serve health | cut -f 4)
    exec 7<>"/dev/tcp/127.0.0.1/${port##*:}"
    printf 'POST /api/codex/v1/data HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nbegin' >&7
    wait_for '(($(curl -sS "'"$(codex-serve health | cut -f 4)"'/api/codex/v1/space" | wc -c) > 0))'
    kill "$node"
    wait_for "grep -q 'Stopping codex' log"
}

@test "told again while it ends it ends as it would; told a second later, outright" {
    end_with_upload
    kill "$node"
    kill -s HUP "$node"
    wait "$node" && ended=0 || ended=$?
    assert_equal "$ended" 0
    grep -q 'Exited codex' log
    rm log
    end_with_upload
    # Again and again, of which the first that is late enough does it.
    wait_for "! kill '$node' 2>/dev/null"
    wait "$node" && ended=0 || ended=$?
    assert_equal "$ended" 143
    refute grep -q 'Exited codex' log
    node=
    exec 7>&-
}

@test "nobody who reads neither the log nor the ready file holds it up" {
    mkfifo full
    exec 7<>full
    dd if=/dev/zero of=full oflag=nonblock bs=4096 count=1000 2>/dev/null || true
    dd if=/dev/zero of=full oflag=nonblock bs=1 count=5000 2>/dev/null || true
    run_split timeout 60 codex-serve run -i /ip4/127.0.0.1/tcp/0 --ready-file full
    assert_failure 73
    assert_stderr --partial 'full: is full, and nobody reads it'
    # The log, of which all is said, goes into the same.
    codex-serve run -i /ip4/127.0.0.1/tcp/0 --log-level trace --ready-file ready >full 2>said 3>&- &
    node=$!
    wait_for 'test -e ready' 60 || fail "$(cat said)"
    run codex-serve health
    assert_success
    end_node
    assert_equal "$ended" 0
}

@test "it goes on when who reads its log has gone" {
    mkfifo gone
    codex-serve run -i /ip4/127.0.0.1/tcp/0 --log-level trace --ready-file ready >gone 2>said 3>&- &
    node=$!
    head -n 1 gone >first
    wait_for 'test -e ready' 60 || fail "$(cat first said)"
    run_split codex-serve ping -c 1 "$(cut -f 2 ready)" # of which there are records
    assert_success
    kill -s PIPE "$node"
    run codex-serve health
    assert_success
    end_node
    assert_equal "$ended" 0
}

@test "a second one on the same repo is 75, and told who is the first" {
    start_node
    run_split codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0
    assert_failure 75
    assert_stderr --partial 'is served already'
    assert_stderr --partial "process $node"
    assert_stderr --partial 'codex-serve run'
    refute grep -e --lock-timeout <<<"$stderr"
    # Another repo is another node.
    codex-serve -r other run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready2 >log2 2>&1 3>&- &
    local other=$!
    wait_for 'test -e ready2' 60 || fail "$(cat log2)"
    grep -q 'Started codex node' log2
    kill -s TERM "$other"
    wait "$other"
    # A kill leaves nothing that has to be cleared up.
    kill -s KILL "$node"
    wait "$node" || true
    start_node
    end_node
    assert_equal "$ended" 0
}

@test "the other tools work on in its repo" {
    start_node
    gen 1 300000 >file
    cid=$(codex-chunk put file)
    codex-chunk get "$cid" | cmp - file
    run_split codex-chunk verify
    assert_success
    run_split codex-chunk gc
    assert_success
    codex-chunk rm "$cid"
    end_node
    assert_equal "$ended" 0
    run_split codex-chunk verify
    assert_success
}

@test "a port that is taken is 78, an address that is none 64" {
    start_node
    local port=${address#*/tcp/}
    port=${port%%/*}
    run_split codex-serve -r other run --listen-addrs "/ip4/127.0.0.1/tcp/$port"
    assert_refused 78 "listen at 127.0.0.1:$port"
    assert_stderr --partial ': --listen-addrs /ip4/127.0.0.1/tcp/0'
    # In JSON the address is what the error is about, whoever listens there.
    local options
    for options in "-i /ip4/127.0.0.1/tcp/$port" "-i /ip4/127.0.0.1/tcp/0 --api-port $port" \
        "-i /ip4/127.0.0.1/tcp/0 --metrics --metrics-port $port"; do
        # shellcheck disable=SC2086 # words
        run_split codex-serve --json -r other run $options
        assert_failure 78
        assert_equal "$options: $(jq -r '.code, .object' <<<"$stderr" | xargs)" "$options: address.in_use 127.0.0.1:$port"
    done
    local wrong
    for wrong in nonsense /ip4/127.0.0.1 /ip4/127.0.0.1/udp/5 /dns4/localhost/tcp/5 "$address" /ip4/1.2.3/tcp/5; do
        run_split codex-serve -r other run --listen-addrs "$wrong"
        assert_refused 64 '--listen-addrs: '
    done
    # Of a kind that no socket can have: a mapped one, and one of a link without the link.
    for wrong in /ip6/::ffff:127.0.0.1/tcp/0 /ip6/fe80::1/tcp/0; do
        run_split codex-serve -r other run --listen-addrs "$wrong"
        assert_refused 78 "$wrong: no address of this host: listen at "
    done
    run_split codex-serve -r other run -i /ip4/127.0.0.1/tcp/0 --api-bindaddr ::ffff:127.0.0.1
    assert_refused 78 '[::ffff:127.0.0.1]:0: no address of this host: '
    run_split codex-serve -r other run -i /ip4/127.0.0.1/tcp/0 --disc-ip ::ffff:127.0.0.1
    assert_refused 78 '[::ffff:127.0.0.1]:0: no address of this host: '
    run_split codex-serve -r other run --max-peers 0
    assert_refused 64 '--max-peers: '
    run_split codex-serve -r other run --agent-string "$(printf '%257s' '')"
    assert_refused 64 '--agent-string: '
}

@test "a key that others may read is 77, one that is none 65" {
    codex-serve key new key >/dev/null
    chmod 644 key
    run_split codex-serve run --net-privkey key --listen-addrs /ip4/127.0.0.1/tcp/0
    assert_refused 77 key
    head -c 36 /dev/zero >zeros
    chmod 600 zeros
    run_split codex-serve run --net-privkey zeros --listen-addrs /ip4/127.0.0.1/tcp/0
    assert_refused 65 zeros
}

@test "its settings stand in the environment or the file, the option before both; other tools pass over them" {
    codex-serve key new mine >/dev/null
    cat >settings <<-END
	listen-addrs = "/ip4/127.0.0.1/tcp/0, /ip6/::1/tcp/0"
	net-privkey = "mine"
	max-peers = 7
	agent-string = "of the file"
	END
    CODEX_CONFIG=settings codex-serve run --ready-file ready >log 2>said 3>&- &
    node=$!
    wait_for 'test -e ready' 60
    assert_equal "$(wc -l <ready)" 2
    assert_equal "$(cut -f 1 ready | sort -u)" "$(codex-serve id --net-privkey mine)"
    end_node
    CODEX_CONFIG=settings CODEX_LISTEN_ADDRS=/ip4/127.0.0.1/tcp/0 codex-serve run --ready-file ready3 >log 2>said 3>&- &
    node=$!
    wait_for 'test -e ready3' 60
    assert_equal "$(wc -l <ready3)" 1
    end_node
    CODEX_LISTEN_ADDRS=nonsense codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready4 >log 2>said 3>&- &
    node=$!
    wait_for 'test -e ready4' 60
    end_node
    run_split codex-serve config --config-file settings --json
    assert_equal "$(jq -r 'select(.name == "listen-addrs").value' <<<"$output")" '/ip4/127.0.0.1/tcp/0, /ip6/::1/tcp/0'
    CODEX_LISTEN_ADDRS=nonsense run_split codex-serve run
    assert_refused 78 '$CODEX_LISTEN_ADDRS: "nonsense"'
    echo 'listen-addrs = "nonsense"' >wrong
    run_split codex-serve run --config-file wrong
    assert_refused 78 'wrong:1: listen-addrs: "nonsense"'
    run_split codex-serve run --config-file wrong --listen-addrs folly
    assert_refused 64 '--listen-addrs: "folly"'
    CODEX_MAX_PEERS=many run_split codex-serve run
    assert_refused 78 '$CODEX_MAX_PEERS'
    echo 'max-peers = "many"' >wrong
    run_split codex-serve run --config-file wrong
    assert_refused 78 'wrong:1: max-peers'
    local tool
    for tool in codex-chunk codex-ec codex-merkle codex-prove codex-serve; do
        run_split "$tool" config --config-file settings
        assert_success
    done
    echo 'max-peer = 7' >slip
    run_split codex-serve config --config-file slip
    assert_refused 78 "there is no setting 'max-peer'"
}

@test "its log has the form and the levels that are asked for" {
    start_node --json
    end_node
    jq -es 'map(select(.msg == "Started codex node")) | .[0]
        | .lvl == "INF" and .topics == "codex node" and (.addrs | length == 1) and .id != null' log
    rm log
    start_node --log-level warn
    end_node
    assert_equal "$(cat log)" ''
    start_node --log-level 'warn;trace:libp2p'
    end_node
}

@test "what cannot be ready is said before anything is served, and what was ready is not" {
    run_split codex-serve run --listen-addrs ''
    assert_failure 64
    assert_stderr --partial '--listen-addrs: MULTIADDR is empty'
    for file in none/ready "$PWD"; do
        run_split codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file "$file"
        assert_failure
        assert_output ''
    done
    mkfifo nobody # who would read it
    run_split timeout 20 codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file nobody
    assert_failure 73
    assert_output ''
    assert_stderr --partial 'nobody: is a FIFO that nobody reads'
    echo old >ready
    start_node_at_once
    wait_for '! grep -qs old ready' 60
    wait_for 'test -e ready' 60
    address=$(cut -f 2 ready)
    codex-serve ping -c 1 "$address"
    end_node
}

# start_node_at_once: start_node, with the file of the last one still there.
start_node_at_once() {
    codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready >>log 2>said 3>&- &
    node=$!
}

@test "the number of its record is kept, goes on after a clock that went back, and a wrong one is said" {
    start_node
    codex-serve ping -c 1 "$address"
    wait_for "test -e $CODEX_REPO/node/record" 60
    local first wrong
    first=$(cat "$CODEX_REPO/node/record")
    [[ $first =~ ^[0-9]+$ ]] || fail "$first"
    end_node
    echo 99999999999 >"$CODEX_REPO/node/record"
    start_node
    codex-serve ping -c 1 "$address"
    wait_for '(($(cat "$CODEX_REPO/node/record") > 99999999999))' 60 # of peers and of the DHT
    end_node
    for wrong in nonsense 18446744073709551615 253402300800; do
        echo "$wrong" >"$CODEX_REPO/node/record"
        start_node
        grep -q 'WRN.*The number of the last record is not known' log || fail "$wrong"
        codex-serve ping -c 1 "$address"
        wait_for '(($(cat "$CODEX_REPO/node/record") < 5000000000))' 60 # a time of this clock
        end_node
        assert_equal "$ended" 0
    done
}

@test "connections that say nothing keep nobody out" {
    start_node
    local port=${address#*/tcp/}
    port=${port%%/*}
    local silent=() fd
    for _ in {1..60}; do
        exec {fd}<>"/dev/tcp/127.0.0.1/$port"
        silent+=("$fd")
    done
    codex-serve ping -c 1 "$address"
    run_split codex-serve peers --limits
    assert_output --regexp $'unauthenticated\t32\t[1-9]'
    for fd in "${silent[@]}"; do exec {fd}>&-; done
    end_node
}

@test "the ready file goes with its node, and another's stays" {
    local how
    for how in TERM INT stop; do
        start_node
        assert_file_exists ready
        if [[ $how == stop ]]; then
            codex-serve stop
            wait "$node"
            node=
        else
            end_node "$how"
        fi
        assert [ ! -e ready ]
    done
    start_node
    echo other >another
    mv another ready
    end_node
    assert_equal "$(cat ready)" other
    # Behind a link it is the same, and the link stays.
    mkdir elsewhere
    echo old >elsewhere/ready
    ln -sf elsewhere/ready ready
    start_node_at_once
    wait_for '! grep -qs old ready' 60
    wait_for 'test -e ready' 60 || fail "$(cat log said)"
    end_node
    assert [ ! -e elsewhere/ready ]
    assert [ -L ready ]
    # Where it is no file, it stays what it was.
    codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file /dev/fd/7 >log 2>said 3>&- 7>&1 &
    node=$!
    wait_for 'grep -q "^16U" log' 60 || fail "$(cat log said)"
    end_node
    assert_equal "$ended" 0
}

@test "what stands in the place of its own files is neither changed nor waited for" {
    codex-chunk init
    mkdir -m 755 folder
    echo x >file
    chmod 644 file
    for kind in 'ln -s ../folder' 'ln -s ../file' 'cp file' mkfifo; do
        $kind "$CODEX_REPO/node"
        run_split timeout 60 codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0
        assert_refused 73 "$CODEX_REPO/node"
        rm "$CODEX_REPO/node"
    done
    assert_equal "$(stat -c %a folder file | xargs)" '755 644'
    for kind in mkfifo mkdir 'ln -s ../../file' 'cp file'; do
        mkdir -p "$CODEX_REPO/node"
        rm -rf "$CODEX_REPO/node/record"
        $kind "$CODEX_REPO/node/record"
        start_node
        grep -q 'last record is not known' log || fail "$(cat log)"
        end_node
    done
    assert_equal "$(cat file)" x
}

@test "a repo in a folder with a long name is served and spoken to" {
    local long
    long=$PWD/$(printf '%0100d' 0)/$(printf '%0100d' 1)
    mkdir -p "$(dirname "$long")"
    export CODEX_REPO=$long
    start_node
    codex-serve health
    codex-serve stop
}
