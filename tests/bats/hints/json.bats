# Errors in JSON: one object a line, with the cause, the way out, and its name.
load ../common
load hints
load ../codex-ec/damage

setup() {
    codex_setup
    gen 1 300000 >file
    plain=$(codex-chunk put file | cut -f1)
    coded=$(codex-ec encode -k 2 -m 1 "$plain")
}

# told STATUS COMMAND...: ends with it; in text with an error and a hint, and in JSON with one object a line,
# of which the errors have code, exit status, message, hint and the names of what the hint offers. Of what is
# no mistake in the command line, each command of the hint has a name.
told() {
    local expected=$1 answers
    shift
    run_split "$@" </dev/null
    assert_failure "$expected"
    [[ $stderr == *': error: '* && $stderr == *': hint: '* ]] || fail "$*: $stderr" || return
    local text=$stderr
    run_split "$@" --json </dev/null
    assert_failure "$expected"
    # One jq for all questions, for to start it takes longer than the tool does: how many objects there are, whether the
    # errors are as they should be, how many commands the hints have, how many names, and the last hint.
    answers=$(jq -rs --argjson status "$expected" '
        length,
        ([.[] | select(.type == "error")] | length > 0 and all(
            (.code | test("^[a-z_.]+$")) and .exit <= $status and (.message | length > 0) and
            (.hint | length > 0) and ((.remedies | length > 0) or (.hint | test(": [a-z]") | not)))),
        ([.[].hint // "" | gsub(" \\| codex-"; " | ") | match(": codex-[a-z]* [-a-z]"; "g")] | length),
        ([.[].remedies // [] | .[] | select(. != "")] | length),
        ([.[] | select(.type == "error").hint] | last)' <<<"$stderr") || fail "$*: $stderr" || return
    mapfile -t answers <<<"$answers"
    assert_equal "${#stderr_lines[@]}" "${answers[0]}"
    [[ ${answers[1]} == true ]] || fail "$*: $stderr" || return
    [[ $expected != 64 ]] || return 0
    ((answers[2] <= answers[3])) || fail "$*: $stderr" || return
    # The same way out in both, and no option that only says how to answer.
    [[ -n ${answers[-1]} && $text == *"${answers[-1]}"* ]] || fail "$text$stderr" || return
    [[ $stderr != *' --json '* ]] || fail "$stderr"
}

@test "codex-chunk: errors have a cause, a way out, and its name" {
    codex-chunk -r new init
    told 1 codex-chunk -r new get "$plain" -o back
    told 1 codex-chunk -r new block get "$plain"
    told 1 codex-chunk block rm "$plain@0"
    told 65 codex-chunk block rm "$plain@99"
    told 65 codex-chunk get "$plain" --range 999999999- -o back
    told 65 codex-chunk get "$plain@0" -o back
    told 65 codex-chunk stat "$plain@77"
    told 65 codex-chunk import file
    told 66 codex-chunk import -
    told 66 codex-chunk import --from-nim nothing
    told 66 codex-chunk put nothing
    told 66 codex-chunk -r nowhere ls
    told 73 codex-chunk -r file put file
    told 73 codex-chunk init
    told 73 codex-chunk get "$plain" -o nodir/back
    told 73 codex-chunk get "$plain" -o .
    told 66 codex-chunk --config-file nothing ls
    told 65 codex-chunk --config-file file ls
    echo 'no settings' >config
    told 78 codex-chunk --config-file config ls
    told 64 codex-chunk init --set --quota 1
    told 64 codex-chunk put ''
    told 64 codex-chunk get ''
    told 64 codex-chunk get -o '' "$plain"
    told 64 codex-chunk export --to-nim '' "$plain"
    told 64 codex-chunk put --block-size 0 file
    told 64 codex-chunk put --compress 99 file
    told 64 codex-chunk put --mime nothing file
    told 64 codex-chunk get --range 9-1 "$plain"
    told 64 codex-chunk nonsense
}

@test "codex-ec and codex-merkle: errors have a cause, a way out, and its name" {
    told 65 codex-ec erase --slots 99 "$coded"
    told 65 codex-ec erase --blocks 999 "$coded"
    told 65 codex-ec erase --random 999 "$coded"
    told 65 codex-ec encode -k 2 -m 1 file
    told 65 codex-ec encode -k 2 -m 1 "$coded"
    told 65 codex-ec decode "$plain"
    told 64 codex-ec erase --slots x "$coded"
    told 64 codex-ec encode "$plain"
    part 'see: {} --help' 'for example: codex-ec encode'
    told 64 codex-ec encode -k 2 -m 0 "$plain"
    told 64 codex-ec status ''
    damage_block "$plain" 1
    codex-chunk rm "$coded"
    told 1 codex-ec verify "$plain"
    told 1 codex-ec repair "$plain"
    told 1 codex-ec encode -k 2 -m 1 "$plain"
    told 1 codex-ec status "$coded"
    told 65 codex-merkle root nothing
    told 66 codex-merkle root --raw nothing
    told 65 codex-merkle root file
    told 65 codex-merkle proof "$plain" --index 999
    told 65 codex-merkle proof --raw file --index 999
    part 'leaves count from 0; the last one is {}'
    told 65 codex-merkle verify --root "$plain" --leaf 00 file
    told 65 codex-merkle verify --root "$(codex-merkle root "$plain")" --leaf "$plain" file
    told 65 codex-merkle verify --root "$(codex-merkle root "$plain")" --block file file
    part 'a proof is hex, JSON or binary, as this prints it: codex-merkle proof CID --index I' \
        'that is a dataset; print its tree: codex-merkle root CID' \
        'that is a dataset; print its blocks: codex-merkle leaves CID'
    told 73 codex-merkle tree "$plain" -o nodir/tree
    told 64 codex-merkle verify --root zz --leaf 00 file
    told 64 codex-merkle verify --root "$(codex-merkle root "$plain")" --leaf 00 file
    told 64 codex-merkle root --raw ''
    told 64 codex-merkle root --digests ''
}

@test "codex-prove: errors have a cause, a way out, and its name" {
    challenge=$(printf '0%.0s' {1..64})
    told 66 codex-prove info nothing
    told 65 codex-prove info file
    part 'name a circuit, a witness, or a key; make a key for tests: codex-prove setup -o test.zkey'
    told 65 codex-prove contribute file -o out
    told 65 codex-prove beacon file --beacon 00 --iterations-log2 10 -o out
    part 'make a key for tests: codex-prove setup -o test.zkey'
    told 65 codex-prove setup --r1cs file -o out
    part 'make a circuit: codex-prove r1cs -o test.r1cs'
    told 65 codex-prove setup --ptau file --max-depth 8 --max-log2-slots 3 --block-depth 2 --cell-elements 5 -o out
    part "name the file of a ceremony's first phase"
    told 66 codex-prove vkey --zkey nothing
    told 65 codex-prove vkey --zkey file
    told 66 codex-prove verify --vkey nothing proof
    told 66 codex-prove verify-setup --zkey nothing --ptau nothing
    told 65 codex-prove witness file
    part 'a witness is made so: codex-prove witness input.json -o slot.wtns'
    told 65 codex-prove slots "$plain"
    told 65 codex-prove roots "$plain"
    told 73 codex-prove r1cs -o nodir/x
    part 'make the folder first: mkdir -p PATH' 'name another file' 'name a file that there is' \
        'name a file in a folder that this user may write to'
    told 64 codex-prove sample "$plain" --slot 0 --challenge zz
    told 64 codex-prove sample "$plain" --slot 0 --entropy zz
    told 64 codex-prove sample "$plain" --slot 0 --entropy 1 --samples 4294967296
    told 64 codex-prove beacon file --beacon 1x --iterations-log2 10
    told 64 codex-prove fetch-circuit --archive file --circuit-dir out --hash zz
    told 64 codex-prove r1cs --samples 5000 -o out
    told 64 codex-prove r1cs --max-depth 4294967296 -o out
    told 64 codex-prove slots "$coded" --cell-size 0
    told 64 codex-prove verify --zkey file ''
    told 64 codex-prove verify --zkey '' file
    told 64 codex-prove info ''
    told 64 codex-prove contribute ''
}

@test "a folder that is missing is made, and what was to be written is" {
    run_split codex-chunk get "$plain" -o 'a b/c/back'
    hint "make the folder first: mkdir -p 'a b/c'"
    pasted 'mkdir -p'
    assert_success
    codex-chunk get "$plain" -o 'a b/c/back'
    cmp file 'a b/c/back'
    for option in --proof --public; do
        run_split codex-prove prove --zkey file $option nodir/x
        assert_refused 73 'nodir/x'
        hint 'make the folder first: mkdir -p nodir'
    done
    run_split codex-chunk get "$plain" -o .
    hint 'name a file in it'
    run_split codex-chunk get "$plain" -o file/x
    assert_refused 73 'file/x'
    hint 'name another file'
    only_root
    mkdir closed && chmod 755 closed
    run_split as_stranger codex-prove r1cs --max-depth 8 --max-log2-slots 3 --block-depth 2 --cell-elements 5 -o closed/x
    assert_failure 77
    hint 'name a file in a folder that this user may write to'
}

@test "the file of settings that was named and is not there" {
    for how in 'codex-chunk --config-file nothing' 'env CODEX_CONFIG=nothing codex-chunk'; do
        # shellcheck disable=SC2086 # words
        run_split $how ls
        assert_refused 66 'configuration file: open nothing'
        hint 'name a file that there is, or none, since nobody needs one'
    done
    codex-chunk ls
    echo 'no settings' >config
    run_split codex-chunk --config-file config ls
    assert_refused 78 "config:1: not of the form 'name = value'"
    hint 'codex-pipes(7) describes the file'
}

@test "what a process is called that has no name any more" {
    # A lock that a process in another PID namespace, or one that ended, holds is not called "?".
    exec {lock}<>"$CODEX_REPO/lock"
    flock -x "$lock"
    printf '999999999 \n' >"$CODEX_REPO/lock"
    run_split codex-chunk ls --lock-timeout 0s
    assert_failure 75
    [[ $stderr != *'?'* ]] || fail "$stderr"
    exec {lock}<&-
}

@test "a CID that is cut is called that, and nothing of its digits" {
    local length
    for length in 20 30 40 51; do
        run_split codex-chunk get "${plain:0:length}x" -o back
        assert_failure
        [[ $stderr != *version* ]] || fail "$stderr"
    done
    run_split codex-merkle verify --root "${plain:0:40}" --leaf 00 file
    assert_refused 64 "--root: \"${plain:0:40}\" is not a CID"
    hint 'it looks like a CID that was cut or mistyped; copy the whole of it, or its first 12 characters'
    run_split codex-merkle verify --root hello --leaf 00 file
    hint 'a digest is 64 hex digits or a CID'
}

@test "answers of a batch and of a watch are objects, too, one a line" {
    printf '%s\nnonsense\n%s@99\n' "$plain" "$plain" >list
    run_split codex-chunk stat --batch --json <list
    assert_success
    assert_equal "$(jq -c .type <<<"$output" | grep -c .)" "${#lines[@]}"
    run_split codex-chunk block has --batch --json <list
    assert_success
    assert_equal "$(jq -c .type <<<"$output" | grep -c .)" "${#lines[@]}"
    printf '%s\nnonsense\n%s@99\n' "$plain" "$plain" >list
    run_split codex-chunk stat --json <list
    assert_failure 65
    assert_equal "$(jq -c 'select(.type == "error") | .code' <<<"$stderr" | grep -c .)" 2
    circuit=(--max-depth 8 --max-log2-slots 3 --block-depth 2 --cell-elements 5 --samples 2)
    codex-prove setup --quiet "${circuit[@]}" -o key.zkey
    printf 'no json\n{"id":1}\n{"id":2,"cid":"%s","slot":0,"entropy":"5"}\n{"id":3,"cid":"zz","slot":0,"entropy":"5"}\n' \
        "$plain" >jobs
    run_split codex-prove prove --watch --json --zkey key.zkey "${circuit[@]}" <jobs
    assert_failure
    assert_equal "$(jq -c .error.code <<<"$(printf '%s\n' "${lines[@]}" | grep '"error"')" | grep -c .)" 4
    assert_equal "$(jq -c .type <<<"$stderr" | grep -c .)" "$(grep -c . <<<"$stderr")"
}

@test "the object is the repo, the ledger, the key, the file that an option or a variable names" {
    local object command
    echo 'no-setting = 1' >bad.toml
    while IFS='|' read -r object command; do
        run_split bash -c "$command --json </dev/null"
        assert_failure
        assert_equal "$(jq -r 'select(.type == "error") | .object' <<<"$stderr")" "$object"
    done <<'EOF'
no repo|codex-chunk ls -r 'no repo'
no repo|codex-chunk ls --repo='no repo'
none|CODEX_REPO=none codex-ec status zDvZRwzmAkhzDRPH5EW242gJBNZ2T7aoH2v1fVH66FxXL4kSbvyM
file|codex-chunk space -r file
none|codex-market time --ledger none
none/|CODEX_LEDGER=none/ codex-market list open
my key|codex-market balance --eth-private-key 'my key'
none|CODEX_ETH_PRIVATE_KEY=none codex-market key show
file|codex-market balance --eth-private-key file
none.zkey|codex-market init --zkey none.zkey
none/proof_main.zkey|codex-prove prove --circuit-dir none --watch
none/made|codex-chunk export -o none/made
none.toml|codex-market list open --config-file none.toml
none.toml|CODEX_CONFIG=none.toml codex-chunk ls
bad.toml|codex-prove info file --config-file bad.toml
EOF
    run_split codex-market balance --json # where it is when nobody says it
    assert_equal "$(jq -r .object <<<"$stderr")" "$CODEX_REPO/account"
    run_split codex-chunk ls -r 'no repo'
    assert_stderr --partial "codex-chunk: error: no repo: no repo there"
    run_split codex-chunk ls --json --threads x # no file, and no part of one
    assert_equal "$(jq -r .object <<<"$stderr")" null
}
