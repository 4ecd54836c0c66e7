# Hints of codex-merkle and codex-prove.
load ../common
load hints
load ../codex-ec/damage
load ../codex-prove/proofs

setup_file() { make_shared; }

@test "merkle: digests, proofs, roots, trees" {
    codex_setup
    gen 1 300000 >file
    plain=$(codex-chunk put file | cut -f1)
    echo stone >digests
    run_split codex-merkle root --digests digests
    hint 'a digest is 64 hex digits or a CID'
    codex-merkle leaves "$plain" | codex-merkle root --digests -
    codex-merkle proof "$plain" --index 1 >proof
    codex-chunk block get "$plain@1" -o block
    run_split codex-merkle verify --root "$plain" --block block proof
    hint 'that is a dataset; print its tree: codex-merkle root {}'
    pasted 'codex-merkle root'
    codex-merkle verify --root "$output" --block block proof
    run_split codex-merkle verify --root "$(codex-merkle leaves "$plain" | head -1)" --block block proof
    hint 'the tree of a dataset is printed so: codex-merkle root CID'
    head -c 40 /dev/urandom >wrong
    root=$(codex-merkle root "$plain")
    run_split codex-merkle verify --root "$root" --block block wrong
    hint 'a proof is hex, JSON or binary, as this prints it: codex-merkle proof CID --index I'
    codex-merkle verify --root "$root" --block block proof
    run_split codex-merkle verify --root "$root" --leaf "$plain" proof
    assert_refused 65 "--leaf $plain: is not the CID of a block"
    hint 'that is a dataset; print its blocks: codex-merkle leaves {}'
    pasted 'codex-merkle leaves'
    codex-merkle verify --root "$root" --leaf "${lines[1]}" proof
    run_split codex-merkle verify --root "$root" --leaf "$root" proof
    assert_refused 65 "--leaf $root: is not the CID of a block"
    hint 'that is a tree; the blocks of a dataset are printed so: codex-merkle leaves CID'
}

@test "merkle: a tree that is too large for one piece" {
    codex_setup
    # Its binary form is made in memory.
    truncate -s 1G zeros
    run_split codex-merkle tree --raw zeros --block-size 64 --format binary -o tree
    hint '--format text has no limit'
    truncate -s 1M zeros
    codex-merkle tree --raw zeros --block-size 64 --format text -o tree
}

@test "prove: what needs parity, slots, keys" {
    codex_setup
    use_shared
    plain=$(codex-ec decode "$protected")
    run_split codex-prove slots --cell-size 128 "$plain"
    hint 'make a protected dataset of it, for example: codex-ec encode -k 4 -m 2 {}'
    part 'make a protected dataset of it, for example: codex-ec encode -k 4 -m 2 CID'
    pasted 'codex-ec encode'
    codex-prove slots --cell-size 128 "$output"
    run_split codex-prove slots "$protected"
    assert_refused 65 'cells of 2048 bytes: a block of 512 is not a power of two of them'
    hint "choose another size of cells: codex-prove slots --cell-size 128 $protected"
    part 'choose another size of cells: codex-prove slots --cell-size SIZE CID'
    pasted 'codex-prove slots'
    assert_success
    # A verifiable dataset has cells already.
    codex-prove slots "$output"
    run_split codex-prove witness file
    assert_refused 65 'file: JSON'
    hint 'an input is made so: codex-prove input CID --slot I --challenge 0x...'
    run_split codex-prove roots "$protected"
    hint "compute them: codex-prove slots $protected"
    part 'compute them: codex-prove slots CID'
    codex-prove roots "$(codex-prove slots --cell-size 128 "$protected")"
    run_split codex-prove sample "$cid" --challenge $challenge
    hint 'slots count from 0'
    run_split codex-prove sample "$cid" --slot 0
    hint "--challenge 0x... is what the contract's getChallenge gives"
    for challenge_text in 0x12 zz 0x1; do
        run_split codex-prove sample "$cid" --slot 0 --challenge "$challenge_text"
        assert_refused 64 'error: '
        assert_stderr --partial '--challenge: '
        hint 'a challenge is 64 hex digits; a number goes to --entropy'
    done
    codex-prove sample "$cid" --slot 0 --challenge $challenge
    codex-prove sample "$cid" --slot 0 --entropy 12
    run_split codex-prove prove "${circuit[@]}" "$cid" --slot 0 --challenge $challenge
    hint "make a key for tests: codex-prove setup ${circuit[*]} -o test.zkey"
    part 'make a key for tests: codex-prove setup{} -o test.zkey'
    # A hint is pasted, and replaces no key that is there.
    cp key.zkey test.zkey
    cp key.zkey test-2.zkey
    run_split codex-prove prove "${circuit[@]}" "$cid" --slot 0 --challenge $challenge
    hint "make a key for tests: codex-prove setup ${circuit[*]} -o test-3.zkey"
    run_split codex-prove prove --zkey file "${circuit[@]}" "$cid" --slot 0 --challenge $challenge
    hint "make a key for tests: codex-prove setup ${circuit[*]} -o test-3.zkey"
    run_split codex-prove prove --zkey key.zkey "${circuit[@]}" "$cid"
    hint "for example: codex-prove prove --zkey key.zkey ${circuit[*]} --slot 0 --challenge 0x... $cid"
    part 'for example: {} --slot 0{} {}'
    run_split codex-prove prove --zkey key.zkey "${circuit[@]}" "$cid" --entropy 7
    pasted 'codex-prove prove'
    assert_success
    printf '%s\n' "$output" >pf
    # No key but the one that it was made with says whether a proof is right.
    run_split codex-prove verify pf
    hint 'name the key that the proof was made with: codex-prove verify --zkey FILE pf'
    part 'name the key that the proof was made with: codex-prove verify --zkey FILE {}'
    [[ $stderr != *setup* ]] || fail "$stderr"
    codex-prove verify --zkey key.zkey pf
    run_split codex-prove batch-verify pf
    hint 'name the key that the proofs were made with: codex-prove batch-verify --zkey FILE {}'
    run_split codex-prove verify-setup --ptau none
    hint 'name the key to be checked: codex-prove verify-setup --zkey FILE --ptau {}'
    run_split codex-prove vkey key.zkey
    assert_refused 64 "unexpected argument 'key.zkey'"
    hint 'did you mean: --zkey key.zkey'
    run_split codex-prove vkey nothing.zkey
    hint 'did you mean: --zkey nothing.zkey'
    codex-prove vkey --zkey key.zkey
    codex-prove prove --zkey key.zkey "${circuit[@]}" "$cid" --slot 0 --challenge $challenge
}

@test "prove: a key without its option, and a key of the other kind" {
    codex_setup
    use_shared
    run_split codex-prove prove key.zkey "${circuit[@]}" --slot 0 --entropy 7 "$cid"
    assert_refused 64 'either --zkey or --circuit-dir'
    hint "did you mean: codex-prove prove ${circuit[*]} --slot 0 --entropy 7 --zkey key.zkey $cid"
    run_split codex-prove prove "$cid" key.zkey "${circuit[@]}" --slot 0 --entropy 7
    hint "did you mean: codex-prove prove ${circuit[*]} --slot 0 --entropy 7 --zkey key.zkey $cid"
    pasted_to_end 'codex-prove prove'
    assert_success
    printf '%s\n' "$output" >pf
    for command in verify batch-verify; do
        run_split codex-prove $command key.zkey <pf
        assert_refused 64 '--vkey, --zkey or --circuit-dir is needed'
        hint "did you mean: codex-prove $command --zkey key.zkey"
        codex-prove $command --zkey key.zkey <pf
    done
    run_split codex-prove verify-setup key.zkey --ptau none
    hint 'did you mean: --zkey key.zkey'
    codex-prove vkey --zkey key.zkey -o vkey.json
    run_split codex-prove verify --zkey vkey.json pf
    assert_refused 65 'vkey.json: is a verification key, and no .zkey file'
    hint 'that is a key, too, and taken so: --vkey vkey.json'
    part 'that is a key, too, and taken so: --vkey {}'
    codex-prove verify --vkey vkey.json pf
    run_split codex-prove vkey --zkey vkey.json
    hint 'name the proving key that it is of: --zkey FILE'
    run_split codex-prove verify --zkey file pf
    assert_refused 65 'file: not a .zkey file'
    hint 'name the key that the proof was made with: codex-prove verify --zkey FILE pf'
    run_split codex-prove verify --circuit-dir . pf
    assert_refused 66 './proof_main.zkey'
    hint 'name a folder that has a proof_main.zkey'
}

@test "nothing came where a proof, a witness, an input, or a key was to come" {
    codex_setup
    use_shared
    root=$(codex-merkle root "$protected")
    leaf=$(codex-merkle leaves "$protected" | head -1)
    : >nothing
    for command in 'verify --zkey key.zkey' 'batch-verify --zkey key.zkey' 'prove --zkey key.zkey' calldata witness \
        'contribute - -o out' 'setup --r1cs - -o out'; do
        # shellcheck disable=SC2086 # words
        run_split codex-prove $command <nothing
        assert_refused 66 'stdin: empty: no '
        hint 'perhaps what writes to the pipe failed, or found nothing'
    done
    for words in "verify --root $root --leaf $leaf -" 'root --digests -'; do
        # shellcheck disable=SC2086 # words
        run_split codex-merkle $words <nothing
        assert_refused 66 'stdin: empty: no '
        hint 'perhaps what writes to the pipe failed, or found nothing'
    done
    run_split codex-prove batch-verify --zkey key.zkey nothing
    assert_refused 66 'nothing: empty: no proof came'
    hint 'see to where the input comes from'
}

@test "prove: circuits that do not fit" {
    codex_setup
    use_shared
    run_split codex-prove input "$cid" --slot 0 --entropy 7 --max-depth 8 --max-log2-slots 3 \
        --block-depth 3 --cell-elements 5 --samples 2
    hint '--block-depth and --cell-elements name the circuit'
    wide=$(codex-prove slots --cell-size 128 "$(codex-ec encode -k 7 -m 2 "$(codex-ec decode "$protected")")")
    run_split codex-prove input "$wide" --slot 0 --entropy 7 "${circuit[@]}"
    hint '--max-depth and --max-log2-slots name the circuit'
    codex-prove input "$cid" --slot 0 --entropy 7 "${circuit[@]}" >input
    run_split codex-prove prove --zkey key.zkey "${circuit[@]:0:8}" --samples 3 "$cid" --slot 0 --entropy 7
    hint "--samples and the other circuit options name the key's circuit; see which it may be: codex-prove info key.zkey"
    part "--samples and the other circuit options name the key's circuit; see which it may be: codex-prove info {}"
    pasted 'codex-prove info'
    [[ $output == *$'\tcircuit --max-depth 8 --max-log2-slots 3 --cell-elements 5 --samples 2'* ]] || fail "$output"
    codex-prove prove --zkey key.zkey "${circuit[@]}" "$cid" --slot 0 --entropy 7
}

@test "prove: a witness that does not fit the key" {
    codex_setup
    use_shared
    codex-prove input "$cid" --slot 0 --entropy 7 "${circuit[@]}" >input
    codex-prove witness "${circuit[@]}" -o witness <input
    # Another value of one wire.
    at=$(($(stat -c %s witness) / 64 * 32))
    printf '\1\2\3\4' | dd of=witness bs=1 seek=$at conv=notrunc status=none
    run_split codex-prove witness input
    assert_refused 65 'input: cellData: '
    hint "the input is for another circuit: codex-prove witness --max-depth 8 --max-log2-slots 3 --cell-elements 5 --samples 2 input"
    part 'the input is for another circuit: codex-prove witness{}{} {}{}'
    run_split codex-prove prove --zkey key.zkey --wtns witness
    hint 'see which constraint is broken: codex-prove witness --check INPUT'
    part 'see which constraint is broken: codex-prove witness --check{} INPUT'
    codex-prove witness --check "${circuit[@]}" -o witness <input
    codex-prove prove --zkey key.zkey --wtns witness
}

@test "prove: blocks that are lost or damaged, roots that are wrong" {
    codex_setup
    make_dataset
    damage_block "$protected" 1
    run_split codex-prove slots --check "$cid"
    hint "restore what parity covers: codex-ec repair $cid"
    part 'restore what parity covers: codex-ec repair CID'
    pasted 'codex-ec repair'
    assert_success
    codex-prove slots --check "$cid"
}

@test "prove: fetching a circuit, checking a setup" {
    codex_setup
    run_split codex-prove fetch-circuit --archive none.zip --circuit-dir circuit
    hint "it is zkeyHash in the marketplace contract's configuration"
    head -c 1000 /dev/urandom >archive
    run_split codex-prove fetch-circuit --archive archive --circuit-dir circuit --hash \
        "0x$(printf '0%.0s' {1..64})"
    hint "the right one is zkeyHash in the marketplace contract's configuration; perhaps the download is not complete"
    run_split codex-prove verify-setup --zkey key.zkey
    hint 'the file of the first phase that the key was made from'
}

@test "prove: a manifest with a wrong slot root" {
    codex_setup
    make_dataset
    root=$(codex-prove roots "$cid" | head -1 | grep -o 'z[A-Za-z0-9]*' | tail -1)
    forge "$cid" "$(digest_of "$root")" "$(printf '1%.0s' {1..62})00"
    codex-chunk import forged.car
    run_split codex-prove slots --check "$(forged_cid)"
    hint 'do not rely on this manifest; make a right one of the protected dataset: codex-prove slots PROTECTED'
    right=$(codex-prove slots --cell-size 128 "$protected")
    codex-prove slots --check "$right"
}

@test "prove: the archive of another circuit" {
    codex_setup
    mkdir made
    codex-prove r1cs "${circuit[@]}" -o made/proof_main.r1cs
    codex-prove setup --quiet --r1cs made/proof_main.r1cs -o made/proof_main.zkey
    codex-prove vkey --zkey made/proof_main.zkey -o made/proof_main_verification_key.json
    gen 1 3000 >made/proof_main.wasm
    gen 2 100000 >made/proof_main.bin
    tar -C made -czf archive.tar.gz proof_main.{bin,r1cs,wasm,zkey} proof_main_verification_key.json
    hash=$(sha256sum <archive.tar.gz | cut -d' ' -f1)
    run_split codex-prove fetch-circuit --archive archive.tar.gz --circuit-dir circuit --hash "$hash"
    hint "--samples and the other circuit options name the archive's circuit"
    codex-prove fetch-circuit --archive archive.tar.gz --circuit-dir circuit --hash "$hash" "${circuit[@]}"
}

@test "prove: powers of too small a ceremony" {
    codex_setup
    codex-testproof circuit chain.r1cs 2>/dev/null || codex-prove r1cs "${circuit[@]}" -o chain.r1cs
    secrets=(3 5 7)
    codex-testproof powers 4 small.ptau "${secrets[@]}"
    codex-prove r1cs "${circuit[@]}" -o circuit.r1cs
    run_split codex-prove setup --ptau small.ptau --r1cs circuit.r1cs -o key.zkey
    hint 'take a file of a larger ceremony'
}

@test "prove: the stored tree of a slot is damaged" {
    codex_setup
    make_dataset
    root=$(codex-prove roots "$cid" | head -1 | grep -o 'z[A-Za-z0-9]*' | tail -1)
    # Its record: a header that ends with the CID, whose end is the root, then the nodes.
    # shellcheck disable=SC2016 # this is Perl
    perl -e '
        my ($digest, @files) = (pack("H*", shift), @ARGV);
        for my $file (@files) {
            open my $segment, "+<:raw", $file or die;
            local $/;
            my $bytes = <$segment>;
            next if $bytes !~ /CXR1\x02.{31}.{2,10}?\Q$digest\E/s;
            seek $segment, $+[0], 0;
            print $segment "\0" x 32;
            exit 0;
        }
        die "no tree"' "$(digest_of "$root")" "$CODEX_REPO"/segments/*
    for entropy in {1..9}; do # until the challenge asks for one of the first two blocks
        run_split codex-prove input "$cid" --slot 0 --entropy $entropy "${circuit[@]}"
        ((status == 0)) || break
    done
    hint 'compute the trees of the slots again: codex-prove slots PROTECTED'
    assert_equal "$(codex-prove slots --cell-size 128 "$protected")" "$cid"
    codex-prove input "$cid" --slot 0 --entropy $entropy "${circuit[@]}"
    codex-chunk verify
}
