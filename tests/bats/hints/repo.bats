# Hints about the repo and its files.
load ../common
load hints
load stored

@test "no repo" {
    export CODEX_REPO=$PWD/none
    run_split codex-chunk ls
    hint 'name the folder of a repo with --repo DIR, or in CODEX_REPO; a new repo is made by the first put, or so: codex-chunk init'
    pasted 'codex-chunk init'
    assert_success
    codex-chunk ls
}

@test "a repo where none can be" {
    local place
    echo x >thing
    for place in "$PWD/thing" "$PWD/thing/below/it"; do
        for command in ls verify 'verify --rebuild-index' gc "get $plain -o back"; do
            # shellcheck disable=SC2086 # words
            run_split codex-chunk -r "$place" $command
            assert_refused 66 "$place: no repo there"
            hint 'name the folder of a repo with --repo DIR, or in CODEX_REPO'
        done
        for command in 'put file' init 'import file' 'block put file'; do
            # shellcheck disable=SC2086 # words
            run_split codex-chunk -r "$place" $command
            assert_refused 73 "$place: no repo there"
            hint 'name the folder of a repo with --repo DIR, or in CODEX_REPO'
        done
    done
    # The home is none.
    run_split env -u CODEX_REPO HOME="$PWD/thing" codex-chunk ls
    assert_refused 66 'no repo there'
    run_split env -u CODEX_REPO HOME=/dev/null codex-chunk put file
    assert_refused 73 'no repo there'
    # A folder that nothing can be made in.
    run_split codex-chunk -r /proc/x put file
    assert_refused 73 '/proc/x'
    hint 'name the folder of a repo with --repo DIR, or in CODEX_REPO'
    codex-chunk -r "$PWD/place" put file
}

@test "a repo that is there already" {
    run_split codex-chunk init --quota 1GiB
    hint 'change its settings: codex-chunk init --set'
    pasted 'codex-chunk init --set'
    assert_success
    assert_equal "$(codex-chunk space --json | jq 'select(.type != "summary").quotaMaxBytes')" 1073741824
}

@test "a folder with other things in it" {
    mkdir full && touch full/thing
    run_split codex-chunk -r full put file
    hint 'name a folder that is empty or does not exist'
    codex-chunk -r empty put file
    # To look for a repo there is no better, and no repo can be made there.
    run_split codex-chunk -r full ls
    assert_refused 66 'full: no repo there, and other things'
    hint 'name the folder of a repo with --repo DIR, or in CODEX_REPO'
    run_split codex-chunk -r full init
    assert_refused 73 'not a repo, and not empty'
    # A market's ledger and key may come first.
    codex-market init -r bought -q --verifier test
    codex-market key new -r bought
    run_split codex-chunk -r bought ls
    assert_refused 66 'bought: no repo there'
    hint 'name the folder of a repo with --repo DIR, or in CODEX_REPO; a new repo is made by the first put, or so: codex-chunk -r bought init'
    pasted 'codex-chunk -r bought init'
    assert_success
}

@test "a repo of another version" {
    mv "$CODEX_REPO/version" version
    echo 99 >"$CODEX_REPO/version"
    run_split codex-chunk ls
    hint 'use the release that made it, or a newer one'
    mv version "$CODEX_REPO/version" # the release that made it: this one
    assert_whole
}

@test "settings that are wrong" {
    local wrong
    for wrong in '{"quota_bytes":"much"}' '' missing; do
        echo "$wrong" >"$CODEX_REPO/config.json"
        [[ $wrong != missing ]] || rm "$CODEX_REPO/config.json"
        for command in ls 'put file' gc verify; do
            # shellcheck disable=SC2086 # words
            run_split codex-chunk $command
            assert_refused 78 'config.json: '
            hint 'correct the file, or: codex-chunk init --set'
        done
        pasted 'codex-chunk init --set'
        assert_success
        assert_whole
    done
    echo '{}' >"$CODEX_REPO/config.json"
    assert_whole
}

@test "an index that is gone" {
    rm "$CODEX_REPO"/index.mdb
    run_split codex-chunk ls
    hint 'rebuild it from the segments: codex-chunk verify --rebuild-index'
    pasted 'codex-chunk verify --rebuild-index'
    assert_success
    assert_whole
}

@test "an index that is older than the segments" {
    cp "$CODEX_REPO/index.mdb" old
    gen 2 5000 >other
    other=$(codex-chunk put other | cut -f1)
    cp old "$CODEX_REPO/index.mdb"
    for command in ls verify "get $other -o back" "put file"; do
        # shellcheck disable=SC2086 # words
        run_split codex-chunk $command
        assert_refused 65 'is older than the segments'
    done
    run_split codex-chunk gc
    hint 'make it anew from the segments: codex-chunk verify --rebuild-index'
    pasted 'codex-chunk verify --rebuild-index'
    assert_success
    codex-chunk get "$other" | cmp - other
    assert_whole
}

@test "an index, notes and segments of another day, and the age of today" {
    local command
    cp -r "$CODEX_REPO" before
    gen 2 5000 >other
    other=$(codex-chunk put --label precious other | cut -f1)
    rm -r "$CODEX_REPO/segments" "$CODEX_REPO/notes"
    cp -r before/segments before/index.mdb "$CODEX_REPO"
    [[ ! -e before/notes ]] || cp before/notes "$CODEX_REPO"
    for command in ls verify "get $plain -o back" "put file" gc "rm $plain"; do
        # shellcheck disable=SC2086 # words
        run_split codex-chunk $command
        assert_refused 65 "index.mdb: is older than the repo's age: it ends with transaction "
        hint 'put back the rest of its day, or of today; or make it anew from the segments that are here: codex-chunk verify --rebuild-index'
        part 'put back the rest of its day, or of today; or make it anew from the segments that are here'
    done
    cp -r "$CODEX_REPO" mixed
    cp before/age "$CODEX_REPO/age" # the rest of its day
    assert_whole
    rm -r "$CODEX_REPO"
    mv mixed "$CODEX_REPO"
    run_split codex-chunk ls
    pasted 'codex-chunk verify --rebuild-index'
    assert_failure 1 # the age knows of a note that nobody has any more
    assert_line --regexp '^-	notes-damaged	'
    assert_whole
}

@test "an index that is damaged" {
    size=$(stat -c %s "$CODEX_REPO/index.mdb")
    head -c "$size" /dev/urandom >"$CODEX_REPO/index.mdb"
    run_split codex-chunk ls
    hint 'rebuild it from the segments: codex-chunk verify --rebuild-index'
    pasted 'codex-chunk verify --rebuild-index'
    assert_success
    assert_whole
}

@test "a repo that may not be changed" {
    only_root
    chmod -R a+rX "$CODEX_REPO"
    run_split as_stranger codex-chunk -r "$CODEX_REPO" rm "$plain"
    hint 'the repo can be read, but not changed; mount it writable or mend its rights'
    chmod -R a+w "$CODEX_REPO"
    as_stranger codex-chunk -r "$CODEX_REPO" keep --until never "$plain"
}

@test "segments that may not be read" {
    only_root
    chmod -R a+rwX "$CODEX_REPO"
    chmod 600 "$segment"
    run_split as_stranger codex-chunk -r "$CODEX_REPO" get "$plain" -o -
    hint "let this user read the files in the repo's folder segments"
    chmod a+r "$segment"
    as_stranger codex-chunk -r "$CODEX_REPO" get "$plain" -o - | cmp - file
}

@test "a segment that is gone" {
    mv "$segment" away
    run_split codex-chunk get "$plain" -o back
    hint 'put the file back; if it is lost for good, make an index of what is left: codex-chunk verify --rebuild-index'
    mv away "$segment"
    assert_whole
    rm "$segment"
    run_split codex-chunk get "$plain" -o back
    pasted 'codex-chunk verify --rebuild-index'
    assert_failure 1 # it names what is lost
    assert_line --partial "$plain	dataset-lost	"
    codex-chunk put file
    codex-ec encode -k 4 -m 2 "$plain"
    assert_whole
}

@test "a segment that cannot be read" {
    [[ -e $CODEX_TEST_BIN/libcodex-testpreload.so ]] || skip 'not built for sanitizers'
    # The block alone is in a second segment, whose reading fails as that of a bad place of a disk does.
    codex-ec erase --blocks 3 "$plain"
    exec {lock}<"$segment"
    flock -x "$lock"
    codex-ec repair "$coded"
    exec {lock}<&-
    second=$(find "$CODEX_REPO/segments" -name '*.seg' ! -path "$segment")
    for n in {1..60}; do
        run_split env CODEX_TEST_FAIL=read:$n:5:all \
            LD_PRELOAD="$CODEX_TEST_BIN/libcodex-testpreload.so" codex-chunk get "$plain" -o back
        [[ $stderr == *"$second"* ]] && break
    done
    hint "try again; give a block up whose place on the disk is lost for good, so that put, import or repair brings it back: codex-chunk rm $plain@INDEX"
    part 'try again; give a block up whose place on the disk is lost for good, so that put, import or repair brings it back: codex-chunk rm CID@INDEX'
    printf '\0' | dd of="$second" bs=1 seek=5000 conv=notrunc status=none # lost for good
    codex-chunk rm "$plain@3"
    codex-ec repair "$coded"
    assert_whole
}

@test "too few open files" {
    skip_with_sanitizers
    # Where the repo can be opened, and no segment.
    for limit in {20..6}; do
        run_split prlimit --nofile=$limit codex-ec repair "$coded"
        [[ $stderr == *segments/* ]] && break
    done
    hint 'allow more open files (ulimit -n), then try again'
    codex-ec repair "$coded"
}

@test "a repo that somebody else has for himself" {
    exec {lock}<>"$CODEX_REPO/lock"
    flock -x "$lock"
    run_split codex-chunk ls --lock-timeout 0s
    hint 'try again when it is done, or wait longer: --lock-timeout'
    # It is done while the next one waits.
    codex-chunk ls --lock-timeout 60s >list {lock}>&- &
    reader=$!
    exec {lock}<&-
    wait "$reader"
    assert_file_contains list "$plain"
}

@test "the quota: smaller than what is here, and reached" {
    run_split codex-chunk init --set --quota 1MiB
    hint 'remove datasets first: codex-chunk rm CID; then: codex-chunk gc'
    codex-chunk rm "$coded"
    codex-chunk gc
    codex-chunk init --set --quota 1100000
    gen 2 100000 >other
    run_split codex-chunk put other
    hint 'remove datasets: codex-chunk rm CID'
    hint 'raise the quota: codex-chunk init --set --quota SIZE'
    codex-chunk init --set --quota 2MiB
    codex-chunk put other
}

@test "no room for the index" {
    # 24 MiB for everything; many small blocks make a large index.
    mkdir small
    gen 7 30000000 >much
    run_split bash -c "trap '' XFSZ; ulimit -f 24576; codex-chunk put --block-size 64 much"
    assert_failure 74
    part 'free some space and try again'
    codex-chunk put --block-size 64KiB much
    assert_whole
}

@test "a version file that is gone" {
    rm "$CODEX_REPO/version"
    run_split codex-chunk ls
    hint 'if it is a repo of this format, put the version back: echo 1 > '
    part '/version'
    run_split bash -c "$(grep -o 'echo 1 > [^;]*' <<<"$stderr")"
    assert_whole
}

@test "folders of the repo that are gone" {
    mv "$CODEX_REPO/segments" away
    run_split codex-chunk ls
    hint "bring it back from where it was moved or saved to"
    mv away "$CODEX_REPO/segments"
    assert_whole
    rm -r "$CODEX_REPO/writers"
    run_split codex-chunk ls
    hint 'when nobody uses the repo, make it anew: mkdir -m 700 '
    pasted 'mkdir -m 700'
    assert_success
    codex-chunk put file
    assert_whole
}

@test "files of the repo that are something else" {
    echo precious >victim
    ln -sf "$PWD/victim" "$CODEX_REPO/lock"
    run_split codex-chunk ls
    hint 'no codex tool has made it so; do not use a repo that you do not trust'
    assert_file_contains victim precious
    rm "$CODEX_REPO/lock" # whose repo it is knows better
    codex-chunk put file
    assert_whole
    head -c 100000 /dev/zero >"$CODEX_REPO/lock-write"
    run_split codex-chunk put file
    hint 'move it away; it is made anew'
    mv "$CODEX_REPO/lock-write" away
    codex-chunk put file
    assert_whole
}
