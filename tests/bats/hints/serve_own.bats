# Hints of codex-serve about itself: its process, its memory, its lists and numbers.
load ../common
load ../codex-serve/serve
load hints

@test "a node whose socket is gone" {
    start_node
    rm "$CODEX_REPO/node/control.sock"
    run_split codex-serve health
    hint 'if it has just begun, wait for it: codex-serve health --wait 30s; else end it, which loses nothing: kill {}; and begin it again: codex-serve run'
    pasted 'kill'
    wait "$node"
    node=
    start_node
    run_split codex-serve health
    assert_success
    end_node
}

@test "an element too many, and a number too small" {
    start_node
    run_split codex-serve run --peer "$address,"
    hint 'perhaps it is a variable that was never set, or a comma too many'
    run_split codex-serve ping -c 0 "$address"
    hint 'see whether it answers at all: codex-serve ping -c 1 ADDRESS'
    end_node
}
