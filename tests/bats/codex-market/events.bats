# codex-market events: what the contracts told, from a cursor on, and as it comes.
load ../common
load market

setup() {
    codex_setup
    start_market
    post
    fill_slot alice 0
}

@test "events are in order, and go on behind a cursor" {
    run_split codex-market events
    assert_success
    assert_equal "$(cut -f 3 <<<"$output" | xargs)" \
        'Approval Transfer StorageRequested Approval ProofSubmitted Transfer SlotFilled' ||
        assert_equal "$(cut -f 3 <<<"$output" | xargs)" \
            'Approval Transfer StorageRequested Approval ProofSubmitted Transfer SlotFilled'
    printf '%s\n' "$output" >all
    assert_equal "$(cut -f 1 all | sort -V)" "$(cut -f 1 all)"
    cursor=$(sed -n 4p all | cut -f 1)
    run_split codex-market events --from "$cursor"
    assert_output "$(sed -n '4,$p' all)"
    run_split codex-market events --from "$cursor" --most 2
    assert_output "$(sed -n '4,5p' all)"
    run_split codex-market events --event SlotFilled --event StorageRequested
    assert_equal "$(cut -f 3 <<<"$output" | xargs)" 'StorageRequested SlotFilled'
    run_split codex-market events --about "$request@0" --event ProofSubmitted
    assert_equal "${#lines[@]}" 1
    run_split codex-market events --about "$request@1" --event ProofSubmitted
    assert_output ''
    run_json codex-market events --event SlotFilled --json
    slot=$(codex-market get slot "$request@0" | cut -f 1)
    assert_equal "$(jq -r '.event, .requestId, .slotIndex, .slotId, .args.slotIndex, .sender, .timestamp' <<<"$output" | xargs)" \
        "SlotFilled $request 0 $slot 0 $alice 1800000000"
}

@test "--follow prints what comes, as it comes, and ends when it has enough or nobody reads" {
    codex-market events --follow --event SlotFilled --most 2 >followed &
    follower=$!
    fill_slot alice 1
    wait "$follower"
    assert_equal "$(cut -f 3 followed | xargs)" 'SlotFilled SlotFilled'
    mkfifo pipe
    codex-market events --follow --from 1000.0 >pipe &
    follower=$!
    exec 7<pipe
    as alice transfer "$bob" 1 >paid
    codex-market events | tail -n 1 | cut -f 1 >last
    cursor=$(<last)
    kill "$follower"
    exec 7<&-
    codex-market events --follow --from "$cursor" | head -n 1 >one &
    follower=$!
    until [[ -s one ]]; do as alice transfer "$bob" 1 >paid; done
    as alice transfer "$bob" 1 >paid
    wait "$follower"
    assert_equal "$(cut -f 1 one)" "$cursor"
}

@test "what is no cursor, event or id is refused" {
    for words in '--from x' '--from 1' '--from -1.0' '--from 1.99999999999' '--event Nothing' '--about 0x12' '--most -1'; do
        # shellcheck disable=SC2086 # words
        run_split codex-market events $words
        assert_failure 64
        assert_output ''
        assert_stderr --partial ': hint: '
    done
}
