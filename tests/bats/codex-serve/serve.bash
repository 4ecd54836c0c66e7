# What the tests of nodes share.
# shellcheck shell=bash disable=SC2034,SC2154 # variables of the files that load this one, and of bats

# start_node [OPTION...]: `codex-serve run` on loopback, in the background: its process number is $node, its
# address $address, its log the file log, what it says to people the file said.
start_node() {
    rm -f ready
    codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready "$@" >>log 2>said 3>&- &
    node=$!
    wait_for 'test -e ready' 60 || fail "$(cat log said)"
    address=$(cut -f 2 ready)
}

# end_node [SIGNAL]: it ends by itself; its exit status is $ended.
end_node() {
    kill -s "${1:-TERM}" "$node"
    wait "$node" && ended=0 || ended=$?
    node=
}

teardown() {
    [[ -n ${node-} ]] || return 0
    kill -s KILL "$node" 2>/dev/null || true
    wait "$node" 2>/dev/null || true
}
