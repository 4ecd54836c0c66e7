# Slots from beginning to end: reserved, filled, proven, missed, freed, paid; by the amounts of codex-market(7).
load ../common
load market

setup() {
    codex_setup
    start_market
    post
}

@test "a request is posted, and its slots are to be had" {
    # 3 slots, 100 bytes, 3600 s, 2 a byte and second.
    run_split codex-market get request "$request"
    assert_success
    assert_output --regexp "^$request"$'\tnew\tzDv[A-Za-z0-9]+\t3\t100\t1800000600\t1800003600$'
    run_split codex-market list open
    assert_equal "${#lines[@]}" 3
    assert_line --index 1 --regexp $'^0x[0-9a-f]{64}\t'"$request"$'\t1\tfree\t100\t200\t1000\t1800000600$'
    assert_equal "$(codex-market balance market | cut -f 2)" 2160000
    run_split as client list mine
    assert_output --partial "$request"$'\tnew\t'
    run_split as alice list mine
    assert_output ''
    run_split codex-market list mine --account "$client"
    assert_output --partial "$request"
}

@test "the life of a request: filled, proven, one host misses, another repairs, all are paid" {
    codex-market list open | as alice reserve >reserved
    assert_equal "$(grep -c $'\tok$' reserved)" 3
    # Many slots in one stream, each with its proof; the collateral is let taken by the way.
    codex-market challenge "$request@0" "$request@1" | prove | as alice fill >filled
    assert_equal "$(grep -c $'\tok$' filled)" 2
    assert_equal "$(state "$request@0")" filled
    assert_equal "$(as alice balance | cut -f 3)" 0
    fill_slot bob 2
    assert_equal "$(codex-market get request "$request" | cut -f 2)" started
    run_split codex-market list open
    assert_output ''
    assert_equal "$(as alice list slots | cut -f 3 | sort | tr -d '\n')" 01
    assert_equal "$(codex-market list slots --account "$bob" | cut -f 5)" "$bob"
    # Those that are not over are no line for free.
    run_split as alice list slots --state finished
    assert_output ''
    assert_equal "$(as client list mine --state new --state started | cut -f 1)" "$request"
    run_split codex-market list open --state filled
    assert_refused 64 "--state: 'filled' is none of free, repair"

    # Nothing is owed for the period in which a slot was filled; then for each.
    run_split codex-market challenge --required "$request@0"
    assert_output ''
    advance 60s
    run_split codex-market challenge --required "$request@0" "$request@1" "$request@2"
    assert_equal "${#lines[@]}" 3
    head -n 2 <<<"$output" | prove | as alice prove-submit >proven
    assert_equal "$(grep -c $'\tok$' proven)" 2
    prove < <(codex-market challenge "$request@0") >again
    run_split as alice prove-submit again
    assert_refusal Proofs_ProofAlreadySubmitted

    # bob gave none: 20 % of 1000 are lost, a fifth of it is for who says so.
    advance 61s
    before=$(balance carol)
    run_split as carol mark-missing "$request@2"
    assert_success
    run_split codex-market get slot "$request@2"
    assert_output --regexp $'\tfilled\t'"$bob"$'\t800\t1$'
    assert_equal "$(balance carol)" "$(bc <<<"$before + 40")"
    codex-market challenge "$request@0" "$request@1" | prove | as alice prove-submit >proven
    advance 60s
    as carol mark-missing "$request@2" >missed
    run_split codex-market get slot "$request@2"
    assert_output --regexp $'\trepair\t-\t0\t0$'
    run_split codex-market list open
    assert_output --regexp $'\t2\trepair\t100\t200\t900\t1800003600$'
    # Who repairs pays a tenth less.
    before=$(balance carol)
    advance 60s
    fill_slot carol 2
    assert_equal "$(balance carol)" "$(bc <<<"$before - 900")"
    assert_equal "$(codex-market get request "$request" | cut -f 2)" started

    # Time runs out.
    codex-market ledger advance --to @1800003601 >advanced
    assert_equal "$(codex-market get request "$request" | cut -f 2)" finished
    before=$(balance alice)
    as alice list slots --state finished --state cancelled | as alice free >paid
    assert_equal "$(grep -c $'\tok$' paid)" 2
    assert_equal "$(balance alice)" "$(bc <<<"$before + 2 * (3600 * 200 + 1000)")"
    before=$(balance carol) other=$(balance bob)
    as carol free "$request@2" --reward-recipient "$bob" >paid
    assert_equal "$(balance carol)" "$(bc <<<"$before + 1000")"
    assert_equal "$(balance bob)" "$(bc <<<"$other + 3359 * 200")"
    assert_equal "$(state "$request@2")" paid
    before=$(balance alice)
    run_split as client withdraw "$request" --recipient "$alice"
    assert_success
    assert_equal "$(balance alice)" "$(bc <<<"$before + 241 * 200")"
    run_split codex-market ledger verify
    assert_success
}

@test "what a call prints the next command takes, as text and as JSON" {
    advance 1m # so that something is left for the client
    codex-market list open | as alice reserve | codex-market challenge | prove | as alice fill | codex-market get slot >got
    assert_equal "$(cut -f 3-5 got)" "$(printf '%s\tfilled\t'"$alice"'\n' 0 1 2)"
    advance 1h
    as alice list slots --json | as alice free --json | codex-market get slot >got
    assert_equal "$(cut -f 4 got | xargs)" 'paid paid paid'
    as client withdraw --json "$request" | codex-market get request >got
    assert_equal "$(cut -f 1,2 got)" "$request"$'\tfinished'
    as alice mint "$bob" 5 --json | codex-market balance - >got
    assert_equal "$(<got)" "$bob"$'\t10000000000000000005\t0'
    # What was refused stands in the first column, too.
    run_split as bob reserve --batch <<<"$request@0"
    assert_output --regexp $'^0x[0-9a-f]{64}\t-\t[0-9]+\tSlotReservations_ReservationNotAllowed$'
    # Anybody may reserve what there is not.
    run_split as bob reserve "$request@3"
    assert_success
    assert_stderr --partial "warning: $request@3: no request has such a slot"
}

@test "a request that nobody serves is paid back" {
    advance 10m
    assert_equal "$(codex-market get request "$request" | cut -f 2)" new
    advance 1s
    assert_equal "$(codex-market get request "$request" | cut -f 2)" cancelled
    run_split codex-market list open
    assert_output ''
    as client list mine | as client withdraw >withdrawn
    assert_equal "$(balance client)" 1000000000000000000000
}

@test "a host gives a slot up, and loses the collateral" {
    fill_slot alice 0
    before=$(balance alice)
    as alice free "$request@0" >freed
    assert_equal "$(balance alice)" "$before"
    assert_equal "$(state "$request@0")" repair
}

@test "slots are named by their ids or by their places, on lines of text and of JSON" {
    id=$(codex-market list open | sed -n 2p | cut -f 1)
    run_split codex-market get slot "$id" "$request@1" "${request#0x}@1"
    assert_equal "$(sort -u <<<"$output" | wc -l)" 1
    codex-market list open --json | as alice reserve --json >reserved
    assert_equal "$(jq -r 'select(.type == "transaction") | .outcome' reserved | sort | uniq -c | xargs)" '3 ok'
    assert_equal "$(codex-market list open --json | codex-market challenge | jq -r .slot | xargs)" '0 1 2'
    run_json codex-market get slot "$id" --json
    assert_equal "$(jq -r '.slotId, .requestId, .slotIndex, .state, .host' <<<"$output" | xargs)" "$id $request 1 free null"
}

# nonce N: a change of document() that makes it another request.
nonce() { printf '.nonce = "0x%064d"' "$1"; }

@test "slots are found by their ids, those of requests that come later, and behind more than are kept, too" {
    mkfifo in out
    codex-market get slot --batch <in >out &
    exec 7>in 8<out
    ask() {
        echo "$1" >&7
        read -r -t 20 -u 8 answer
    }
    local n ids=()
    for n in 2 3 4 5; do
        ids+=("$(codex-market get slot "$request@2" | cut -f 1)")
        ask "${ids[-1]}"
        [[ $answer == "${ids[-1]}"$'\t'"$request"$'\t2\t'* ]] || fail "$answer"
        ask "$(printf '0x%064d' "$n")"
        [[ $answer == *$'\tmissing' ]] || fail "$answer"
        # 2^17 slots are kept; two of these requests have as many.
        post "$(nonce "$n")$( ((n == 5)) || echo '| .ask.slots = 65536')"
    done
    ids+=("$(codex-market get slot "$request@2" | cut -f 1)")
    for id in "${ids[@]}"; do
        ask "$id"
        [[ $answer == "$id"$'\t'* && $answer == *$'\t2\tfree\t'* ]] || fail "$answer"
    done
    exec 7>&- 8<&-
    wait
}

# lines_of ID...: these, and between them what is no item: half a document, another one, a NUL byte, a line
# that is too long, a list.
lines_of() {
    printf '%s\n{bad\n{"x":1}\na\0b\n' "$1"
    head -c 1500000 /dev/zero | tr '\0' x
    printf '\n[[\n%s\n' "$2"
}

@test "--batch answers each line, also those that are none" {
    local command
    run_split codex-market get slot --batch < <(lines_of "$request@0" "$request@1")
    assert_success
    refute_stderr
    assert_equal "$(cut -f 2 <<<"$output" | sed "s/$request/found/" | xargs)" \
        'found invalid invalid invalid invalid invalid found'
    assert_line --index 1 $'stdin line 2\tinvalid'
    assert_line --index 4 $'stdin line 5\tinvalid'
    run_json codex-market get request --batch --json < <(lines_of "$request" 0x12)
    assert_equal "$(jq -r '.state' <<<"$output" | xargs)" 'new invalid invalid invalid invalid invalid invalid'
    for command in reserve mark-missing free; do
        run_split as alice $command --batch < <(lines_of "$request@0" "$request@1")
        assert_success
        refute_stderr
        assert_equal "$(sed '1d; $d' <<<"$output" | cut -f 1,4 | tr '\t\n' ' ,')" \
            'stdin line 2 json.invalid,stdin line 3 json.invalid,stdin line 4 input.malformed,stdin line 5 limit.exceeded,[[ hex.invalid,'
        assert_equal "$(wc -l <<<"$output")" 7
    done
    for command in mint transfer request fill prove-submit; do
        run_split as alice $command --batch < <(lines_of 'no call' 'none')
        assert_success
        refute_stderr
        assert_equal "$(wc -l <<<"$output")" 7
        assert_line --index 1 --regexp $'^stdin line 2\t-\t-\t'
    done
}

@test "what is not there: 1 from get, 76 from a call, an answer with --batch" {
    unknown=0x$(printf '%064d' 7)
    for command in "get request $unknown" "get slot $unknown" "get slot $unknown@0" "get slot $request@3" \
        "challenge $unknown" "challenge $request@3"; do
        # shellcheck disable=SC2086 # words
        run_split codex-market $command
        assert_failure 1
        assert_output ''
        assert_stderr --partial ': hint: '
    done
    run_split as client withdraw "$unknown"
    assert_refusal Marketplace_UnknownRequest
    run_split as client free "$unknown"
    assert_refusal Marketplace_SlotIsFree
    run_split as alice mark-missing "$unknown"
    assert_refusal Marketplace_SlotNotAcceptingProofs
    run_split codex-market get slot --batch < <(printf '%s\n%s@0\n' "$unknown" "$request")
    assert_success
    assert_line --index 0 "$unknown"$'\tmissing'
    assert_line --index 1 --partial $'\tfree\t'
    run_split codex-market get request --batch --json <<<"$unknown"
    assert_line --index 0 "{\"type\":\"missing\",\"requestId\":\"$unknown\",\"state\":\"missing\"}"
}

@test "an answer about another challenge, slot or dataset is refused before the call" {
    as alice reserve "$request@0" "$request@1" >reserved
    codex-market challenge "$request@0" | prove >answer
    count=$(codex-market ledger head | cut -f 2)
    jq -c '.publicSignals[0] = "5"' answer >wrong
    run_split as alice fill wrong
    assert_refused 1 'the proof is about another challenge'
    assert_stderr --partial ": hint: see which proof is wanted: codex-market challenge $(jq -r .id answer)"
    jq -c '.publicSignals[1] = "6"' answer >wrong
    run_split as alice fill wrong
    assert_refused 1 'another root'
    jq -c ".id = \"$(codex-market challenge "$request@1" | jq -r .id)\"" answer >wrong
    run_split as alice fill wrong
    assert_failure 1
    assert_equal "$(codex-market ledger head | cut -f 2)" "$count"
    # A period later it is another one.
    advance 61s
    run_split as alice fill answer
    assert_refused 1 "$(jq -r .id answer): the proof is about another challenge"
    # The others in the stream are sent.
    {
        cat answer
        codex-market challenge "$request@1" | prove
        echo '{"id":"x"}'
    } >mixed
    run_split as alice fill mixed
    assert_failure 65
    assert_output --regexp $'\tok$'
    assert_equal "$(state "$request@1")" filled
}

@test "of a request with very many slots each is found by its id alone, and an id of none is unknown" {
    post '.ask.slots = 70 | .ask.slotSize = 1 | .nonce |= sub("1$"; "2")'
    codex-market list open | cut -f 1-3 | grep "$request" >slots
    { shuf slots | cut -f 1 && echo "$request" && printf '0x%064d\n' 1; } | codex-market get slot --batch >found
    assert_equal "$(head -n 70 found | cut -f 1-3 | sort -n -k 3)" "$(sort -n -k 3 slots)"
    assert_equal "$(tail -n 2 found | cut -f 2 | xargs)" 'missing missing'
    assert_equal "$(wc -l <slots)" 70
    assert_equal "$(codex-market get slot "$(tail -n 1 slots | cut -f 1)" | cut -f 3)" 69
    run_split codex-market get slot "$(printf '0x%064d' 1)"
    assert_refused 1 'no request has such a slot'
}
