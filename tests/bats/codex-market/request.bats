# codex-market request: storage is asked for, once for each command, whatever becomes of the command.
load ../common
load market

setup_file() {
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR codex_setup
    gen 1 200000 | codex-chunk put --block-size 8192 - >plain
    codex-ec encode -k 2 -m 1 <plain | cut -f 1 >protected
    codex-prove slots <protected >verifiable
}

setup() {
    codex_setup
    cp -r "$BATS_FILE_TMPDIR/repo" "$CODEX_REPO"
    cp "$BATS_FILE_TMPDIR/work"/* .
    verifiable=$(<verifiable)
    start_market
    terms=(--duration 1h --price 2 --collateral 10)
    export CODEX_ETH_PRIVATE_KEY=$PWD/client.key
}

requests() { codex-market events --event StorageRequested | wc -l; }

@test "a verifiable dataset from a pipe, or named: its slots, sizes and root are asked for" {
    run_split codex-market request "${terms[@]}" <verifiable
    assert_success
    # 3 slots of 16 blocks of 8 KiB, for 3600 s.
    assert_output --regexp $'^0x[0-9a-f]{64}\t2831155200\t1800000600\t1800003600\t0x[0-9a-f]{64}\t257$'
    id=$(cut -f 1 <<<"$output")
    run_json codex-market get request "$id" --json
    assert_equal "$(jq -c '.request.ask, .request.expiry' <<<"$output" | jq -sc '[.[0][]] + [.[1]] | map(tonumber)')" \
        '[100,2,10,3,131072,3600,1,600]'
    assert_equal "$(jq -r '.request | .content.cid, .client' <<<"$output" | xargs)" "$verifiable $client"
    assert_equal "$(jq -r .request.content.merkleRoot <<<"$output")" \
        "$(codex-prove status --json "$verifiable" | head -n 1 | jq -r .merkleRoot)"
    jq -c .request <<<"$output" >document
    assert_equal "$(codex-market id document | head -n 1 | cut -f 1)" "$id"
    run_json codex-market request --json "${terms[@]}" --expiry 5m --proof-probability 1 --max-slot-loss 0 < <(
        codex-prove slots --json <protected)
    assert_equal "$(jq -r '.type, .cid, .expiresAt' <<<"$output" | xargs)" "purchase $verifiable 1800000300"
    assert_equal "$(requests)" 2
}

@test "a plain dataset is encoded and gets its slots first, and the same request is made of it" {
    run_split codex-market request "$(<plain)" --nodes 3 --tolerance 1 "${terms[@]}" --nonce "$(printf '%064d' 5)"
    assert_success
    id=$(cut -f 1 <<<"$output")
    assert_equal "$(codex-market get request "$id" | cut -f 3)" "$verifiable"
    run_split codex-market request "$(<protected)" --nodes 5 --tolerance 2 "${terms[@]}"
    assert_refused 64 'is protected already, for 3 nodes of which 1 may be lost'
    run_split codex-market request "$(<plain)" "${terms[@]}"
    assert_failure 65
    assert_stderr --partial ': hint: '
    run_split codex-market request "$(<protected)" "${terms[@]}"
    assert_failure 65
    assert_stderr --partial "codex-prove slots $(<protected)"
}

@test "-n says what it costs, what hosts earn, and what a miss costs; nothing is left" {
    run_split codex-market request -n "$verifiable" "${terms[@]}"
    assert_success
    assert_output "$verifiable"$'\t2831155200\t943718400\t1310720\t262144\t2'
    run_json codex-market request -n --json "$verifiable" "${terms[@]}"
    assert_equal "$(jq -r '.type, .cid, .earningsPerSlotPerSecond, .repairCollateralPerSlot, .rewardOfValidator, .slots' <<<"$output" | xargs)" \
        "terms $verifiable 262144 1179648 52428 3"
    assert_equal "$(requests)" 0
    assert_equal "$(balance client)" 1000000000000000000000
    assert_not_exist "$CODEX_REPO/ledger/requests"
    # Also that it would be refused.
    run_split codex-market request -n "$verifiable" --duration 1h --price 1tst --collateral 1
    assert_refusal ERC20InsufficientBalance
    assert_stderr --partial "error: $verifiable: ERC20InsufficientBalance: "
}

@test "a command that did not say the id can be repeated: nothing is posted twice" {
    # It is posted, and cannot be printed.
    run_split bash -c 'codex-market request "$@" >/dev/full' request "$verifiable" "${terms[@]}"
    assert_failure 74
    assert_equal "$(requests)" 1
    run_split codex-market request "$verifiable" "${terms[@]}"
    assert_success
    first=$(cut -f 1 <<<"$output")
    assert_equal "$(requests)" 1
    # It has been printed, so the same command is another request.
    run_split codex-market request "$verifiable" "${terms[@]}"
    [[ $first != "$(cut -f 1 <<<"$output")" ]] || fail "once more $first"
    assert_equal "$(requests)" 2
    assert_equal "$(find "$CODEX_REPO/ledger/requests" -name '*.json')" ''
    # With other terms it is another one from the beginning.
    run_split bash -c 'codex-market request "$@" >/dev/full' request "$verifiable" "${terms[@]}"
    run_split codex-market request "$verifiable" "${terms[@]}" --expiry 60
    assert_equal "$(requests)" 4
    # A nonce of one's own is the same request for good.
    for _ in 1 2; do
        codex-market request "$verifiable" "${terms[@]}" --nonce "$(printf '%064d' 9)" >>same
    done
    assert_equal "$(sort -u same | wc -l)" 1
    assert_equal "$(requests)" 5
}

@test "killed between the journal and the state, and repeated, it posts one request and lets nothing more be taken" {
    codex-market time >time
    cp -r "$CODEX_REPO/ledger" before
    run_split bash -c 'codex-market request "$@" >/dev/full' request "$verifiable" "${terms[@]}"
    assert_failure 74
    # As it is when the kill comes behind the write: the record is there, and nothing else knows of it.
    cat before/state/state.mdb >"$CODEX_REPO/ledger/state/state.mdb"
    cat before/durable >"$CODEX_REPO/ledger/durable"
    run_split codex-market request "$verifiable" "${terms[@]}"
    assert_success
    assert_equal "$(requests)" 1
    assert_equal "$(codex-market balance "$client" | cut -f 3)" 0
    codex-market ledger verify
}

@test "killed at any system call, and repeated, it posts one request and pays once" {
    skip_with_sanitizers
    command -v strace >/dev/null || skip 'no strace'
    local call
    for call in openat fdatasync fsync pwrite64 linkat write; do
        for when in 1 2 3 5 8; do
            nonce=$((RANDOM))
            rm -rf copy && cp -r "$CODEX_REPO/ledger" copy
            env -u LD_PRELOAD strace -qq -o trace -e trace="$call" -e inject="$call:signal=KILL:when=$when" \
                codex-market request --ledger copy "$verifiable" "${terms[@]}" >out 2>&1 || true
            run_split codex-market request --ledger copy "$verifiable" "${terms[@]}"
            assert_success
            printed=$(grep -c '^0x' out || true)
            assert_equal "$(codex-market events --ledger copy --event StorageRequested | wc -l)" "$((printed + 1))"
            assert_equal "$(codex-market balance --ledger copy market | cut -f 2)" "$(((printed + 1) * 2831155200))"
        done
    done
}

@test "what the contract refuses is not kept, and what is malformed is named" {
    run_split codex-market request "$verifiable" --duration 1h --price 1tst --collateral 1
    assert_refusal ERC20InsufficientBalance
    assert_equal "$(find "$CODEX_REPO/ledger/requests" -name '*.json')" ''
    assert_equal "$(as client balance | cut -f 3)" 0
    for words in '' '--duration 1h' '--duration 1h --price 1' '--duration x --price 1 --collateral 1' \
        '--duration 1h --price -1 --collateral 1' '--duration 1h --price 1.5 --collateral 1' \
        '--duration 1h --price 1 --collateral 1 --nodes 3' '--duration 1h --price 1 --collateral 1 --nonce 5' \
        '--duration 1h --price 1 --collateral 1 --nodes 3 --tolerance 2' \
        '--duration 1h --price 115792089237316195423570985008687907853269984665640564039457584007913129639936 --collateral 1' \
        '--duration 1h --price 1.0000000000000000001tst --collateral 1'; do
        # shellcheck disable=SC2086 # words
        run_split codex-market request "$verifiable" $words
        assert_failure 64
        assert_output ''
    done
    run_split codex-market request zDvZRwzm "${terms[@]}"
    assert_failure 65
    run_split codex-market request --batch "$verifiable"
    assert_failure 64
    assert_equal "$(requests)" 0
}

@test "--batch posts requests as JSON, each answered" {
    {
        document
        document '.nonce = "0x0000000000000000000000000000000000000000000000000000000000000002"'
        document
        document ".client = \"$alice\""
        echo '{"client":5}'
        document '.nonce = "0x0000000000000000000000000000000000000000000000000000000000000003" | .ask.slots = "2"'
    } >documents
    run_split codex-market request --batch <documents
    assert_success
    assert_equal "$(cut -f 4 <<<"$output" | xargs)" \
        'ok ok Marketplace_RequestAlreadyExists Marketplace_InvalidClientAddress json.invalid ok' ||
        assert_equal "$(cut -f 4 <<<"$output" | sed 5d | xargs)" \
            'ok ok Marketplace_RequestAlreadyExists Marketplace_InvalidClientAddress ok'
    assert_equal "$(cut -f 1 <<<"$output" | head -n 1)" "$(document | codex-market id | head -n 1 | cut -f 1)"
    assert_equal "$(as client balance | cut -f 3)" 0
    assert_equal "$(codex-market balance market | cut -f 2)" $((2 * 2160000 + 1440000))
}
