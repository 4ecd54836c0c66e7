# Hints of codex-market for what it reads, and for ledgers that are not what they were.
load ../common
load hints

setup() {
    codex_setup
    source "$CODEX_SOURCE/tests/bats/codex-market/market.bash"
    start_market
    post
}

@test "market: documents and answers that are none" {
    for input in '{bad' '{"client":5}' "$(head -c 70000 /dev/zero | tr '\0' x)"; do
        run_split codex-market id <<<"$input"
        assert_failure 65
        hint 'see one that is right: codex-market get request REQUEST --json | jq -c .request'
    done
    run_split bash -c "codex-market get request $request --json | jq -c .request | codex-market id"
    assert_failure 65 # and the summary, which is no request
    run_split bash -c "codex-market get request $request --json | head -n 1 | jq -c .request | codex-market id | head -n 1"
    assert_output --partial "$request"
    run_split as client fill <<<'{bad'
    hint 'a line is what a prover answers: codex-market challenge SLOT | codex-prove prove --watch --circuit-dir DIR'
    run_split as client prove-submit <<<'{}'
    hint 'a line is what a prover answers: codex-market challenge SLOT | codex-prove prove --watch --circuit-dir DIR'
}

@test "market: keys, folders, operations and proofs that are none" {
    run_split codex-market key import --to new.key <<<zz
    hint 'give the digits alone, or the keystore of another program with its password: --password-file FILE'
    echo '{}' >none
    run_split codex-market init --vkey none --ledger new
    hint 'a key in JSON is JSON, as this prints it: codex-prove vkey --zkey FILE'
    run_split codex-market init --zkey none --ledger new
    hint 'make a key for tests: codex-prove setup -o test.zkey'
    run_split codex-market init --verifier test --ledger deep/er/new
    assert_failure 73
    hint 'make the folder first: mkdir -p deep/er'
    pasted 'mkdir -p'
    codex-market init -q --verifier test --ledger deep/er/new
    run_split codex-market time --ledger none
    assert_refused 66 'none: no ledger is there: that is no folder'
    hint 'name the folder of a ledger with --ledger DIR, or in CODEX_LEDGER'
    run_split codex-market ledger replay <<<$'{"op":"time"}\nx'
    assert_failure 65
    assert_stderr --partial 'error: stdin line '
    hint 'what an operation is, is said by codex-market(7), RUNS'
    printf '\na\0\n' >operations
    run_split codex-market ledger replay operations --json
    assert_equal "$(jq -r '[.object, .message] | @tsv' <<<"$stderr")" \
        $'operations line 2\ta NUL byte, where there is only text'
    run_split codex-market ledger replay operations
    assert_refused 65 'error: operations line 2: a NUL byte'
    as alice reserve "$request@0" >reserved
    codex-market challenge "$request@0" | prove | jq -c '.publicSignals = []' >answer
    run_split as alice fill answer
    assert_failure 1
    hint "see which proof is wanted: codex-market challenge $(jq -r .id answer)"
}

@test "market: an export that is none, or is cut" {
    codex-market ledger export -o whole
    head -c 500 whole >part
    for file in part "$CODEX_REPO/ledger/genesis"; do
        run_split codex-market ledger import "$file" --ledger copy
        assert_failure 65
        hint 'take an export that is whole, which is made so: codex-market ledger export --ledger OTHER -o FILE'
        assert_not_exist copy
    done
    cp -r "$CODEX_REPO/ledger" OTHER
    pasted 'codex-market ledger export'
    assert_success
    codex-market ledger import FILE --ledger copy
}

@test "market: no hint is the command that has just failed" {
    codex-market ledger export -o FILE
    truncate -s 100 "$CODEX_REPO/ledger/journal"
    for words in '' '--json' '-v' "--ledger $CODEX_REPO/ledger" "-r $CODEX_REPO --threads 1"; do
        # shellcheck disable=SC2086 # words
        run_split codex-market ledger verify $words
        assert_failure 65
        [[ $stderr != *'codex-market ledger verify'* ]] || fail "$stderr"
    done
    run_split codex-market ledger verify
    hint 'what stands before it can be trusted; go on with an export that is whole: codex-market ledger import FILE --ledger OTHER'
    pasted 'codex-market ledger import'
    assert_success
    run_split codex-market time
    pasted 'codex-market ledger verify'
    assert_failure 65
}

@test "market: a ledger on a full disk is verified in another place" {
    [[ $EUID == 0 ]] && mkdir small && mount -t tmpfs -o size=200k none small || skip 'mounts nothing'
    cp -r "$CODEX_REPO/ledger" small/ledger
    codex-market balance "$bob" --ledger small/ledger >before || true
    head -c 1000000 /dev/zero >small/rest 2>said || true
    run_split codex-market ledger verify --ledger small/ledger
    TMPDIR=$PWD/small run_split codex-market ledger verify --ledger small/ledger
    local without=$status
    rm -rf small/ledger/state
    head -c 1000000 /dev/zero >>small/rest 2>said || true
    run_split codex-market ledger verify --ledger small/ledger
    local with=$status
    umount small
    assert_equal "$without $with" '74 0'
    run_split bash -c 'ulimit -f 1; codex-market ledger verify'
    assert_failure 74
    hint 'free some space, or name a folder that has some in TMPDIR'
}

# follows COMMAND: `events --follow` ends with an error when that is done to the ledger; $status and $stderr.
follows() {
    rm -rf followed moved events
    cp -r "$CODEX_REPO/ledger" followed
    codex-market events --ledger followed --follow >events 2>said &
    local follower=$!
    wait_for '[[ -s events ]]'
    eval "$1"
    status=0
    wait "$follower" || status=$?
    stderr=$(<said)
}

@test "market: who follows a ledger is told when it is another one, is cut, or is gone" {
    follows 'mv followed moved'
    assert_equal "$status" 66
    assert_stderr --partial 'followed: the ledger is gone'
    hint 'name the folder of a ledger with --ledger DIR, or in CODEX_LEDGER'
    # He may be making its state anew while it goes.
    follows 'until rm -r followed 2>>removed; do [[ -e followed ]] || break; done'
    assert_equal "$status" 66
    follows 'mv followed moved && codex-market init -q --verifier test --ledger followed >made'
    assert_equal "$status" 66
    hint 'give the command again, for the one that is there'
    follows 'truncate -s 0 followed/journal'
    assert_equal "$status" 65
    hint 'see what is wrong with it: codex-market ledger verify --ledger followed'
}
