# Connections with js-libp2p, which either side dials, by each muxer. That a wrong peer is refused is asked of
# us alone: js-libp2p takes whoever answers.
load ../common

peer=$CODEX_SOURCE/tests/interop/libp2p-peer.mjs

setup() {
    codex_setup
}

teardown() {
    [[ -z ${listener-} ]] || { exec 9>&-; wait "$listener"; } || true
}

# Starts COMMAND, which listens until its stdin ends; ADDRESS is the line it says.
start_listener() {
    mkfifo hold said
    "$@" <hold >said 3>&- &
    listener=$!
    exec 9>hold
    read -r -t 60 address <said
}

# js_dials OURS THEIRS AGREED: js-libp2p, which speaks the muxer THEIRS, dials us.
js_dials() {
    # shellcheck disable=SC2086 # several muxers
    start_listener codex-testnet listen $1
    run_split node "$peer" dial "$address" "$2"
    assert_success
    assert_line "muxer $3"
    assert_line "ping true"
    assert_line "identify codex"
    assert_line "unknown UnsupportedProtocolError"
    assert_line bytes
    assert_line mebibytes
    assert_line "8 connections"
}

we_dial() {
    start_listener node "$peer" listen "$1"
    run_split codex-testnet dial "$address" "$2"
    assert_success
    assert_line "muxer $3"
    assert_line --partial "identify js-libp2p"
    assert_line ping
    assert_line "unknown protocol.unsupported"
    assert_line bytes
    assert_line mebibytes
    run_split codex-testnet dial "${address%/p2p/*}/p2p/16Uiu2HAmLb6x8CmU6v6Mopiftir16SeBnhcat5dWwKCxbs3P8oRt" "$2"
    assert_failure 76
    assert_stderr --partial 'peer.wrong'
}

@test "js-libp2p dials us by mplex" { js_dials "/mplex/6.7.0 /yamux/1.0.0" /mplex/6.7.0 /mplex/6.7.0; }
@test "js-libp2p dials us by yamux" { js_dials "/mplex/6.7.0 /yamux/1.0.0" /yamux/1.0.0 /yamux/1.0.0; }
@test "we dial js-libp2p by mplex" { we_dial /mplex/6.7.0 /mplex/6.7.0 /mplex/6.7.0; }
@test "we dial js-libp2p by yamux" { we_dial /yamux/1.0.0 /yamux/1.0.0 /yamux/1.0.0; }
