# codex-market mint, transfer, approve and balance; and what all calls have: --batch, --dry-run, JSON.
load ../common
load market

setup() {
    codex_setup
    start_market
}

@test "tokens are minted, given away, and let taken" {
    run_split as alice mint "$bob" 1.5tst
    assert_success
    assert_output --regexp "^$bob"$'\t0x[0-9a-f]{64}\t257\tok$'
    assert_equal "$(balance bob)" 11500000000000000000
    as alice transfer "$carol" 250 >paid
    as alice transfer "$carol" 0x10 >paid
    assert_equal "$(balance carol)" 10000000000000000266
    as alice approve 0.5tst >approved
    assert_equal "$(as alice balance)" "$alice"$'\t9999999999999999734\t500000000000000000'
    as alice approve 7 >approved
    assert_equal "$(as alice balance | cut -f 3)" 7
    assert_equal "$(printf '%s\n' "$alice" market | codex-market balance - | cut -f 2 | xargs)" '9999999999999999734 0'
    run_json as alice transfer "$bob" 1 --json
    assert_equal "$(jq -r '.type, .outcome, .object, .gasUsed, .fee, .timestamp' <<<"$output" | xargs)" \
        "transaction ok $bob null null 1800000000"
    assert_equal "$(jq -r '.events[0] | .event, .args.from, .args.to, .args.value, .sender' <<<"$output" | xargs)" \
        "Transfer $alice $bob 1 $alice"
}

@test "what the token refuses has the contract's name, its arguments and the way out" {
    run_split as alice transfer "$bob" 11tst
    assert_refusal ERC20InsufficientBalance
    assert_stderr --partial "$alice has 10000000000000000000, and 11000000000000000000 are needed"
    assert_stderr --partial "hint: give tokens to the account: codex-market mint $alice AMOUNT"
    run_json as alice transfer "$bob" 11tst --json
    error=$(grep '"type":"error"' <<<"$stderr")
    assert_equal "$(jq -c '[.code, .exit, .object, .contractError, .args, .remedies]' <<<"$error")" \
        "[\"market.refused\",76,\"$bob\",\"ERC20InsufficientBalance\",{\"sender\":\"$alice\",\"balance\":\"10000000000000000000\",\"needed\":\"11000000000000000000\"},[\"mint_tokens\"]]"
    run_split as alice transfer 0x0000000000000000000000000000000000000000 1
    assert_refusal ERC20InvalidReceiver
    run_split as alice mint "$bob" 115792089237316195423570985008687907853269984665640564039457584007913129639935
    assert_refusal Panic
    # Nothing of these is there.
    assert_equal "$(codex-market ledger head | cut -f 2)" 0
}

@test "--batch: a call a line, an answer a line, whatever it is" {
    {
        echo "$bob 5"
        echo "  $carol	7  "
        echo "$bob"
        echo "$bob 99tst"
        echo "nobody 1"
        echo
        echo "$carol 1 2"
        echo "$bob 1"
    } >calls
    run_split as alice transfer --batch <calls
    assert_success
    assert_equal "$stderr" ''
    assert_equal "$(cut -f 4 <<<"$output" | xargs)" \
        'ok ok input.malformed ERC20InsufficientBalance address.invalid input.malformed ok'
    assert_equal "$(balance bob)" 10000000000000000006
    run_json as alice transfer --batch --json <calls
    assert_equal "$(jq -r '.error.exit // 0' <<<"$output" | xargs)" '0 0 65 76 65 65 0'
    assert_equal "$(jq -r 'select(.outcome == "ERC20InsufficientBalance") | .error.contractError' <<<"$output")" \
        ERC20InsufficientBalance
    run_split as alice transfer --batch </dev/null
    assert_success
    assert_output ''
    run_split as alice transfer --batch "$bob" 5
    assert_failure 64
    run_split as alice transfer "$bob"
    assert_failure 64
    run_split as alice approve --batch <<<12
    assert_output --regexp $'\tok$'
}

@test "--batch: a program can ask and wait, and lines that are there share a sync" {
    mkfifo in out
    as alice transfer --batch <in >out &
    exec 7>in 8<out
    for amount in 1 2 3; do
        echo "$bob $amount" >&7
        read -r -t 20 -u 8 answer
        [[ $answer == *$'\tok' ]] || fail "$answer"
    done
    exec 7>&- 8<&-
    wait
    assert_equal "$(balance bob)" 10000000000000000006
    for ((i = 0; i < 1000; ++i)); do echo "$bob 1"; done >many
    as alice transfer --batch <many | cut -f 4 | sort | uniq -c | xargs >answers
    assert_equal "$(<answers)" '1000 ok'
}

@test "--dry-run says what would be, and leaves nothing" {
    run_split as alice transfer -n "$bob" 5
    assert_success
    assert_output "$bob"$'\t-\t257\tok'
    run_split as alice transfer -n "$bob" 11tst
    assert_refusal ERC20InsufficientBalance
    run_json as alice mint --dry-run --json "$bob" 5
    assert_equal "$(jq -r '.tx, (.events[0] | .event, .cursor, .tx)' <<<"$output" | xargs)" 'null Transfer null null'
    assert_equal "$(codex-market ledger head | cut -f 2)" 0
    assert_equal "$(balance bob)" 10000000000000000000
}

@test "a call that is refused does not hinder those behind it, but with --fail-fast" {
    post
    run_split as alice reserve "$request@0" "$request@0" "$request@1"
    assert_failure 76
    assert_equal "${#lines[@]}" 2
    run_split as bob reserve --fail-fast "$request@0" "$request@0" "$request@1"
    assert_failure 76
    assert_equal "${#lines[@]}" 1
}

@test "a call waits for the disk, and with --no-sync whoever looks does" {
    skip_with_sanitizers
    command -v strace >/dev/null || skip 'no strace'
    # syncs WORD...: of the tool; the first call since the machine was started has others.
    syncs() {
        env -u LD_PRELOAD strace -f -qq -o trace -e trace=fsync,fdatasync,sync_file_range,msync codex-market "$@" >out
        grep -c '(' trace || true
    }
    as alice transfer "$bob" 1 >paid
    assert_equal "$(syncs transfer --eth-private-key alice.key "$bob" 1)" 1
    assert_equal "$(syncs transfer --eth-private-key alice.key "$bob" 1 --no-sync)" 0
    assert_equal "$(syncs balance "$bob")" 1
    assert_equal "$(cut -f 2 out)" 10000000000000000003
    assert_equal "$(syncs balance "$bob")" 0
}
