# codex-prove fetch-circuit: the archive the network hands out, and what is only like it.
load ../common
load proofs

setup_file() {
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR codex_setup
    mkdir made
    codex-prove r1cs "${circuit[@]}" -o made/proof_main.r1cs
    codex-prove setup --quiet --r1cs made/proof_main.r1cs -o made/proof_main.zkey
    codex-prove vkey --zkey made/proof_main.zkey -o made/proof_main_verification_key.json
    gen 1 3000 >made/proof_main.wasm
    gen 2 100000 >made/proof_main.bin
}

setup() {
    codex_setup
    cp -r "$BATS_FILE_TMPDIR/work/made" .
}

names=(proof_main.bin proof_main.r1cs proof_main.wasm proof_main.zkey proof_main_verification_key.json)

# fetch ARCHIVE [OPTION...]: with its true hash, into the folder circuit.
fetch() {
    local archive=$1
    shift
    codex-prove fetch-circuit --archive "$archive" --circuit-dir circuit "${circuit[@]}" \
        --hash "$(sha256sum <"$archive" | cut -d' ' -f1)" "$@"
}

# pack NAME [TAR OPTION...] FILE...: a gzip tar of files in the folder made.
pack() {
    local name=$1
    shift
    tar -C made -I 'gzip -1' -cf "$name" "$@"
}

# refused CODE TEXT: the last fetch was, and left nothing.
refused() {
    assert_refused "$1" "$2"
    assert_not_exists circuit
}

@test "unpacks the archive, and its key proves" {
    pack a.tar.gz "${names[@]}"
    run_split fetch a.tar.gz
    assert_success
    refute_stderr
    assert_equal "$(cut -f 1 <<<"$output" | sort)" "$(printf 'circuit/%s\n' "${names[@]}" | sort)"
    assert_equal "$(tail -n 1 <<<"$output")" \
        "circuit/proof_main.zkey"$'\t'"$(stat -c %s made/proof_main.zkey)"
    diff -r made circuit
    make_dataset
    run_split bash -c 'codex-prove prove --circuit-dir circuit "$@" --slot 1 --entropy 7 |
        codex-prove verify --vkey circuit/proof_main_verification_key.json' - "$cid" "${circuit[@]}"
    assert_output right
    # Again, over it; and over something else.
    echo other >circuit/proof_main.zkey
    run_split fetch a.tar.gz --json
    assert_success
    assert_equal "$(jq -r .file <<<"$(records <<<"$output")" | tail -n 1)" circuit/proof_main.zkey
    diff -r made circuit
}

@test "from a pipe, in several gzip members, with names below ./, and a hash as the contract has it" {
    tar -C made -cf a.tar .
    { head -c 1000000 a.tar | gzip && tail -c +1000001 a.tar | gzip -1; } >a.tar.gz
    hash=0x$(sha256sum <a.tar.gz | cut -d' ' -f1 | tr a-f A-F)
    run_split bash -c 'codex-prove fetch-circuit --archive - --circuit-dir circuit --hash "$@" \
        <a.tar.gz' - "$hash" "${circuit[@]}"
    assert_success
    refute_stderr
    diff -r made circuit
}

@test "the generators of witnesses are not needed, the other files are" {
    pack a.tar.gz proof_main.{zkey,r1cs} proof_main_verification_key.json
    run_split fetch a.tar.gz
    assert_success
    assert_equal "${#lines[@]}" 3
    rm -r circuit
    for name in proof_main.zkey proof_main.r1cs proof_main_verification_key.json; do
        mapfile -t others < <(printf '%s\n' "${names[@]}" | grep -vx "$name")
        pack a.tar.gz "${others[@]}"
        run_split fetch a.tar.gz
        refused 65 "$name is missing"
    done
}

@test "nothing appears before the hash is right" {
    pack a.tar.gz "${names[@]}"
    wrong=$(printf '%064d' 0)
    run_split codex-prove fetch-circuit --archive a.tar.gz --circuit-dir circuit --hash "$wrong" \
        "${circuit[@]}"
    refused 65 "not $wrong"
    assert_stderr --partial zkeyHash
    # One byte more than was hashed.
    hash=$(sha256sum <a.tar.gz | cut -d' ' -f1)
    echo >>a.tar.gz
    run_split codex-prove fetch-circuit --archive a.tar.gz --circuit-dir circuit --hash "$hash" \
        "${circuit[@]}"
    refused 65 'the SHA-256 is'
    run_split codex-prove fetch-circuit --archive a.tar.gz --circuit-dir circuit "${circuit[@]}"
    refused 64 '--hash is needed'
    run_split codex-prove fetch-circuit --archive a.tar.gz --circuit-dir circuit --hash 0xabcd
    refused 64 '64 hex digits'
    run_split codex-prove fetch-circuit --hash "$hash"
    refused 64 '--archive and --circuit-dir'
    run_split codex-prove fetch-circuit --archive none --circuit-dir circuit --hash "$hash"
    refused 66 none
    run_split codex-prove fetch-circuit --archive a.tar.gz --circuit-dir none/circuit --hash "$hash"
    assert_refused 73 none/circuit
}

@test "a key that is not of the archive's circuit is refused" {
    pack a.tar.gz "${names[@]}"
    run_split codex-prove fetch-circuit --archive a.tar.gz --circuit-dir circuit \
        --hash "$(sha256sum <a.tar.gz | cut -d' ' -f1)"
    refused 65 'the key is for 9155 wires'
    assert_stderr --partial '--samples'
    codex-prove setup --quiet "${circuit[@]}" -o other.zkey
    codex-prove vkey --zkey other.zkey -o made/proof_main_verification_key.json
    pack a.tar.gz "${names[@]}"
    run_split fetch a.tar.gz
    refused 65 'is not the verification key of proof_main.zkey'
    echo '{}' >made/proof_main_verification_key.json
    pack a.tar.gz "${names[@]}"
    run_split fetch a.tar.gz
    refused 65 'proof_main_verification_key.json'
    codex-prove vkey --zkey made/proof_main.zkey -o made/proof_main_verification_key.json
    codex-prove r1cs --max-depth 8 --max-log2-slots 3 --block-depth 2 --cell-elements 5 --samples 3 \
        -o made/proof_main.r1cs
    pack a.tar.gz "${names[@]}"
    run_split fetch a.tar.gz
    refused 65 'proof_main.r1cs has'
    head -c 100000 made/proof_main.zkey >cut && mv cut made/proof_main.zkey
    pack a.tar.gz "${names[@]}"
    run_split fetch a.tar.gz
    refused 65 'proof_main.zkey: section'
}

@test "other names are left out, whatever they are" {
    mkdir made/folder
    echo evil >made/folder/proof_main.zkey
    echo evil >made/extra
    echo evil >../evil
    ln -s /etc/passwd made/link
    mkfifo made/fifo
    (cd made && tar -czPf ../a.tar.gz "${names[@]}" folder extra ../../evil link fifo \
        "$PWD/extra" --transform 's,^extra$,proof_main.zkey/../../extra,')
    run_split fetch a.tar.gz
    assert_success
    assert_stderr --partial 'folder/proof_main.zkey is no file of a circuit: left out'
    rm -r made/{folder,extra,link,fifo}
    diff -r made circuit
    assert_equal "$(find . .. -maxdepth 1 -name extra)" ''
}

@test "links, folders and second files under a known name are refused" {
    echo secret >secret
    mv made/proof_main.wasm wasm
    ln -s ../secret made/proof_main.wasm
    pack a.tar.gz "${names[@]}"
    run_split fetch a.tar.gz
    refused 65 'proof_main.wasm is not a file'
    rm made/proof_main.wasm && ln made/proof_main.bin made/proof_main.wasm
    pack a.tar.gz "${names[@]}"
    run_split fetch a.tar.gz
    refused 65 'is not a file'
    rm made/proof_main.wasm && mkdir made/proof_main.wasm
    pack a.tar.gz "${names[@]}"
    run_split fetch a.tar.gz
    assert_success
    assert_stderr --partial 'proof_main.wasm/ is no file of a circuit: left out'
    rm -r circuit && rmdir made/proof_main.wasm
    mv wasm made/proof_main.wasm
    pack a.tar.gz "${names[@]}" ./proof_main.wasm
    run_split fetch a.tar.gz
    refused 65 'proof_main.wasm stands twice'
    # What stands in the folder already is replaced, not followed.
    mkdir circuit
    ln -s "$PWD/secret" circuit/proof_main.zkey
    pack a.tar.gz "${names[@]}"
    run_split fetch a.tar.gz
    assert_success
    assert_equal "$(<secret)" secret
    diff -r made circuit
}

@test "what unpacks to more than a circuit has is refused before it is written" {
    # 8 GiB of zeros in a few megabytes, as data and as a hole.
    truncate -s 8G made/proof_main.bin
    tar -C made -cSzf a.tar.gz "${names[@]}"
    run_split fetch a.tar.gz
    refused 65 'needs none larger'
    rm made/proof_main.bin
    truncate -s 40M made/proof_main.bin
    for i in {1..9}; do cp --sparse=always made/proof_main.bin "made/$i"; done
    pack a.tar.gz {1..9} "${names[@]}"
    run_split fetch a.tar.gz
    refused 65 'unpacks to more than'
    rm made/[1-9] && echo small >made/proof_main.bin
    mkdir made/many && (cd made/many && touch {1..1100})
    pack a.tar.gz many "${names[@]}"
    run_split fetch a.tar.gz
    refused 65 'more than 1024 entries'
}

@test "what is no archive is refused" {
    pack whole.tar.gz "${names[@]}"
    for bytes in 0 5 100 30000; do
        head -c "$bytes" whole.tar.gz >a.tar.gz
        run_split fetch a.tar.gz
        assert_failure 65
        assert_not_exists circuit
    done
    gen 3 50000 >a.tar.gz
    run_split fetch a.tar.gz
    refused 65 'not a gzip tar'
    gzip -c a.tar.gz >b.tar.gz
    run_split fetch b.tar.gz
    refused 65 'not a gzip tar'
}

@test "a kill leaves files that are whole, the key last" {
    pack a.tar.gz "${names[@]}"
    # While the archive still arrives.
    mkfifo pipe
    exec {to}<>pipe
    head -c 60000 a.tar.gz >&"$to"
    options=(--circuit-dir circuit "${circuit[@]}" --hash "$(sha256sum <a.tar.gz | cut -d' ' -f1)")
    codex-prove fetch-circuit --archive pipe "${options[@]}" &
    wait_for '[[ -d circuit ]]'
    kill -9 $!
    wait $! || true
    exec {to}>&-
    assert_equal "$(ls -A circuit)" ''
    # At some moment of its work.
    exec {never}<> <(:)
    for moment in {1..15}; do
        rm -rf circuit
        codex-prove fetch-circuit --archive a.tar.gz "${options[@]}" >/dev/null &
        read -rt "$(printf '0.%03d' $((moment * 4)))" -u "$never" || true
        kill -9 $! 2>/dev/null || true
        wait $! || true
        [[ -d circuit ]] || continue
        for file in $(ls -A circuit); do
            assert_same "circuit/$file" "made/$file"
        done
        [[ ! -e circuit/proof_main.zkey ]] || diff -r made circuit
    done
    fetch a.tar.gz
    diff -r made circuit
}
