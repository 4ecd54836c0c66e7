# An index that is older than the segments: what it does not know is not destroyed, whatever is missing.
load ../common

setup() {
    codex_setup
    gen 7 200000 >a
    gen 8 90000 >b
    gen 9 90000 >c
    A=$(codex-chunk put a)
    cp "$CODEX_REPO/index.mdb" old
}

# assert_all_back: a new index finds everything.
assert_all_back() {
    codex-chunk verify --rebuild-index
    codex-chunk get "$A" | cmp - a
    codex-chunk get "$C" | cmp - c
    codex-chunk gc
    codex-chunk get "$C" | cmp - c
    codex-chunk verify
}

@test "without its age, an index that segments have more than is damage" {
    local damage
    C=$(codex-chunk put c)
    for damage in 'rm -f' 'truncate -s 0' 'truncate -s 20' 'dd if=/dev/zero bs=1 count=48 conv=notrunc status=none of='; do
        cp old "$CODEX_REPO/index.mdb"
        [[ $damage != rm* ]] || cp "$CODEX_REPO/segments/.age" beside
        # shellcheck disable=SC2086 # words
        if [[ $damage == dd* ]]; then ${damage}$CODEX_REPO/age; else $damage "$CODEX_REPO/age"; fi
        sum=$(sha256sum "$CODEX_REPO"/segments/*)
        for command in gc 'put b' "rm $A" ls verify "get $A"; do
            # shellcheck disable=SC2086 # words
            run_split codex-chunk $command
            assert_refused 65 'index.mdb: is older than the segments'
            assert_stderr --partial 'codex-chunk verify --rebuild-index'
            assert_equal "$(sha256sum "$CODEX_REPO"/segments/*)" "$sum"
        done
        # Nothing says that it is older, nothing that it is not.
        rm "$CODEX_REPO/segments/.age"
        for command in gc 'put b' ls; do
            # shellcheck disable=SC2086 # words
            run_split codex-chunk $command
            assert_refused 65 'index.mdb: may be older than the segments'
            assert_equal "$(sha256sum "$CODEX_REPO"/segments/*)" "$sum"
        done
        cp beside "$CODEX_REPO/segments/.age"
    done
    assert_all_back
}

@test "an index that is put back with the age of its day destroys nothing, either" {
    local command
    cp "$CODEX_REPO/age" age
    C=$(codex-chunk put c)
    cp old "$CODEX_REPO/index.mdb"
    cp age "$CODEX_REPO/age"
    sum=$(sha256sum "$CODEX_REPO"/segments/*)
    for command in gc 'put b' "rm $A" ls verify "get $A"; do
        # shellcheck disable=SC2086 # words
        run_split codex-chunk $command
        assert_refused 65 'index.mdb: is older than the segments: it ends with transaction '
        assert_stderr --partial 'codex-chunk verify --rebuild-index'
        assert_equal "$(sha256sum "$CODEX_REPO"/segments/*)" "$sum"
    done
    assert_all_back
    # From before an index that was made anew, which has seen fewer transactions.
    cp old "$CODEX_REPO/index.mdb"
    cp age "$CODEX_REPO/age"
    sum=$(sha256sum "$CODEX_REPO"/segments/*)
    for command in gc 'put b' ls; do
        # shellcheck disable=SC2086 # words
        run_split codex-chunk $command
        assert_refused 65 'index.mdb: is not the one that the segments belong to'
        assert_equal "$(sha256sum "$CODEX_REPO"/segments/*)" "$sum"
    done
    assert_all_back
    # What was not synced may be gone after a power loss: it is kept, and named.
    cp "$CODEX_REPO/index.mdb" old
    cp "$CODEX_REPO/age" age
    gen 11 90000 >c
    C=$(codex-chunk put --no-sync c)
    cp old "$CODEX_REPO/index.mdb"
    cp age "$CODEX_REPO/age"
    run_split codex-chunk gc
    assert_success
    assert_stderr --partial 'has records that the index does not know'
    run codex-chunk verify
    assert_failure 1
    assert_output --partial records-unknown
    assert_all_back
}

@test "the age beside the segments may be missing or damaged, and is written again" {
    local damage n=20
    for damage in 'rm -f' 'truncate -s 0' 'truncate -s 16'; do
        $damage "$CODEX_REPO/segments/.age"
        codex-chunk ls
        cp "$CODEX_REPO/index.mdb" old
        cp "$CODEX_REPO/age" age
        C=$(gen $((++n)) 1000 | codex-chunk put)
        cp old "$CODEX_REPO/index.mdb"
        cp age "$CODEX_REPO/age"
        run_split codex-chunk ls
        assert_refused 65 'is older than the segments'
        codex-chunk verify --rebuild-index
        codex-chunk get "$C" >/dev/null
        codex-chunk verify
    done
}

@test "an index that lacks what was not synced keeps it in the segments" {
    C=$(codex-chunk put --no-sync c)
    cp old "$CODEX_REPO/index.mdb"
    run_split codex-chunk gc
    assert_success
    assert_stderr --partial 'has records that the index does not know'
    codex-chunk put b
    run codex-chunk verify
    assert_failure 1
    assert_output --partial records-unknown
    assert_all_back
}

@test "an index without an age is taken, and gets one, when segments have nothing more" {
    rm "$CODEX_REPO/age"
    codex-chunk ls
    assert_not_exist "$CODEX_REPO/age"
    C=$(codex-chunk put c)
    assert_exist "$CODEX_REPO/age"
    codex-chunk get "$C" | cmp - c
    # A writer that was killed left whole records: with an age they are known to be nobody's.
    mkfifo pipe
    codex-chunk put pipe &
    local pid=$!
    exec 9>pipe
    gen 10 30000000 >&9
    wait_for '(($(stat -c %s "$CODEX_REPO"/segments/* | sort -n | tail -1) > 10000000))' 60
    kill -9 $pid
    exec 9>&-
    wait $pid || true
    run_split codex-chunk gc
    assert_success
    refute_stderr
    (($(stat -c %s "$CODEX_REPO"/segments/* | sort -n | tail -1) < 10000000))
    codex-chunk verify
}

@test "a repo that is moved while it is written to does not touch the one made in its place" {
    mkfifo pipe
    codex-chunk put pipe >put.out 2>put.err 3>&- &
    local pid=$! code=0
    exec 9>pipe
    wait_for "grep -qs index.mdb <(ls -l /proc/$pid/fd)"
    mv "$CODEX_REPO" moved
    codex-chunk put a
    codex-chunk put b >b.cid
    gen 10 3000000 >&9
    exec 9>&-
    wait $pid || code=$?
    assert_equal $code 74
    assert_equal "$(cat put.out)" ''
    grep -q 'was moved or replaced while it was in use' put.err
    codex-chunk get "$(cat b.cid)" | cmp - b
    codex-chunk gc
    codex-chunk verify
    [[ $(ls "$CODEX_REPO"/segments | wc -l) == 1 ]]
    codex-chunk -r moved verify
    codex-chunk -r moved get "$A" | cmp - a
    codex-chunk -r moved put c
    codex-chunk -r moved verify
}

@test "an index that notes have more than is damage, also with the age of its day" {
    local command D
    D=$(codex-chunk put b)
    codex-chunk label "$A" one
    codex-chunk keep "$A" --until 2030-01-01
    cp "$CODEX_REPO/index.mdb" old
    cp "$CODEX_REPO/age" age
    codex-chunk label "$A" two
    codex-chunk keep "$A" --until 2035-01-01
    codex-chunk rm "$D"
    cp old "$CODEX_REPO/index.mdb"
    cp age "$CODEX_REPO/age"
    sum=$(sha256sum "$CODEX_REPO"/notes "$CODEX_REPO"/segments/*)
    for command in gc 'put c' "rm $A" ls verify "get $A" "label $A three"; do
        # shellcheck disable=SC2086 # words
        run_split codex-chunk $command
        assert_refused 65 'index.mdb: is older than the notes'
        assert_stderr --partial 'codex-chunk verify --rebuild-index'
        assert_equal "$(sha256sum "$CODEX_REPO"/notes "$CODEX_REPO"/segments/*)" "$sum"
    done
    codex-chunk verify --rebuild-index
    run codex-chunk ls --json
    assert_output --partial '"label":"two"'
    assert_output --partial '"expiry":2051222400'
    refute_output --partial "$D"
    codex-chunk gc
    codex-chunk verify
}

@test "a new index names a dataset of which only the notes tell" {
    local L
    L=$(codex-chunk put --label precious b)
    rm "$CODEX_REPO/index.mdb"
    cp "$CODEX_REPO"/segments/00000001.seg whole
    # The first block of a segment that was copied earlier is there, what came later is not.
    truncate -s 210000 "$CODEX_REPO"/segments/00000001.seg
    run codex-chunk verify --rebuild-index
    assert_failure 1
    assert_line --regexp "^$L	dataset-lost	"
    codex-chunk verify
    codex-chunk put b
    codex-chunk get "$L" | cmp - b
}

@test "a new index says when nothing tells whether notes are old" {
    codex-chunk keep "$A" --until 2035-01-01
    rm "$CODEX_REPO/index.mdb"
    run_split codex-chunk verify --rebuild-index
    assert_success
    [[ $stderr != *'how many notes there were'* ]]
    rm "$CODEX_REPO/index.mdb" "$CODEX_REPO/age"
    run_split codex-chunk verify --rebuild-index
    assert_success
    assert_stderr --partial 'neither the old index nor the repo'
    rm "$CODEX_REPO/index.mdb" "$CODEX_REPO/age"
    run_split codex-chunk verify --rebuild-index --json
    assert_success
    assert_equal "$(jq -r 'select(.type == "rebuilt") | .notesUnchecked' <<<"$output")" true
}
