# Hints of codex-serve about the sockets that a service manager passes.
load ../common
load hints

@test "a socket for an address where nothing is to listen" {
    run_split codex-testsupervise told ports 1 codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0
    assert_failure 78
    hint 'let the node listen there: --listen-addrs, or --api-bindaddr with --api-port'
    codex-testsupervise told ports 1 codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/@1 >log 3>&- &
    run_split codex-serve health --wait 60s
    assert_success
    codex-serve stop
    wait $!
}

@test "a descriptor that is no socket of TCP" {
    # shellcheck disable=SC2016 # for the inner shell
    run_split timeout 60 bash -c 'LISTEN_PID=$BASHPID LISTEN_FDS=1 exec codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0 3</dev/null'
    assert_failure 78
    hint 'pass sockets of ListenStream= with an IP address and a port; codex-serve(1) says more under SUPERVISION'
    assert grep -q ListenStream= "$CODEX_SOURCE/scripts/systemd/codex-serve.socket"
}
