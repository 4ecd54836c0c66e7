# Constraint systems, witnesses, keys and proofs go to and come from snarkjs, and proofs go to a
# contract that solc compiles and an Ethereum virtual machine runs.
load ../common

# A circuit for slots of at most 1024 cells, of which one is sampled: 2^14 rows.
circuit=(--max-depth 10 --max-log2-slots 3 --samples 1)

# What most tests need: the proof of a slot of a real dataset, step by step, with a key of ours.
setup_file() {
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR codex_setup
    gen 1 300000 | codex-chunk put | cut -f1 | codex-ec encode -k 2 -m 1 | cut -f1 |
        codex-prove slots | cut -f1 >cid
    codex-prove r1cs "${circuit[@]}" -o slot.r1cs
    codex-prove input "$(<cid)" --slot 1 --entropy 1234567 "${circuit[@]}" |
        codex-prove witness "${circuit[@]}" -o slot.wtns
    codex-prove setup --r1cs slot.r1cs -o slot.zkey
    codex-prove vkey --zkey slot.zkey -o vkey.json
    codex-prove prove --zkey slot.zkey --wtns slot.wtns --proof proof.json --public public.json
}

setup() {
    codex_setup
    INTEROP=$CODEX_SOURCE/tests/interop
    ln -s "$BATS_FILE_TMPDIR"/work/* .
}

# A system for what snarkjs does slowly, and the powers of a file with room for twice as much: the hash of a
# circuit takes in what lies behind the last power that it needs.
constraints=28
power=6

# we_prove ZKEY WTNS, we_verify VKEY PROOF PUBLIC
we_prove() { codex-prove prove --zkey "$1" --wtns "$2" --proof ours.json --public inputs.json; }
we_verify() { codex-prove verify --vkey "$1" --proof "$2" --public "$3"; }
snarkjs() { node "$INTEROP/node_modules/.bin/snarkjs" "$@"; }

# vector FILTER: a part of the proof vectors.
vector() { jq -r "$1" "$CODEX_SOURCE/tests/vectors/proofs.json"; }

# in_contract VKEY PUBLIC: the words on stdin and the alterations of them, in the contract and in the library.
in_contract() {
    CODEX_COMPILED=$CODEX_TEST_BIN/../compiled node "$INTEROP/contract.mjs" "$@" "$CODEX_TEST_BIN/codex-testmarket"
}

# assert_only_true_accepted INPUTS: what in_contract said of a proof with that many inputs. Negating
# both a and b leaves the product, so that is a proof, too.
assert_only_true_accepted() {
    assert_line 'the proof: accepted'
    assert_line 'a and b negated: accepted'
    assert_equal "$(grep -c ': accepted$' <<<"$output")" 2
    # It is taken from the modulus, and what is above that panics; so no other coordinate does.
    assert_line 'word 1 plus the modulus: overflow'
    assert_equal "$(grep -c ': overflow$' <<<"$output")" 1
    # Fifteen of points, two of each of the eight words but for that, two of each input, three of their number and order.
    assert_equal "$(grep -c ': refused$' <<<"$output")" $((15 + 2 * 8 - 1 + 2 * $1 + 3))
    assert_equal ${#lines[@]} $((2 + 15 + 2 * 8 + 2 * $1 + 3))
}

@test "snarkjs reads our constraint system" {
    run snarkjs r1cs info slot.r1cs
    assert_success
    # The closed forms of codex-circuit(5), COUNTS, for (10, 3, 5, 67, 1).
    assert_line --partial '# of Wires: 12957'
    assert_line --partial '# of Constraints: 12877'
    assert_line --partial '# of Public Inputs: 3'
    assert_line --partial '# of Outputs: 0'
}

@test "our witness satisfies our constraint system in snarkjs, an altered one does not" {
    run snarkjs wtns check slot.r1cs slot.wtns
    assert_success
    assert_line --partial 'WITNESS IS CORRECT'
    # A wire in the middle; its lowest byte, so that the value stays reduced.
    cp slot.wtns altered.wtns
    at=$((76 + 32 * 4000))
    byte=$(od -An -tu1 -j $at -N 1 slot.wtns)
    printf "\\x$(printf %02x $((byte ^ 1)))" | dd of=altered.wtns bs=1 seek=$at conv=notrunc status=none
    run snarkjs wtns check slot.r1cs altered.wtns
    assert_failure
    refute_line --partial 'WITNESS IS CORRECT'
}

@test "our verification key is the one that snarkjs exports from our proving key" {
    snarkjs zkey export verificationkey slot.zkey theirs.json
    # vk_alphabeta_12 is a pairing that a verifier can compute itself; not every writer gives it.
    run diff <(jq -S 'del(.vk_alphabeta_12)' vkey.json) <(jq -S 'del(.vk_alphabeta_12)' theirs.json)
    assert_success
}

@test "snarkjs accepts our proof, and refuses it for other inputs" {
    run snarkjs groth16 verify vkey.json public.json proof.json
    assert_success
    jq '.[2] = "3"' public.json >other.json
    run snarkjs groth16 verify vkey.json other.json proof.json
    assert_failure
}

@test "snarkjs proves with our key, and we accept that, and refuse it for other inputs" {
    run snarkjs groth16 prove slot.zkey slot.wtns theirs.json inputs.json
    assert_success
    assert_equal "$(jq -c . inputs.json)" "$(jq -c . public.json)"
    run we_verify vkey.json theirs.json inputs.json
    assert_success
    jq '.[2] = "3"' inputs.json >other.json
    run we_verify vkey.json theirs.json other.json
    assert_failure 1
}

@test "we prove with a key that snarkjs made from our constraint system, with a contribution" {
    # A setup of the slot's circuit takes snarkjs minutes, so the system is a smaller one; of more
    # constraints, and of another number, are those in ceremony.bats.
    codex-testproof chain chain.r1cs chain.wtns $constraints
    snarkjs powersoftau new bn128 $power new.ptau
    snarkjs powersoftau contribute new.ptau one.ptau -e=one
    snarkjs powersoftau prepare phase2 one.ptau final.ptau
    snarkjs groth16 setup chain.r1cs final.ptau new.zkey
    snarkjs zkey contribute new.zkey chain.zkey -e=two
    run snarkjs zkey verify chain.r1cs final.ptau chain.zkey
    assert_success
    assert_line --partial 'ZKey Ok!'

    for key in new chain; do
        we_prove $key.zkey chain.wtns
        snarkjs zkey export verificationkey $key.zkey key.json
        run snarkjs groth16 verify key.json inputs.json ours.json
        assert_success
        run we_verify key.json ours.json inputs.json
        assert_success
    done
    # The proof of the one key is none of the other, which shows that the contribution counts.
    snarkjs zkey export verificationkey new.zkey key.json
    run snarkjs groth16 verify key.json inputs.json ours.json
    assert_failure
}

@test "from the same secrets, snarkjs and we make the same key" {
    codex-testproof chain chain.r1cs chain.wtns $constraints
    secrets=(1234567890123456789 98765432109876543210 31415926535897932384)
    node "$INTEROP/known-ptau.mjs" $power known.ptau "${secrets[@]}"
    snarkjs powersoftau prepare phase2 known.ptau final.ptau
    snarkjs groth16 setup chain.r1cs final.ptau theirs.zkey
    codex-testproof setup-known chain.r1cs ours.zkey "${secrets[@]}"
    assert_same ours.zkey theirs.zkey
    # The powers that other tests take from us are those that snarkjs prepares.
    codex-testproof powers $power powers.ptau "${secrets[@]}"
    assert_same powers.ptau final.ptau
    # And from other secrets another one.
    codex-testproof setup-known chain.r1cs other.zkey "${secrets[@]:0:2}" 27182818284590452353
    refute cmp -s other.zkey ours.zkey
}

@test "our arguments for snarkjs's contracts are the ones that it prints" {
    # snarkjs omits the end of the line.
    run snarkjs zkey export soliditycalldata public.json proof.json
    assert_success
    assert_output "$(codex-prove calldata --snarkjs --proof proof.json --public public.json)"
}

@test "the contract accepts our proof in the form of the Codex contracts, and nothing near it" {
    codex-prove calldata --proof proof.json --public public.json >words
    run in_contract vkey.json public.json <words
    assert_success
    assert_only_true_accepted 3
}

@test "the contract accepts the deployed network's proof, and nothing near it" {
    vector .groth16_verify.verification_key >key.json
    vector .groth16_verify.public >inputs.json
    vector .groth16_verify.proof >deployed.json
    vector .groth16_verify.codex_struct_words_hex >words
    # Our reading of the same proof gives the same words.
    assert_equal "$(codex-prove calldata --proof deployed.json --public inputs.json)" "0x$(<words)"
    run we_verify key.json deployed.json inputs.json
    assert_success
    run in_contract key.json inputs.json <words
    assert_success
    assert_only_true_accepted 3
}
