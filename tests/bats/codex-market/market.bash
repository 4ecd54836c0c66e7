# What the tests of codex-market share: a market with a client and three hosts, in which time stands still.
# shellcheck shell=bash disable=SC2034 # variables here are used by the files that load this one

vectors=$CODEX_SOURCE/tests/vectors/marketplace.json

# account N: the secret key, as hex, and the address of an account of the vectors.
account_key() { jq -r ".accounts[$1].privateKey" "$vectors"; }
account_address() { jq -r ".accounts[$1].address" "$vectors"; }

# make_accounts: client, alice, bob and carol, as files NAME.key and variables with their addresses.
make_accounts() {
    jq -r '.accounts[].privateKey' "$vectors" >secrets
    jq -r '.accounts[].address' "$vectors" >addresses
    {
        read -r client && read -r alice && read -r bob && read -r carol
    } <addresses
    local who
    for who in client alice bob carol; do
        read -r secret
        (umask 077 && echo "${secret#0x}" >"$who.key")
    done <secrets
    keys=$PWD
}

# start_market [OPTION...]: every proof is owed, and the pointer does not matter.
start_market() {
    make_accounts
    codex-market init -q --verifier test --clock manual --start @1800000000 --period 60 --downtime 0 \
        --mint "$client=1000tst" --mint "$alice=10tst" --mint "$bob=10tst" --mint "$carol=10tst" "$@" >made
}

# as NAME WORD...: the tool, with that account's key.
as() { codex-market "${@:2}" --eth-private-key "$keys/$1.key"; }

# document [JQ]: a request as JSON, of the client's, with something else in it.
document() {
    jq -cn --arg client "$client" '{client: $client, ask: {proofProbability: "1", pricePerBytePerSecond: "2",
        collateralPerByte: "10", slots: 3, slotSize: 100, duration: 3600, maxSlotLoss: 1},
        content: {cid: "0x01819a0312201111111111111111111111111111111111111111111111111111111111111111",
                  merkleRoot: "0x0500000000000000000000000000000000000000000000000000000000000000"},
        expiry: 600, nonce: "0x0000000000000000000000000000000000000000000000000000000000000001"}
        | '"${1:-.}"
}

# post [JQ]: posts it; $request is its id.
post() {
    run_split as client request --batch < <(document "${1:-.}")
    request=$(cut -f 1 <<<"$output")
    [[ $output == *$'\tok' ]] || fail "not posted: $output $stderr"
}

# prove: answers jobs as a prover would, to whom any two points are a proof.
prove() {
    jq -c '{id, proof: {pi_a: ["1", "2", "1"], pi_b: [
        ["10857046999023057135944570762232829481370756359578518086990519993285655852781",
         "11559732032986387107991004021392285783925812861821192530917403151452391805634"],
        ["8495653923123431417604973247489272438418190587263600148770280649306958101930",
         "4082367875863433681332203403145435568316851327593401208105741076214120093531"], ["1", "0"]],
        pi_c: ["1", "2", "1"], protocol: "groth16", curve: "bn128"}, publicSignals}'
}

# fill_slot NAME INDEX: NAME reserves and fills that slot of $request.
fill_slot() {
    as "$1" reserve "$request@$2" >reserved
    codex-market challenge "$request@$2" | prove | as "$1" fill >filled
}

# advance DURATION
advance() { codex-market ledger advance "$@" >advanced; }

# state SLOT, balance NAME-OR-ADDRESS
state() { codex-market get slot "$1" | cut -f 4; }
balance() { codex-market balance "${!1:-$1}" | cut -f 2; }

# assert_refusal NAME [EXIT]: the last run_split ended with that error of the contract.
assert_refusal() {
    assert_refused "${2:-76}" ": $1: " || return
    [[ $stderr == *': hint: '* ]] || fail "no hint: $stderr"
}
