# What the contract refuses: each of its errors that a call of the tool can have, with the way out; the others
# are in unit/market, for they need another token, or a chain without past blocks.
load ../common
load market

@test "the page has each error of the market and of the token" {
    jq -r '.interface | .Marketplace.errors, .TestToken.errors | keys[] | sub("\\(.*"; "")' "$vectors" >names
    assert_equal "$(wc -l <names)" 43
    page_as_read codex-market.1 >page
    while read -r name; do
        grep -qxF "|  $name" page || fail "$name"
        # And behind it what is the matter, and what can be done.
        grep -A2 -xF "|  $name" page | grep -c '^:  [^(]' | grep -qx 2 || fail "$name has no way out"
    done <names
}

# refusal NAME HINT WORD...: as ... ends with 76, that error, and that hint, in text and in JSON.
refusal() {
    local name=$1 words=$2
    shift 2
    run_split as "$@" </dev/null
    assert_refusal "$name" || return
    [[ ${stderr##*: hint: } == "$words" ]] || fail "$name: the hint is not '$words' but: ${stderr##*: hint: }" || return
    run_split as "$@" --json </dev/null
    [[ $(grep '"type":"error"' <<<"$stderr" | jq -c '[.code, .exit, .contractError, .hint]') == \
    "$(jq -cn --arg name "$name" --arg hint "$words" '["market.refused", 76, $name, $hint]')" ]] ||
        fail "$name: $stderr"
    echo "$name" >>"$BATS_TEST_TMPDIR/seen"
}

# posting NAME JQ: a request with something wrong in it is refused so.
posting() {
    run_split as client request --batch --json < <(document "$2")
    assert_equal "$(head -n 1 <<<"$output" | jq -r '.outcome, .error.contractError, .error.exit' | xargs)" "$1 $1 76"
    [[ -n $(head -n 1 <<<"$output" | jq -r '.error.hint // empty') ]] || fail "$1: no hint"
}

@test "requests" {
    start_market
    posting Marketplace_InvalidClientAddress ".client = \"$alice\""
    posting Marketplace_InvalidExpiry '.expiry = 0'
    posting Marketplace_InvalidExpiry '.expiry = 3600'
    posting Marketplace_InvalidExpiry '.ask.duration = 0'
    posting Marketplace_InsufficientSlots '.ask.slots = 0 | .ask.maxSlotLoss = 0'
    posting Marketplace_InvalidMaxSlotLoss '.ask.maxSlotLoss = 4'
    posting Marketplace_InsufficientProofProbability '.ask.proofProbability = "0"'
    posting Marketplace_InsufficientCollateral '.ask.collateralPerByte = "0"'
    posting Marketplace_InsufficientReward '.ask.pricePerBytePerSecond = "0"'
    posting Marketplace_InvalidCid '.content.cid = "0x"'
    posting Marketplace_DurationExceedsLimit '.ask.duration = 2592001'
    posting ERC20InsufficientBalance '.ask.pricePerBytePerSecond = "1000000000000000000"'
    posting Panic '.ask.pricePerBytePerSecond = "115792089237316195423570985008687907853269984665640564039457584007913129639935"'
    post
    posting Marketplace_RequestAlreadyExists .
    assert_equal "$(codex-market ledger head | cut -f 2)" 2
}

@test "slots, proofs and payments" {
    start_market
    post
    id() { codex-market get slot "$request@$1" | cut -f 1; }
    zero=$(id 0) one=$(id 1)
    unknown=0x$(printf '%064d' 7)
    refusal Marketplace_UnknownRequest 'list what requests there are: codex-market list open' client withdraw "$unknown"
    refusal Marketplace_InvalidClientAddress \
        'a request is posted, and paid back, by the key of its client; name the key with --eth-private-key FILE' \
        alice withdraw "$request"
    refusal Marketplace_InvalidState \
        "its client is paid back when it is cancelled, failed or finished; see when that is: codex-market get request $request" \
        client withdraw "$request"
    refusal Marketplace_SlotIsFree \
        "only a slot with a host can be given up or paid; see what it is: codex-market get slot $zero" alice free "$zero"
    refusal Marketplace_SlotNotAcceptingProofs \
        "it was freed, its request is over, or nobody has filled it yet; see what it is: codex-market get slot $zero" \
        bob mark-missing "$zero"
    codex-market challenge "$zero" | prove >answer
    refusal Marketplace_ReservationRequired "reserve the slot first: codex-market reserve $zero" alice fill answer
    as alice reserve "$zero" >reserved
    refusal SlotReservations_ReservationNotAllowed \
        "it is neither free nor in repair, or has all its reservations, or one of the caller's; see what it is: codex-market get slot $zero" \
        alice reserve "$zero"
    as bob reserve "$zero" >reserved
    as alice fill answer >filled
    refusal Marketplace_SlotNotFree \
        'another host was earlier, or its request is over; list the slots that are open: codex-market list open' \
        bob fill answer
    refusal Marketplace_ProofNotSubmittedByHost \
        "a proof is sent by the key of the host; see who is: codex-market get slot $zero" bob prove-submit answer
    refusal Proofs_ProofAlreadySubmitted \
        'one is enough; a slot that is filled again waits for the next period; see what time it is: codex-market time' \
        alice prove-submit answer
    refusal Marketplace_InvalidSlotHost \
        "call with the key of its host, if it has one; see who is: codex-market get slot $zero" bob free "$zero"
    period=$(codex-market time | cut -f 3)
    refusal Proofs_PeriodNotEnded \
        'a proof of it can be marked as missing when it is; see what time it is: codex-market time' \
        bob mark-missing --period "$period" "$zero"
    advance 61s
    refusal Proofs_ProofNotMissing "it cannot be marked as missing; see what it is: codex-market get slot $zero" \
        bob mark-missing "$zero"
    advance 60s
    as bob mark-missing "$zero" >marked
    refusal Proofs_ProofAlreadyMarkedMissing \
        "somebody else was earlier, and has the reward; see what it is: codex-market get slot $zero" \
        carol mark-missing "$zero"
    advance 32s
    refusal Proofs_ValidationTimedOut \
        'that can be done for so many seconds after it as the timeout says; see how the market is configured: codex-market config' \
        bob mark-missing "$zero"
    # A slot that is filled in the last second of a request that expires then is never paid.
    codex-market ledger advance --to @1800000600 >advanced
    as carol reserve "$one" >reserved
    codex-market challenge "$one" | prove | as carol fill >filled
    advance 10s
    refusal Marketplace_StartNotBeforeExpiry \
        "a slot that is filled in the second in which its request expires or ends is never paid: fill one earlier; see what it is: codex-market get slot $one" \
        carol free "$one"
    as alice free "$zero" >paid
    refusal Marketplace_AlreadyPaid "nothing is left to be done; see what it is: codex-market get slot $zero" alice free "$zero"
    as client withdraw "$request" >paid
    refusal Marketplace_NothingToWithdraw \
        "hosts have earned all of it, or it was withdrawn before; see what it is: codex-market get request $request" \
        client withdraw "$request"
    refusal ERC20InsufficientBalance "give tokens to the account: codex-market mint $alice AMOUNT" \
        alice transfer "$bob" 99tst
    refusal ERC20InvalidReceiver 'name another receiver' alice transfer 0x0000000000000000000000000000000000000000 1
    assert_equal "$(sort -u "$BATS_TEST_TMPDIR/seen" | wc -l)" 20
}

@test "a proof that is owed rarely is not missing, and a slot that there is not cannot be filled" {
    start_market
    # One in 2^60 periods.
    post '.ask.proofProbability = "1152921504606846976"'
    fill_slot alice 0
    advance 121s
    slot=$(codex-market get slot "$request@0" | cut -f 1)
    refusal Proofs_ProofNotRequired \
        "whether one is, depends on the block: in a later one it may be; see which proof is wanted: codex-market challenge $slot" \
        bob mark-missing "$slot"
    as alice reserve "$request@3" >reserved
    assert_equal "$(cut -f 4 reserved)" ok # the contract asks nothing of what is reserved
}

@test "with the verifier of the network, a proof of another slot is refused" {
    make_accounts
    shape=(--max-depth 8 --max-log2-slots 3 --block-depth 2 --cell-elements 5 --samples 1)
    codex-prove setup -q "${shape[@]}" -o proof_main.zkey
    codex-market init -q --circuit-dir . --clock manual --start @1800000000 --period 60 --downtime 0 --mint "$client=9tst" --mint "$alice=9tst" >made
    gen 1 3000 | codex-chunk put --block-size 512 - | codex-ec encode -k 2 -m 1 | codex-prove slots --cell-size 128 >cid
    request=$(as client request --duration 1h --price 1 --collateral 1 <cid | cut -f 1)
    as alice reserve "$request@0" >reserved
    codex-market challenge "$request@0" | codex-prove prove --watch --zkey proof_main.zkey "${shape[@]}" >answer
    # Another proof with the right public signals.
    codex-market challenge "$request@0" | jq -c 'del(.challenge) | .entropy = "5"' |
        codex-prove prove --watch --zkey proof_main.zkey "${shape[@]}" |
        jq -c --slurpfile right answer '.publicSignals = $right[0].publicSignals' >wrong
    slot=$(jq -r .id answer)
    refusal Proofs_InvalidProof \
        "a challenge belongs to a block and a period: prove again for the one that it is now; see which proof is wanted: codex-market challenge $slot" \
        alice fill wrong
    run_split as alice fill answer
    assert_success
}
