# The examples of codex-prove(1), run as they stand in the page but for a smaller circuit.
load ../common

# Deep enough for what the page proves, and of 2^14 rows instead of 2^17.
circuit=(--max-depth 16 --max-log2-slots 4 --samples 1)

# example TEXT: the block of the page that follows the line that starts with TEXT.
example() {
    awk -v text="$1" '
        index($0, text) == 1 { found = 1 }
        found && /^```$/ { if (inside) exit; inside = 1; next }
        inside' "$CODEX_SOURCE/man/codex-prove.1.scd" |
        sed -E "s/codex-prove (setup|verify-setup|input|witness|prove|fetch-circuit)/& ${circuit[*]}/" >script
    assert [ -s script ]
    run_split bash -c 'set -euo pipefail; source ./script'
}

@test "the examples of the page, one after another" {
    mkdir photos && gen 1 300000 >photos/a
    tar cf photos.tar photos
    example 'From a file to a verifiable dataset'
    assert_success
    assert_equal "$output" "$(<photos.cid)"

    example 'A key for tests'
    assert_success
    assert_output right

    challenge=0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
    export challenge
    example 'The same at once, for all slots'
    assert_success
    assert_output $'6\t0'

    codex-prove input "${circuit[@]}" --slot 2 --entropy 5 - <photos.cid >input.json
    example 'Why is a witness refused?'
    assert_success
    jq '.slotRoot = "5"' input.json >changed && mv changed input.json
    example 'Why is a witness refused?'
    assert_refused 1 'the dataset path from the slot root'

    example 'Hand a proof to the contract'
    assert_success
    assert_equal "${#output}" 514

    codex-testproof powers 14 phase1.ptau 2 3 5
    echo 3 1 4 1 5 >dice-rolls
    export block_hash=00000000000000000001b2
    example 'A ceremony of two and a beacon'
    assert_success
    assert_equal "${#lines[@]}" 7
    assert_line --index 6 right

    hash_of_alice=$(codex-prove info --json alice.zkey | jq -r '.contributionList[]?.hash[2:]')
    export hash_of_alice
    example 'Is the contribution of alice'
    assert_success
    assert_output "$hash_of_alice"$'\t1\tcontribution\talice'
    example 'A beacon that says'
    assert_success
    assert_output $'alice\nbob\nblock 800000'

    example 'Verify where there is no room'
    assert_success
    assert_output right

    # The network's archive, but ours, and not from the network.
    mkdir made bin
    mv test.zkey made/proof_main.zkey
    codex-prove vkey --zkey made/proof_main.zkey -o made/proof_main_verification_key.json
    codex-prove r1cs "${circuit[@]}" -o made/proof_main.r1cs
    tar -C made -czf archive .
    hash=$(sha256sum <archive | cut -d' ' -f1)
    printf '#!/bin/sh\ntest "$2" = https://circuit.codex.storage/proving-key/%s && cat archive\n' \
        "$hash" >bin/curl
    chmod +x bin/curl
    export hash PATH=$PWD/bin:$PATH
    example 'The key of a network'
    assert_success
    diff -r made circuit
}
