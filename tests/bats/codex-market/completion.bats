# Completion of markets: slots and requests of the ledger that is named, states, events, files of keys.
load ../common
load market

# complete WORD...: what bash offers for the last word.
complete_words() {
    eval "$(codex-market completion bash)"
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _codex_market
    printf '%s\n' "${COMPREPLY[@]}"
}

@test "the shells complete slots and requests, those of a host and those that are to be had" {
    start_market
    post
    fill_slot alice 0
    codex-market get slot "$request"@{0,1,2} | cut -f 1 | sort >slots
    export CODEX_ETH_PRIVATE_KEY=alice.key
    run complete_words codex-market get slot ''
    assert_equal "$(sort <<<"$output")" "$(<slots)"
    run complete_words codex-market free --ledger nowhere ''
    assert_output ''
    run complete_words codex-market withdraw "--ledger=$CODEX_REPO/ledger" 0x
    assert_output "$request"
    run fish -c "codex-market completion fish | source; complete -C 'codex-market reserve --ledger $CODEX_REPO/ledger '"
    assert_equal "$(sort <<<"$output")" "$(<slots)"
    run fish -c 'codex-market completion fish | source; complete -C "codex-market get request "'
    assert_output "$request"
    # No address of a node is an account.
    run complete_words codex-market list mine --account ''
    assert_output ''
    run complete_words codex-market list slots --state f
    assert_output "$(printf '%s\n' filled finished failed)"
    run complete_words codex-market events --event SlotF
    assert_output "$(printf '%s\n' SlotFilled SlotFreed)"
    run fish -c 'codex-market completion fish | source; complete -C "codex-market key import alice"'
    assert_output alice.key
}
