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
    assert_refused 65 'slots 0 to 5'
    run_split codex-prove sample "$cid" --slot 0
    assert_refused 64 'either --challenge or --entropy'
    run_split codex-prove sample "$cid" --slot 0 --challenge 0x00
    assert_refused 64 'not 32'
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

@test "a false input names the constraint it breaks, and cannot be proven" {
    make_dataset
    make_key
    codex-prove input "$cid" --slot 5 --challenge "$challenge" "${circuit[@]}" -o input.json
    while IFS='|' read -r change constraint; do
        jq "$change" input.json >false.json
        run_split codex-prove witness --check "${circuit[@]}" false.json
        assert_refused 1 "$constraint"
        codex-prove witness "${circuit[@]}" false.json -o false.wtns
        run_split codex-prove prove --zkey key.zkey --wtns false.wtns
        assert_refused 1 'does not verify'
    done <<'LIES'
.cellData[1][0] = "7"|sample 2: its path from the block to the slot root
.merklePaths[0][0] = "7"|sample 1: its path from the block to the slot root
.merklePaths[1][3] = "7"|sample 2: its path from the block to the slot root
.entropy = "8"|sample
.dataSetRoot = "8"|the dataset path from the slot root
.slotRoot = "8"|the dataset path from the slot root
.slotProof[2] = "8"|the dataset path from the slot root
.slotIndex = 4|the dataset path from the slot root
.slotIndex = 8|the slot index has at most max-log2-slots bits
.nSlotsPerDataSet = 7|the dataset path from the slot root
.nSlotsPerDataSet = 9|the number of slots minus one has at most max-log2-slots bits
.nCellsPerSlot = 8|sample 1
.nCellsPerSlot = 12|the number of cells is a power of two from 2 on
LIES
    jq 'del(.slotRoot)' input.json >false.json
    run_split codex-prove witness "${circuit[@]}" false.json
    assert_refused 65 'slotRoot is missing'
}

@test "damaged files of every format are refused" {
    make_dataset
    codex-prove r1cs "${circuit[@]}" -o whole.r1cs
    codex-prove setup --quiet --r1cs whole.r1cs -o whole.zkey
    codex-prove input "$cid" --slot 5 --challenge "$challenge" "${circuit[@]}" |
        codex-prove witness "${circuit[@]}" -o whole.wtns
    # refused_by COMMAND...: `bad` is not what the command takes.
    refused_by() {
        run_split codex-prove "$@"
        assert_failure 65
        assert_output ''
        assert_stderr --partial 'error: '
    }
    for kind in r1cs wtns zkey; do
        case $kind in
        r1cs) command=(setup -o made.zkey --r1cs) ;;
        wtns) command=(prove --zkey whole.zkey --wtns) ;;
        zkey) command=(prove --wtns whole.wtns --zkey) ;;
        esac
        size=$(stat -c %s "whole.$kind")
        for bytes in 0 3 11 12 23 60 $((size / 3)) $((size - 1)); do
            head -c "$bytes" "whole.$kind" >bad
            refused_by "${command[@]}" bad
        done
        # Magic, version, number of sections, the first one's length, its first count.
        for at in 0 4 8 16 24; do
            cp "whole.$kind" bad
            printf '\xee' | dd of=bad bs=1 seek=$at conv=notrunc status=none
            refused_by "${command[@]}" bad
        done
        refused_by "${command[@]}" file # of no format
        refute [ -e made.zkey ]
    done
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
    run_json codex-prove info --json circuit.r1cs
    assert_equal "$(jq -c '[.kind,.constraints,.wires,.publicInputs]' <<<"$output")" \
        '["r1cs",9129,9155,3]'
    run_split codex-prove r1cs --stats --block-depth 40
    assert_failure 64
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
