# codex-prove setup, prove, verify, batch-verify, vkey, calldata.
load ../common
load proofs

setup_file() { make_shared; }

setup() {
    codex_setup
    use_shared
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
    # Or through a pipe.
    codex-prove prove --circuit-dir circuit "${circuit[@]}" "$cid" --slot 0 --entropy 7 \
        --proof - --public public2.json | codex-prove verify --vkey vkey.json --proof - --public public.json
    cmp public.json public2.json
    assert_not_exists ./-
    run_split codex-prove verify --vkey vkey.json --proof - --public - </dev/null
    assert_refused 64 'cannot both be stdin'
    assert_equal "$(jq -r '.[0] + " " + .[2]' public.json)" '7 0'
}

@test "a proof of something else is wrong, and what is no proof is refused" {
    codex-prove prove --zkey key.zkey "${circuit[@]}" "$cid" --slot 1 --entropy 7 >proof
    # altered CODE FILTER: the proof, changed by jq, gives this exit code and no word on stdout.
    altered() {
        jq -c "$2" proof >changed
        run_split codex-prove verify --zkey key.zkey changed
        assert_refused "$1" ''
    }
    # Points of the right groups, and inputs.
    generator='["10857046999023057135944570762232829481370756359578518086990519993285655852781",
        "11559732032986387107991004021392285783925812861821192530917403151452391805634"],
        ["8495653923123431417604973247489272438418190587263600148770280649306958101930",
        "4082367875863433681332203403145435568316851327593401208105741076214120093531"]'
    for change in '.publicSignals[0] = "8"' '.publicSignals[1] = "8"' '.publicSignals[2] = "2"' \
        '.publicSignals |= [.[1], .[0], .[2]]' '.proof.pi_a = .proof.pi_c' \
        '.proof.pi_c = .proof.pi_a' '.proof |= (.pi_a as $a | .pi_a = .pi_c | .pi_c = $a)' \
        '.proof.pi_a = ["1", "2", "1"]' '.proof.pi_c = ["0", "1", "0"]' \
        ".proof.pi_b = [$generator, [\"1\", \"0\"]]" \
        '.proof.pi_b = [["0", "0"], ["1", "0"], ["0", "0"]]'; do
        altered 1 "$change"
    done
    # No points, no field elements, no numbers.
    for change in '.proof.pi_a[0] = "1"' '.proof.pi_b[0] |= [.[1], .[0]]' '.proof.pi_b[1][1] = "5"' \
        '.proof.pi_c[1] = "x"' '.proof.pi_c[2] = "2"' '.proof.pi_a |= .[:2]' '.proof.pi_b = .pi_a' \
        '.publicSignals |= .[:2]' '.publicSignals += ["0"]' '.publicSignals[0] = -1' \
        '.publicSignals[0] = "21888242871839275222246405745257275088548364400416034343698204186575808495617"' \
        '.proof.protocol = "plonk"' 'del(.proof.pi_b)' 'del(.publicSignals)' '.proof' '[.]'; do
        altered 65 "$change"
    done
    head -c 200 proof >changed
    run_split codex-prove verify --zkey key.zkey changed
    assert_refused 65 'not a JSON object'
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
    assert_refused 66 '/dev/null: empty: no proof came'
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
    run_json codex-prove info --json other.zkey
    assert_equal "$(jq -c '[.kind,.wires,.publicInputs,.domainLog2,.contributions]' <<<"$output")" \
        '["zkey",9155,3,14,1]'
}

@test "a key of another circuit is refused before anything is computed" {
    run_split codex-prove prove --zkey key.zkey "$cid" --slot 0 --entropy 7
    assert_refused 65 'the key is for 9155 wires'
    run_split codex-prove prove --zkey file "$cid" --slot 0 --entropy 7
    assert_refused 65 'not a .zkey file'
    run_split codex-prove prove "$cid" --slot 0 --entropy 7
    assert_refused 64 'either --zkey or --circuit-dir'
    run_split codex-prove verify proof.json
    assert_refused 64 '--vkey, --zkey or --circuit-dir is needed'
}
