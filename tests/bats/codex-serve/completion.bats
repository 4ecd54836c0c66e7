# Completion of nodes: those that the node of the repo is connected with.
load ../common
load serve

# complete WORD...: what bash offers for the last word.
complete_words() {
    eval "$(codex-serve completion bash)"
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _codex_serve
    printf '%s\n' "${COMPREPLY[@]}"
}

@test "the shells complete the addresses of known peers, and no other tool's words" {
    run complete_words codex-serve ping ''
    assert_output '' # no node runs
    start_node
    local at=$address
    codex-serve -r other run --listen-addrs /ip4/127.0.0.1/tcp/0 --peer "$at" >log2 2>&1 3>&- &
    local other=$!
    wait_for '[[ -n $(codex-serve -r other peers) ]]' 60
    local way
    for way in 'ping' 'connect' 'fetch --peer' 'run --peer'; do
        # shellcheck disable=SC2086 # words
        run complete_words codex-serve -r other $way ''
        assert_output "$at"
    done
    run complete_words codex-serve -r other ping /ip4
    assert_output "$at"
    run complete_words codex-serve ping '' # who has come is dialled nowhere
    assert_output ''
    run complete_words codex-serve -r other run --listen-addrs ''
    assert_output ''
    run complete_words codex-serve run --nat e
    assert_output extip:
    run complete_words codex-serve run --nat ''
    assert_output "$(printf '%s\n' any none upnp pmp extip:)"
    : >nodes-of-mine
    for way in run fetch find; do
        run complete_words codex-serve "$way" -b @ nodes # as bash cuts it
        assert_output nodes-of-mine
        run complete_words codex-serve "$way" --bootstrap-node @
        assert_line nodes-of-mine
        COMP_WORDBREAKS=' ' run complete_words codex-serve "$way" -b @nodes
        assert_output @nodes-of-mine
        run complete_words codex-serve "$way" -b spr:
        assert_output ''
    done
    run fish -c 'codex-serve completion fish | source; complete -C "codex-serve run -b @nodes"'
    assert_output --partial @nodes-of-mine
    run fish -c 'codex-serve completion fish | source; complete -C "codex-serve -r other ping "'
    assert_output --partial "$at"
    kill -s TERM "$other"
    wait "$other"
    end_node
}
