# codex-prove sample, input, witness, r1cs, info: the steps before the proof.
load ../common
load proofs

@test "sample: the cells of a challenge, the same each time" {
    make_dataset
    run_split codex-prove sample "$cid" --slot 3 --challenge "$challenge" --samples 20
    assert_success
    assert_equal "${#lines[@]}" 20
    first=$output
    run_split bash -c "echo '$cid' | codex-prove sample --slot 3 --samples 20 \
        --entropy 53206320320083115796502214552783413060461247639578808291150702859268522240"
    assert_output "$first"
    run_split codex-prove sample "$cid" --slot 6 --challenge "$challenge"
    assert_refused 64 'slots 0 to 5'
    run_split codex-prove sample "$cid" --slot 0
    assert_refused 64 'either --challenge or --entropy'
    run_split codex-prove sample "$cid" --slot 0 --challenge 0x00
    assert_refused 65 'not 32'
}

@test "input and witness: what is written is read, and holds" {
    make_dataset
    codex-prove input "$cid" --slot 3 --challenge "$challenge" "${circuit[@]}" -o input.json
    assert_equal "$(jq -c '[.nCellsPerSlot,.nSlotsPerDataSet,.slotIndex,(.slotProof|length)]' input.json)" \
        '[16,6,3,3]'
    codex-prove witness --check "${circuit[@]}" input.json -o a.wtns
    codex-prove witness "${circuit[@]}" <input.json >b.wtns
    assert_same a.wtns b.wtns
    assert_equal "$(wc -c <a.wtns)" $((76 + 32 * 9155))
}

@test "a false input names the constraint it breaks" {
    make_dataset
    codex-prove input "$cid" --slot 3 --challenge "$challenge" "${circuit[@]}" -o input.json
    jq '.cellData[1][0] = "7"' input.json >false.json
    run_split codex-prove witness --check "${circuit[@]}" false.json
    assert_refused 1 'sample 2'
    jq '.slotIndex = 2' input.json >false.json
    run_split codex-prove witness --check "${circuit[@]}" false.json
    assert_failure 1
    jq 'del(.slotRoot)' input.json >false.json
    run_split codex-prove witness "${circuit[@]}" false.json
    assert_refused 65 'slotRoot is missing'
}

@test "a dataset of other shapes than the circuit's is refused" {
    make_dataset
    run_split codex-prove input "$cid" --slot 0 --challenge "$challenge"
    assert_refused 65 'the circuit is for 2^5 cells a block'
}

@test "r1cs: counts and file agree" {
    run_split codex-prove r1cs --stats "${circuit[@]}"
    assert_success
    assert_equal "$(cut -f 1,2,4 <<<"$output")" $'9129\t9155\t14'
    codex-prove r1cs "${circuit[@]}" >circuit.r1cs
    run_split codex-prove info --json circuit.r1cs
    assert_equal "$(jq -c '[.kind,.constraints,.wires,.publicInputs]' <<<"$output")" \
        '["r1cs",9129,9155,3]'
    run_split codex-prove r1cs --stats --block-depth 40
    assert_failure 65
}

@test "info: refuses what it does not know, and goes on" {
    codex-prove r1cs "${circuit[@]}" -o circuit.r1cs
    echo text >text
    head -c 100 circuit.r1cs >cut.r1cs
    run_split codex-prove info text cut.r1cs circuit.r1cs
    assert_failure 65
    assert_equal "${#lines[@]}" 1
    assert_stderr --partial 'text: not an .r1cs'
    assert_stderr --partial 'cut.r1cs'
}
