# codex-prove when files change under it, when input has no end or is not what it says, and when the key
# cannot be put in place; and that it leaves no core dump.
load ../common
load proofs

setup_file() {
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR codex_setup
    make_dataset
    make_key
    codex-prove vkey --zkey key.zkey -o vkey.json
    codex-prove input "$cid" --slot 3 --entropy 7 "${circuit[@]}" |
        codex-prove witness "${circuit[@]}" -o slot3.wtns
    codex-prove prove --zkey key.zkey --wtns slot3.wtns -o proof
    codex-prove prove --zkey key.zkey --wtns slot3.wtns --proof proof.json --public public.json
    echo "$cid" >cid
}

setup() {
    codex_setup
    cp "$BATS_FILE_TMPDIR"/work/* .
    CODEX_REPO=$BATS_FILE_TMPDIR/repo
    cid=$(<cid)
}

# assert_refused CODE TEXT: ended with CODE, printed nothing, and said TEXT in its error.
assert_refused() {
    assert_failure "$1"
    assert_output ''
    assert_stderr --partial "error: "
    assert_stderr --partial "$2"
}

# with_memory KIB COMMAND...: in an address space of that size.
with_memory() {
    (
        ulimit -v "$1" && shift && exec "$@"
    )
}

job() { echo "{\"id\":\"$1\",\"cid\":\"$cid\",\"slot\":$2,\"entropy\":\"5\"}"; }

# begin_watch: a prover with its key mapped, between the descriptors $to and $from; it has answered once.
begin_watch() {
    mkfifo jobs answers
    codex-prove prove --watch -j 1 --zkey key.zkey "${circuit[@]}" <jobs >answers 2>errors &
    pid=$!
    exec {to}>jobs {from}<answers
    job first 0 >&"$to"
    read -r -t 60 -u "$from" answer
    assert_equal "$(jq -r .id <<<"$answer")" first
}

@test "a key that is cut while it is in use is an error that names it" {
    begin_watch
    truncate -s 100 key.zkey
    job second 0 >&"$to"
    read -r -t 60 -u "$from" answer
    assert_equal "$(jq -r '.id + " " + .error.code' <<<"$answer")" 'second io.failed'
    exec {to}>&-
    status=0
    wait "$pid" || status=$?
    assert_equal "$status" 74
    assert_equal "$(<errors)" \
        'codex-prove: error: job "second": key.zkey: was changed, or could not be read, while it was in use'
}

@test "a key that is written over while it is in use is an error that names it" {
    begin_watch
    # Numbers of wires and constraints that are far out of range, too.
    head -c "$(stat -c %s key.zkey)" /dev/zero | tr '\0' '\377' |
        dd of=key.zkey conv=notrunc status=none
    job second 0 >&"$to"
    read -r -t 60 -u "$from" answer
    assert_equal "$(jq -r '.id + " " + .error.code' <<<"$answer")" 'second io.failed'
    exec {to}>&-
    status=0
    wait "$pid" || status=$?
    assert_equal "$status" 74
}

@test "a key that is replaced while it is in use serves on" {
    begin_watch
    echo other >other
    mv other key.zkey
    job second 1 >&"$to"
    read -r -t 60 -u "$from" answer
    assert_equal "$(jq -r '.id + " " + (.error.code // "proof")' <<<"$answer")" 'second proof'
    exec {to}>&-
    wait "$pid"
}

@test "keys, witnesses and circuits may come from pipes" {
    run_split codex-prove prove --zkey <(cat key.zkey) --wtns <(cat slot3.wtns)
    assert_success
    codex-prove verify --zkey <(cat key.zkey) <<<"$output"
    codex-prove verify --vkey <(cat vkey.json) --proof <(cat proof.json) --public <(cat public.json)
    codex-prove r1cs "${circuit[@]}" >ours.r1cs
    codex-prove setup --quiet --r1cs <(cat ours.r1cs) -o other.zkey
    codex-prove prove --zkey other.zkey --wtns - <slot3.wtns >proof
    codex-prove verify --zkey other.zkey proof
    run_split codex-prove prove --zkey key.zkey --wtns <(head -c 1000 slot3.wtns)
    assert_refused 65 'the file only'
    run_split codex-prove prove --zkey key.zkey --wtns .
    assert_failure
    assert_stderr --partial 'is a folder'
}

@test "input without end is refused by its beginning, in little memory" {
    skip_with_sanitizers
    # 300 MB of address space; 4 GB would be read.
    run_split with_memory 300000 codex-prove prove --zkey key.zkey --wtns /dev/zero
    assert_refused 65 'not a .wtns file'
    run_split with_memory 300000 codex-prove prove --zkey key.zkey </dev/zero
    assert_refused 65 'not a .wtns file'
    run_split with_memory 300000 codex-prove contribute - -o out.zkey </dev/zero
    assert_refused 65 'not a .zkey file'
    run_split with_memory 300000 codex-prove setup --r1cs - -o out.zkey </dev/zero
    assert_refused 65 'not a .r1cs file'
    run_split with_memory 300000 codex-prove batch-verify --zkey key.zkey </dev/zero
    assert_refused 65 'longer than'
    run_split with_memory 300000 codex-prove verify --zkey key.zkey </dev/zero
    assert_refused 65 'larger than'
    # A head that promises 2^62 bytes.
    run_split with_memory 300000 codex-prove prove --zkey key.zkey < <(
        printf 'wtns\2\0\0\0\2\0\0\0\1\0\0\0\0\0\0\0\0\0\0\100'
        cat /dev/zero
    )
    assert_refused 65 'a stream at most'
    assert_file_not_exists out.zkey
}

@test "a batch is verified as it is read" {
    # 3,000 proofs of 1.4 KB, and one that is wrong behind them.
    yes -- "$(<proof)" | head -n 3000 >proofs
    jq -c '.publicSignals[0] = "8"' proof >>proofs
    run_split codex-prove batch-verify --zkey key.zkey - <proofs
    assert_failure 1
    assert_output $'3001\t1'
    assert_stderr --partial 'proof 3001 of 3001 is wrong'
}

@test "counting the circuit and sampling build nothing" {
    skip_with_sanitizers
    run_split codex-prove r1cs --stats
    assert_success
    counted=$output
    run_split with_memory 100000 codex-prove r1cs --stats
    assert_success
    assert_output "$counted"
    run_split with_memory 100000 codex-prove r1cs -o out
    assert_failure 74
    # 4,294,967,295 samples, of which three are read.
    run_split bash -c "set +o pipefail; ulimit -v 300000
        codex-prove sample $cid --slot 0 --entropy 7 --samples 4294967295 | head -n 3"
    assert_success
    assert_output "$(codex-prove sample "$cid" --slot 0 --entropy 7 --samples 3)"
}

@test "JSON with a NUL and more behind it is malformed" {
    for document in proof proof.json public.json vkey.json; do
        cp $document right
        printf '\0{"more":1}' >>$document
        case $document in
        proof) run_split codex-prove verify --zkey key.zkey proof ;;
        vkey.json) run_split codex-prove verify --vkey vkey.json proof ;;
        *) run_split codex-prove verify --zkey key.zkey --proof proof.json --public public.json ;;
        esac
        assert_refused 65 JSON
        cp right $document
    done
    run_split codex-prove verify --zkey key.zkey <(printf '%s\0\n' "$(<proof)")
    assert_refused 65 JSON
    { cat proof && printf '%s\0{}\n' "$(<proof)"; } >proofs
    run_split codex-prove batch-verify --zkey key.zkey proofs
    assert_failure 65
    assert_output $'2\t1'
    { job a 0 | tr -d '\n' && printf '\0{}\n'; } >jobs
    run_split codex-prove prove --watch --zkey key.zkey "${circuit[@]}" <jobs
    assert_failure 65
    assert_equal "$(jq -r .error.code <<<"$output")" json.invalid
    run_split codex-prove witness "${circuit[@]}" <(
        codex-prove input "$cid" --slot 3 --entropy 7 "${circuit[@]}"
        printf '\0{}'
    )
    assert_refused 65 JSON
}

# begin_contribution: waits in it for entropy, which is to be written to $to.
begin_contribution() {
    mkfifo entropy
    codex-prove contribute key.zkey --entropy-fd 0 -o out.zkey <entropy >record 2>errors &
    pid=$!
    exec {to}>entropy
    wait_for "grep -q '^Max core file size *0 *0 ' /proc/$pid/limits" 60
}

@test "contribute prints its hash only when the key is there, and can leave no core dump" {
    begin_contribution
    mkdir out.zkey # where a file cannot be put any more
    exec {to}>&-
    status=0
    wait "$pid" || status=$?
    assert_not_equal "$status" 0
    assert_equal "$(<record)" ''
    grep -q 'error: .*out.zkey' errors
    rmdir out.zkey
    rm entropy
    begin_contribution
    exec {to}>&-
    wait "$pid"
    assert_equal "$(cut -f2,3 record)" $'2\tcontribution'
    assert_file_exists out.zkey
}

@test "commands that draw secrets forbid core dumps" {
    mkfifo circuit
    for command in "setup --r1cs circuit -o out" "prove --zkey key.zkey --wtns circuit" \
        "beacon circuit --beacon 01 --iterations-log2 10 -o out"; do
        # shellcheck disable=SC2086 # a command and its arguments
        codex-prove $command 2>errors &
        pid=$!
        exec {to}>circuit
        wait_for "grep -q '^Max core file size *0 *0 ' /proc/$pid/limits" 60
        exec {to}>&-
        status=0
        wait "$pid" || status=$?
        assert_equal "$status" 66 # nothing came
    done
}
