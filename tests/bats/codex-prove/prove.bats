# codex-prove setup, prove, verify, batch-verify, vkey, calldata.
load ../common
load proofs

setup() {
    codex_setup
    make_dataset
    make_key
}

@test "step by step through pipes" {
    run_split bash -c "set -o pipefail
        echo '$cid' | codex-prove input --slot 5 --challenge $challenge ${circuit[*]} |
        codex-prove witness ${circuit[*]} | codex-prove prove --zkey key.zkey |
        codex-prove verify --zkey key.zkey"
    assert_success
    assert_output right
}

@test "in one call, into snarkjs's files, verified with the verification key" {
    mkdir circuit && cp key.zkey circuit/proof_main.zkey
    codex-prove prove --circuit-dir circuit "${circuit[@]}" "$cid" --slot 0 --entropy 7 \
        --proof proof.json --public public.json >printed
    assert [ ! -s printed ]
    codex-prove vkey --zkey key.zkey -o vkey.json
    assert_equal "$(jq -r '.protocol + " " + .curve + " " + (.IC | length | tostring)' vkey.json)" \
        'groth16 bn128 4'
    run_split codex-prove verify --vkey vkey.json --proof proof.json --public public.json
    assert_success
    assert_equal "$(jq -r '.[0] + " " + .[2]' public.json)" '7 0'
}

@test "a proof of something else is wrong" {
    codex-prove prove --zkey key.zkey "${circuit[@]}" "$cid" --slot 1 --entropy 7 >proof
    for change in '.publicSignals[0] = "8"' '.publicSignals[2] = "2"' \
        '.proof.pi_a = .proof.pi_c'; do
        jq -c "$change" proof >changed
        run_split codex-prove verify --zkey key.zkey changed
        assert_failure 1
    done
    jq -c '.proof.pi_a[0] = "1"' proof >changed
    run_split codex-prove verify --zkey key.zkey changed
    assert_failure 65
    jq -c '.publicSignals |= .[:2]' proof >changed
    run_split codex-prove verify --zkey key.zkey changed
    assert_failure 65
}

@test "a false witness gives no proof" {
    codex-prove input "$cid" --slot 3 --entropy 7 "${circuit[@]}" |
        jq '.merklePaths[0][0] = "5"' >false.json
    codex-prove witness "${circuit[@]}" false.json -o false.wtns
    run_split codex-prove prove --zkey key.zkey --wtns false.wtns
    assert_refused 1 'does not verify'
    run_split bash -c 'codex-prove prove --zkey key.zkey --wtns false.wtns --no-self-check |
        codex-prove verify --zkey key.zkey'
    assert_failure 1
}

@test "batch-verify names the wrong ones" {
    for slot in 0 1 2 3; do
        codex-prove prove --zkey key.zkey "${circuit[@]}" "$cid" --slot $slot --entropy 7
    done >proofs
    run_split codex-prove batch-verify --zkey key.zkey proofs
    assert_success
    { sed -n 1,2p proofs && sed -n 3p proofs | jq -c '.publicSignals[0] = "8"' && sed -n 4p proofs; } >mixed
    run_split codex-prove batch-verify --zkey key.zkey mixed
    assert_failure 1
    assert_output $'4\t1'
    assert_stderr --partial 'proof 3 of 4 is wrong'
    # What is no proof, or none of this circuit, does not keep the others from being checked.
    { echo '{"id":7,"error":{"code":"usage"}}' && jq -c '.publicSignals |= .[:2]' proofs; } >>mixed
    run_split codex-prove batch-verify --zkey key.zkey mixed
    assert_failure 65
    assert_output $'9\t6'
    assert_stderr --partial 'proof 3 of 9 is wrong'
    assert_stderr --partial 'proof 5: proof: "proof" is missing'
    assert_stderr --partial 'proof 9: 2 public inputs, the key has 3'
    run_split codex-prove batch-verify --fail-fast --zkey key.zkey mixed
    assert_refused 65 'proof 5'
    run_split codex-prove batch-verify --zkey key.zkey /dev/null
    assert_refused 65 'no proof is given'
}

@test "calldata: eight words, and snarkjs's order" {
    codex-prove prove --zkey key.zkey "${circuit[@]}" "$cid" --slot 1 --entropy 7 >proof
    run_split codex-prove calldata proof
    assert_success
    assert_equal "${#output}" $((2 + 512))
    words=$output
    run_split codex-prove calldata --snarkjs proof
    assert_success
    # b.x: the contract has the real part first, snarkjs's verifier the imaginary one.
    assert_equal "$(jq -r '.[0] | .' <<<"[$output]" | jq -r '.[0][2:]')" "${words:2:64}"
    assert_equal "$(jq -r '.[1][0][1][2:]' <<<"[$output]")" "${words:130:64}"
}

@test "setup warns, and takes any circuit" {
    codex-prove r1cs "${circuit[@]}" -o c.r1cs
    run_split codex-prove setup --r1cs c.r1cs -o other.zkey
    assert_success
    assert_stderr --partial 'for tests only'
    run_split codex-prove info --json other.zkey
    assert_equal "$(jq -c '[.kind,.wires,.publicInputs,.domainLog2,.contributions]' <<<"$output")" \
        '["zkey",9155,3,14,0]'
}

@test "a key of another circuit is refused before anything is computed" {
    run_split codex-prove prove --zkey key.zkey "$cid" --slot 0 --entropy 7
    assert_refused 65 'the key is for 9155 wires'
    run_split codex-prove prove --zkey file "$cid" --slot 0 --entropy 7
    assert_refused 65 'not a .zkey file'
    run_split codex-prove prove "$cid" --slot 0 --entropy 7
    assert_refused 64 'either --zkey or --circuit-dir'
}
