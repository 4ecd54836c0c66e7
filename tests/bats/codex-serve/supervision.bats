# A node under a service manager: what it is passed, and what it says.
load ../common
load serve

# begin SOCKETS OPTION...: under one that says what it was told in the file told, and ports in the file ports.
begin() {
    rm -f ports told
    codex-testsupervise told ports "$1" codex-serve run "${@:2}" >log 2>said 3>&- &
    node=$!
    wait_for '[[ -e ports ]]'
}

until_ready() {
    wait_for "grep -q '^READY=1' told || ! kill -0 $node" || fail "$(cat log said)"
    assert grep -q '^READY=1' told
}

@test "it says when it serves and when it ends, and passes nothing of that on" {
    begin 0 --listen-addrs /ip4/127.0.0.1/tcp/0
    until_ready
    # It is true: peers and requests are taken.
    run_split codex-serve ping -c 1 "$(codex-serve health | cut -f 3)"
    assert_success
    run_split curl -sS -H "Accept: text/plain" "$(codex-serve health | cut -f 4)/api/codex/v1/peerid"
    assert_output "$(codex-serve id)"
    assert_equal "$(<told)" "READY=1
STATUS=Serving as $(codex-serve id)"
    end_node
    assert_equal "$ended" 0
    assert_equal "$(<told)" "READY=1
STATUS=Serving as $(codex-serve id)

STOPPING=1
STATUS=Stopping"
}

@test "it says nothing of being ready when it does not begin" {
    begin 0 --listen-addrs /ip4/127.0.0.1/tcp/0 --api-port 99999
    wait "$node" && ended=0 || ended=$?
    node=
    assert_equal "$ended" 64
    assert_equal "$(<told)" ''
}

@test "sockets that it is passed are those at its addresses" {
    begin 2 --listen-addrs /ip4/127.0.0.1/tcp/@1 --api-port @2
    # Who connects before it serves waits, and is answered.
    run_split curl -sS -H "Accept: text/plain" --max-time 60 "http://127.0.0.1:$(sed -n 2p ports)/api/codex/v1/peerid"
    assert_success
    assert_output "$(codex-serve id)"
    until_ready
    assert_equal "$(codex-serve health | cut -f 3)" "/ip4/127.0.0.1/tcp/$(sed -n 1p ports)/p2p/$(codex-serve id)"
    run_split codex-serve ping -c 1 "$(codex-serve health | cut -f 3)"
    assert_success
    end_node
    assert_equal "$ended" 0
}

@test "a socket for an address where nothing listens is refused" {
    begin 1 --listen-addrs /ip4/127.0.0.1/tcp/0 --api-bindaddr none
    wait "$node" && ended=0 || ended=$?
    node=
    assert_equal "$ended" 78
    assert_equal "$(<said)" "codex-serve: error: 127.0.0.1:$(<ports): a socket was passed for it, and nothing is to listen there
codex-serve: hint: let the node listen there: --listen-addrs, or --api-bindaddr with --api-port"
    # The same, as an address that is named.
    begin 1 --listen-addrs "/ip4/127.0.0.1/tcp/@1" --api-bindaddr none
    until_ready
    end_node
    assert_equal "$ended" 0
}

@test "a socket for another address with the same port is what is in the way" {
    local options
    for options in '--api-bindaddr 0.0.0.0 --api-port @1 --listen-addrs /ip4/127.0.0.1/tcp/0' \
        '--listen-addrs /ip4/0.0.0.0/tcp/@1'; do
        # shellcheck disable=SC2086 # words
        begin 1 --json $options
        wait "$node" && ended=0 || ended=$?
        node=
        assert_equal "$ended" 78
        assert_equal "$(jq -r '.code, .object, .message' said | xargs)" \
            "config.invalid 127.0.0.1:$(<ports) a socket was passed for it, and nothing is to listen there"
    done
}

@test "a descriptor that is no such socket is refused" {
    # shellcheck disable=SC2016 # for the inner shell
    run_split timeout 60 bash -c 'LISTEN_PID=$BASHPID LISTEN_FDS=1 exec codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0 3</dev/null'
    assert_failure 78
    assert_stderr 'codex-serve: error: of the sockets that were passed descriptor 3 is no socket of TCP that listens
codex-serve: hint: pass sockets of ListenStream= with an IP address and a port; codex-serve(1) says more under SUPERVISION'
}

@test "sockets of another process are none of its own" {
    run_split timeout 60 bash -c 'LISTEN_PID=1 LISTEN_FDS=1 codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0 3</dev/null >log &
        codex-serve health --wait 30s && codex-serve stop'
    assert_success
}

@test "the units say what the node understands" {
    local unit=$CODEX_SOURCE/scripts/systemd
    # The command, with a folder of ours, and the addresses of the sockets.
    local command
    command=$(sed -n 's,^ExecStart=/usr/local/bin/,,p' "$unit/codex-serve.service")
    for word in $command; do
        case $word in
        --listen-addrs=/ip4/*/tcp/*)
            address=${word#*/ip4/}
            assert grep -qx "ListenStream=${address%%/*}:${address##*/}" "$unit/codex-serve.socket"
            ;;
        --*)
            codex-serve run --help | grep -q -- "${word%%=*}" || fail "$word"
            ;;
        esac
    done
    # What does not mend by itself is not begun again and again: a port, a key, a token file, a folder.
    local prevented code
    prevented=$(sed -n 's/^RestartPreventExitStatus=//p' "$unit/codex-serve.service")
    echo junk >key && chmod 600 key
    mkdir things && touch things/photo
    while read -r code command; do
        # shellcheck disable=SC2086 # words
        run_split codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0 $command
        assert_failure "$code"
        [[ " $prevented " == *" $code "* ]] || fail "$code"
    done <<-'END'
	64 --api-port 99999
	65 --net-privkey key
	66 --api-token-file nowhere
	73 --data-dir things
	78 --listen-addrs /ip4/192.0.2.1/tcp/0
	END
    # That of requests over HTTP is where they are taken by default.
    assert grep -qx 'ListenStream=127.0.0.1:8080' "$unit/codex-serve.socket"
    command -v systemd-analyze >/dev/null || skip 'no systemd-analyze here'
    mkdir units
    sed "s,/usr/local/bin,$CODEX_BIN," "$unit/codex-serve.service" | grep -v ^Documentation >units/codex-serve.service
    grep -v ^Documentation "$unit/codex-serve.socket" >units/codex-serve.socket
    run_split systemd-analyze verify --man=no "$PWD"/units/*
    assert_success
    assert_stderr ''
}
