# The examples of the page.
load ../common

@test "serving on loopback" {
    example codex-serve.1 'Serve the repo on a port'
    assert_success
    assert_output --partial ' ms'
}

@test "fetching from it" {
    echo hello >notes.txt
    example codex-serve.1 'Have a dataset of another node'
    assert_success
    codex-chunk -r other get "$(codex-chunk put notes.txt)" | cmp - notes.txt
}

@test "one after the other in one folder" {
    echo hello >notes.txt
    local one
    for one in 'Serve the repo on a port' 'Have a dataset of another node' 'Serve in the background' \
        'Serve the repo on a port'; do
        example codex-serve.1 "$one"
        assert_success
    done
}

@test "two nodes that find each other" {
    echo hello >notes.txt
    example codex-serve.1 'Two nodes that find each other'
    assert_success
    codex-chunk -r other get "$(codex-chunk put notes.txt)" | cmp - notes.txt
}

@test "fetching over a pipe" {
    echo hello >notes.txt
    example codex-serve.1 'The same from a repo that another command'
    assert_success
    codex-chunk -r other get "$(codex-chunk put notes.txt)" | cmp - notes.txt
}

@test "a node in the background" {
    example codex-serve.1 'Serve in the background'
    assert_success
    grep -q 'Exited codex' node.log
}

@test "the node's name" {
    codex-chunk init
    codex-serve key new >/dev/null
    example codex-serve.1 'What is this node called'
    assert_success
    assert_output "$(codex-serve id)"
}
