# A repo may come from anybody: no name in it leads to another file, and none keeps a tool waiting. What
# is missing or empty is said, never made.
load ../common

setup() {
    codex_setup
    gen 7 200000 >data
    cid=$(codex-chunk put data)
    gen 8 5000 >victim
    cp victim before
    # A repo as its user left it, to try things on copies of.
    mv "$CODEX_REPO" whole
    copies=0
}

# fresh [REPO]: another copy of the repo.
fresh() {
    CODEX_REPO=$BATS_TEST_TMPDIR/repo$((++copies))
    cp -a "${1:-whole}" "$CODEX_REPO"
}

# assert_untouched FOLDER: no segment went, none was added or changed, and the victim is what it was.
assert_untouched() {
    assert_same victim before
    # A new index may be made: that its lineage is noted there is no harm.
    diff -r --exclude=.age whole/segments "$1" || fail 'segments differ'
}

commands=("ls" "stat CID" "get CID -o out" "put victim" "rm CID" "keep CID --until never" "gc"
    "verify" "verify --repair-counters" "verify --rebuild-index" "space" "init --set --ttl 1h"
    "block put victim" "export CID -o out")

@test "a link in the place of a file of the repo leads nowhere" {
    local name command
    for name in lock version config.json index.mdb index.mdb-lock lock-write; do
        for command in "${commands[@]}"; do
            fresh
            ln -sf "$PWD/victim" "$CODEX_REPO/$name"
            # shellcheck disable=SC2086 # words
            run_split timeout 20 codex-chunk ${command/CID/$cid}
            [[ $status != 124 ]] || fail "$name: $command hangs"
            # Readers do not queue with writers, and a new index has a new table of readers.
            if [[ $name != lock-write && $name/$command != index.mdb-lock/*rebuild* ]]; then
                assert_failure 65
                assert_stderr --partial "$CODEX_REPO/$name: is a symbolic link"
            fi
            assert_untouched "$CODEX_REPO/segments"
        done
    done
}

@test "a pipe, a folder or a socket in the place of a file is refused, not waited for" {
    local name kind command
    for name in lock version config.json index.mdb index.mdb-lock lock-write; do
        for kind in mkfifo mkdir; do
            for command in ls "put victim" gc; do
                fresh
                rm -f "$CODEX_REPO/$name"
                $kind "$CODEX_REPO/$name"
                # shellcheck disable=SC2086 # words
                run_split timeout 20 codex-chunk $command
                if [[ $name/$command != lock-write/ls ]]; then
                    assert_failure 65
                    assert_stderr --partial "$CODEX_REPO/$name: is a "
                fi
                assert_untouched "$CODEX_REPO/segments"
            done
        done
    done
}

@test "what lies beside the index is a file, or who would write says so and writes nothing" {
    local name kind command
    for name in notes age reserve; do
        for kind in 'mkfifo' 'mkdir' "ln -s $PWD/victim"; do
            for command in "${commands[@]}"; do
                [[ $command != @(ls|stat*|get*|verify|space|export*) ]] || continue
                fresh
                rm -rf "${CODEX_REPO:?}/$name"
                $kind "$CODEX_REPO/$name"
                cp -a "$CODEX_REPO/index.mdb" index
                # shellcheck disable=SC2086 # words
                run_split timeout 20 codex-chunk ${command/CID/$cid}
                assert_failure 65
                assert_stderr --partial "$CODEX_REPO/$name: is a "
                assert_same index "$CODEX_REPO/index.mdb"
                assert_untouched "$CODEX_REPO/segments"
            done
        done
    done
}

@test "segments and writers are folders, and their files are files" {
    local name command
    for name in segments writers; do
        for command in "${commands[@]}"; do
            fresh
            mv "$CODEX_REPO/$name" elsewhere
            ln -s "$PWD/elsewhere" "$CODEX_REPO/$name"
            # shellcheck disable=SC2086 # words
            run_split codex-chunk ${command/CID/$cid}
            assert_failure 65
            assert_stderr --partial "$CODEX_REPO/$name: is a symbolic link"
            [[ $name == writers ]] || assert_untouched elsewhere
            rm -rf elsewhere
        done
    done
    fresh
    local segment=("$CODEX_REPO"/segments/*)
    ln -sf "$PWD/victim" "${segment[0]}"
    for command in "get $cid -o out" "put victim" gc verify; do
        # shellcheck disable=SC2086 # words
        run timeout 20 codex-chunk $command
        [[ $status != 124 ]]
        assert_same victim before
    done
    fresh
    segment=("$CODEX_REPO"/segments/*)
    rm "${segment[0]}"
    mkfifo "${segment[0]}"
    run timeout 20 codex-chunk get "$cid" -o out
    [[ $status != 124 && $status != 0 ]]
    run timeout 20 codex-chunk verify
    [[ $status != 124 && $status != 0 ]]
}

@test "an index that is missing, empty, cut or lacks a table is never made anew in passing" {
    local how command
    for how in 'rm INDEX' 'rm INDEX*' ': >INDEX' 'truncate -s 5000 INDEX' 'truncate -s 8192 INDEX' \
        'head -c 40000 /dev/zero >INDEX' 'perl -0pi -e s/expiries/expirieS/g INDEX'; do
        fresh
        eval "${how//INDEX/$CODEX_REPO/index.mdb}"
        local hurt=$CODEX_REPO
        for command in "${commands[@]}"; do
            [[ $command != *rebuild* ]] || continue
            fresh "$hurt"
            # shellcheck disable=SC2086 # words
            run_split codex-chunk ${command/CID/$cid}
            assert_failure 65
            assert_stderr --partial 'index.mdb'
            assert_stderr --partial 'codex-chunk verify --rebuild-index'
            assert_untouched "$CODEX_REPO/segments"
            # Nothing is made, but for locks.
            diff -r --exclude='*lock*' "$hurt" "$CODEX_REPO" || fail "$how: $command: changes the repo"
        done
        CODEX_REPO=$hurt
        codex-chunk verify --rebuild-index
        codex-chunk get "$cid" | cmp - data
        codex-chunk gc
        codex-chunk verify
    done
}

@test "a folder that is missing is said, and nothing is made or deleted" {
    local name command
    for name in segments writers; do
        for command in "${commands[@]}"; do
            fresh
            mv "$CODEX_REPO/$name" elsewhere
            # shellcheck disable=SC2086 # words
            run_split codex-chunk ${command/CID/$cid}
            assert_failure 65
            assert_stderr --partial "$CODEX_REPO/$name: is missing"
            assert_not_exist "$CODEX_REPO/$name"
            mv elsewhere "$CODEX_REPO/$name"
            codex-chunk get "$cid" | cmp - data
        done
    done
}

@test "the table of readers is made anew when nobody has the index open, and only then" {
    local how
    for how in 'rm TABLE' ': >TABLE' 'truncate -s 5000 TABLE'; do
        fresh
        eval "${how//TABLE/$CODEX_REPO/index.mdb-lock}"
        codex-chunk get "$cid" | cmp - data
        assert_equal "$(stat -c %s "$CODEX_REPO/index.mdb-lock")" "$(stat -c %s whole/index.mdb-lock)"
    done
    # Somebody has it open, and somebody else takes the names of all locks away.
    fresh
    mkfifo pipe
    codex-chunk put pipe >piped &
    local pid=$!
    exec 9>pipe
    wait_for "grep -qs index.mdb-lock <(ls -l /proc/$pid/fd)"
    rm "$CODEX_REPO/index.mdb-lock" "$CODEX_REPO/lock"
    for command in ls "put victim" "verify --rebuild-index"; do
        # shellcheck disable=SC2086 # words
        run_split codex-chunk $command --lock-timeout 0s
        assert_refused 75 "process $pid codex-chunk put pipe"
    done
    cat victim >&9
    exec 9>&-
    wait $pid
    codex-chunk get "$(cat piped)" | cmp - victim
    codex-chunk put victim
    codex-chunk verify
}
