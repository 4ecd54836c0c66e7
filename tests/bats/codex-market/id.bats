# codex-market id: what requests and slots are called, without a ledger.
load ../common
load market

@test "ids and encodings are those of the vectors" {
    local n count
    count=$(jq '.requests | length' "$vectors")
    for ((n = 0; n < count; ++n)); do
        jq ".requests[$n].request" "$vectors" >request.json
        run_json codex-market id request.json --json
        assert_success
        jq -r 'select(.kind == "request") | .id, .encoded' <<<"$output" >got
        assert_equal "$(<got)" "$(jq -r ".requests[$n] | .requestId, .abiEncoded" "$vectors")"
        assert_equal "$(jq -r 'select(.kind == "request") | .maxPrice, .collateralPerSlot' <<<"$output")" \
            "$(jq -r ".requests[$n] | .maxPrice, .collateralPerSlot" "$vectors")"
        # Of the slots that the vectors name, those that the request has.
        jq -r 'select(.kind == "slot") | "\(.slotIndex) \(.id)"' <<<"$output" >slots
        jq -r ".requests[$n] | (.request.ask.slots | tonumber) as \$slots | .slotIds | to_entries[]
            | select((.key | tonumber) < \$slots) | \"\(.key) \(.value)\"" "$vectors" >expected
        grep -xFf expected slots | cmp - expected
    done
}

@test "as text it is a line for the request, and one for each slot" {
    jq '.requests[0].request | .ask.slots = 3' "$vectors" >request.json
    run_split codex-market id <request.json
    assert_success
    assert_equal "${#lines[@]}" 4
    assert_line --index 0 --regexp $'^0x[0-9a-f]{64}\trequest$'
    assert_line --index 3 --regexp $'^0x[0-9a-f]{64}\tslot\t2$'
}

@test "a request of more slots than fit anywhere is listed for as long as somebody reads" {
    jq '.requests[0].request | .ask.slots = "18446744073709551615"' "$vectors" >request.json
    codex-market id request.json | sed -n '100000{p;q}' >last || true
    grep -q $'\tslot\t99998$' last
}

@test "what is no request is refused, and the member named" {
    jq -c '.requests[0].request' "$vectors" >request.json
    run_split codex-market id <<<'{'
    assert_refused 65 'stdin'
    run_split codex-market id </dev/null
    assert_refused 66 'stdin: empty'
    local change member
    while read -r member change; do
        jq -c "$change" request.json >wrong.json
        run_split codex-market id wrong.json
        assert_failure 65
        assert_output ''
        assert_stderr --partial "$member"
    done <<'EOF'
client .client = "0x12"
client .client = 5
slots .ask.slots = -1
slots .ask.slots = "18446744073709551616"
price .ask.pricePerBytePerSecond = "x"
merkleRoot .content.merkleRoot = "0x00"
nonce del(.nonce)
more .more = 1
EOF
    head -c 70000 /dev/zero | tr '\0' ' ' >large.json
    run_split codex-market id large.json
    assert_refused 65 'large.json'
}
