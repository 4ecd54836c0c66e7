# Hints about the repo and its files.
load ../common
load hints
load ../codex-ec/damage

setup() {
    codex_setup
    gen 1 1000000 >file
    plain=$(codex-chunk put file | cut -f1)
    coded=$(codex-ec encode -k 4 -m 2 "$plain")
    segment=$(find "$CODEX_REPO/segments" -name '*.seg')
}

assert_whole() {
    run_split codex-chunk verify
    assert_success
    codex-chunk get "$plain" | cmp - file
    codex-ec verify "$coded"
}

@test "no repo" {
    export CODEX_REPO=$PWD/none
    run_split codex-chunk ls
    hint 'name the folder of a repo with --repo DIR, or set CODEX_REPO; a new repo is made by the first put, or so: codex-chunk init'
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
            hint 'name the folder of a repo with --repo DIR, or set CODEX_REPO'
        done
        for command in 'put file' init 'import file' 'block put file'; do
            # shellcheck disable=SC2086 # words
            run_split codex-chunk -r "$place" $command
            assert_refused 73 "$place: no repo there"
            hint 'name the folder of a repo with --repo DIR, or set CODEX_REPO'
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
    hint 'name the folder of a repo with --repo DIR, or set CODEX_REPO'
    codex-chunk -r "$PWD/place" put file
}

@test "a repo that is there already" {
    run_split codex-chunk init --quota 1GiB
    hint 'change its settings: codex-chunk init --set'
    codex-chunk init --set --quota 1GiB
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
    hint 'name the folder of a repo with --repo DIR, or set CODEX_REPO'
    run_split codex-chunk -r full init
    assert_refused 73 'not a repo, and not empty'
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
    hint 'remove datasets, or raise the quota: codex-chunk init --set --quota SIZE'
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

@test "a dataset that is not here" {
    codex-chunk rm "$plain"
    run_split codex-chunk get "$plain" -o back
    hint 'list what is here: codex-chunk ls'
    pasted 'codex-chunk ls'
    assert_output --partial "$coded"
}

@test "a block that is not here" {
    block=$(codex-merkle leaves "$coded" | sed -n 3p)
    codex-chunk rm "$coded@2"
    run_split codex-chunk block get "$block" -o back
    codex-chunk ls --blocks | grep -q "^$block.*missing"
    hint "it is block 2 of this dataset; repair it, or put or import the same data again: codex-ec repair $coded"
    # Where nobody knows whose it is, it is listed.
    part 'list what is here: codex-chunk ls --blocks; restore what a protected dataset lost: codex-ec repair CID'
    pasted 'codex-ec repair'
    assert_success
    codex-chunk block get "$block" -o back
}

@test "a block that is damaged" {
    damage_block "$plain" 3
    run_split codex-chunk block get "$plain@3" -o back
    hint "put the block or its dataset again, or repair its dataset: codex-ec repair $plain"
    part 'put the block or its dataset again, or repair its dataset: codex-ec repair CID; see whose it is: codex-chunk ls | codex-chunk verify -'
    # By its own CID, too, it leads to a dataset that has it; repair takes that, and does not lead back.
    block=$(codex-merkle leaves "$plain" | sed -n 4p)
    run_split codex-chunk block get "$block" -o back
    hint "it is block 3 of this dataset; repair it, or put or import the same data again: codex-ec repair $coded"
    part 'it is block {} of this dataset; repair it, or put or import the same data again: codex-ec repair CID'
    pasted 'codex-ec repair'
    assert_success
    codex-chunk block get "$block" -o back
    codex-chunk rm "$coded"
    damage_block "$plain" 3
    run_split codex-chunk block get "$block" -o back
    hint "it is block 3 of $plain, which nothing here protects; put or import the same data again: codex-chunk put FILE"
    part 'it is block {} of {}, which nothing here protects; put or import the same data again: codex-chunk put FILE'
    for command in 'codex-ec repair' 'codex-ec verify' 'codex-ec status'; do
        # shellcheck disable=SC2086 # words
        run_split $command "$block"
        assert_refused 65 "$block: the CID of a codex-block, not of a manifest"
        hint "that is block 3 of a dataset; take the whole dataset: $command $plain; get the block alone: codex-chunk block get $block"
        pasted "$command"
        assert_failure 1
        [[ $command == *status || $stderr == *'same data again'* ]] || fail "$stderr"
    done
    codex-chunk put file
    codex-ec encode -k 4 -m 2 "$plain"
    # In several datasets: each can be pasted, the plain one first.
    run_split codex-ec repair "$block"
    hint "that is block 3 of a dataset; take the whole dataset: codex-ec repair $plain; or: codex-ec repair $coded; get the block alone: codex-chunk block get $block"
    run_split codex-chunk verify
    assert_success
    damage_block "$plain" 3
    run_split codex-chunk verify
    assert_failure 1
    assert_stderr --partial 'whose these blocks are: codex-chunk ls | codex-chunk verify -'
    codex-chunk put file
    assert_whole
    damage_block "$plain" 3
    run_split codex-chunk block get "$plain@3" -o back
    codex-ec repair "$plain"
    assert_whole
    codex-chunk block get "$plain@3" -o block
    damage_block "$plain" 3
    codex-chunk block put block
    assert_whole
}

@test "a block that is in use" {
    block=$(codex-merkle leaves "$coded" | sed -n 18p) # of the parity, in one dataset
    run_split codex-chunk block rm "$block"
    assert_refused 1 "block $block: datasets have it, in 1 place"
    hint 'give up the bytes of this block alone: codex-chunk rm {0}@{1}; it goes with the datasets that have it, of which this is one: codex-chunk rm -n {0}' ||
        hint "give up the bytes of this block alone: codex-chunk rm $coded@17; it goes with the datasets that have it, of which this is one: codex-chunk rm -n $coded"
    part 'remove what has it first'
    # What is pasted takes no dataset away.
    pasted 'codex-chunk rm -n'
    assert_success
    run_split codex-chunk block rm "$block"
    pasted "codex-chunk rm $coded@"
    assert_success
    codex-chunk block has "$block" && fail 'it is there'
    codex-ec repair "$coded"

    block=$(codex-merkle leaves "$plain" | sed -n 3p)
    run_split codex-chunk block rm "$block"
    assert_refused 1 'in 2 places'
    pasted 'codex-chunk rm zD'
    codex-chunk block has "$block" && fail 'it is there'
    codex-ec repair "$coded"
    assert_whole

    run_split codex-chunk block rm "$plain"
    assert_refused 1 'it is the manifest of a dataset'
    hint 'it goes with the dataset and its data; see what that is: codex-chunk rm -n {}'
    pasted 'codex-chunk rm -n'
    assert_success
    assert_whole
    part 'it goes with the datasets that have it; list all: codex-chunk ls'
}

@test "a tree that is not here" {
    tree=$(codex-merkle root "$plain")
    codex-chunk rm "$plain"
    run_split codex-merkle leaves "$tree"
    hint 'a tree is here for as long as a dataset over it; list them: codex-chunk ls'
    codex-chunk put file
    codex-merkle leaves "$tree" >leaves
}

@test "a tree whose segment is cut short" {
    # The last thing that was written is the protected dataset's tree.
    truncate -s "$(($(stat -c %s "$segment") - 1500))" "$segment"
    run_split codex-chunk get "$coded" -o back
    hint "store the data again, or rebuild it where a protected dataset has it: codex-ec repair $coded"
    part 'store the data again, or rebuild it where a protected dataset has it: codex-ec repair CID'
    pasted 'codex-ec repair'
    assert_whole
}

@test "a tree with damaged nodes" {
    cut_tree "$coded" 40 >/dev/null || cut_tree "$coded" 20
    run_split codex-merkle proof "$coded" --index 1
    hint "repair its dataset: codex-ec repair $coded"
    part 'repair its dataset: codex-ec repair CID'
    pasted 'codex-ec repair'
    codex-merkle proof "$coded" --index 1
    cut_tree "$coded" 3
    run_split codex-merkle leaves "$coded"
    hint 'the tree of a protected dataset is restored so: codex-ec repair {}'
    part 'the tree of a protected dataset is restored so: codex-ec repair CID'
    pasted 'codex-ec repair'
    codex-merkle leaves "$coded" >leaves
}

@test "a label that is too long" {
    codex-chunk put --help | grep -q -e --label || skip 'no command gives labels yet'
    run_split codex-chunk put --label "$(printf 'x%.0s' {1..300})" file
    hint 'at most {} are kept'
    codex-chunk put --label "$(printf 'x%.0s' {1..255})" file
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
