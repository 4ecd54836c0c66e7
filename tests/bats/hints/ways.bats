# What a hint offers leads out: each is pasted, until what had failed works.
load ../common
load hints
load ../codex-ec/damage

setup() {
    codex_setup
    gen 1 1000000 >file
    plain=$(codex-chunk put file | cut -f1)
}

# follow COMMAND...: runs it, and pastes what its errors offer, a few times, until it works.
follow() {
    local step offer
    for step in 1 2 3 4 5; do
        run_split "$@"
        ((status != 0)) || return 0
        for offer in 'mv ' 'mkdir -m 700' 'echo 1 >' 'codex-chunk init --set' \
            'codex-chunk verify --rebuild-index' ''; do
            [[ -n $offer ]] || fail "nothing to paste in: $stderr" || return
            [[ $stderr != *": $offer"* ]] || break
        done
        pasted "$offer"
        # What a new index names as lost, it names with 1.
        ((status <= 1)) || fail "$offer: $stderr" || return
    done
    fail "does not lead out: $*: $stderr"
}

@test "a block of a dataset is not removed by itself, by whatever name" {
    block=$(codex-merkle leaves "$plain" | head -1)
    for name in "$plain@0" "${plain:0:14}@0"; do
        run_split codex-chunk block rm "$name"
        assert_refused 1 "block $block: datasets have it, in 1 place"
        part 'give up the bytes of this block alone: codex-chunk rm CID@INDEX; it goes with the datasets that have it, of which this is one: codex-chunk rm -n CID'
        hint "give up the bytes of this block alone: codex-chunk rm $plain@0; it goes with the datasets that have it, of which this is one: codex-chunk rm -n $plain"
        pasted 'codex-chunk rm -n'
        assert_success
        run_split codex-chunk block rm "$name"
        pasted "codex-chunk rm $plain@"
        assert_success
        assert_equal "$(codex-chunk block has "$plain@0" | cut -f2)" missing
        codex-chunk put file
    done
    run_split codex-chunk block rm "$plain"
    part 'it goes with the dataset and its data; see what that is: codex-chunk rm -n CID'
    hint "it goes with the dataset and its data; see what that is: codex-chunk rm -n $plain"
    run_split codex-chunk block rm "$plain@99"
    assert_refused 65 'the dataset has blocks 0 to 15'
    hint "see what it has: codex-chunk stat $plain"
    part 'see what it has: codex-chunk stat CID'
    pasted 'codex-chunk stat'
    assert_success
}

@test "a command of two arguments is offered with both" {
    run_split codex-chunk label "$plain@0" 'photos of May'
    assert_refused 65 'is a block, and not a whole dataset'
    hint 'get the block: codex-chunk block get {}; take the whole dataset: {}'
    pasted 'codex-chunk label'
    assert_success
    assert_equal "$(codex-chunk ls | cut -f7)" 'photos of May'
    echo "$plain" >list
    run_split codex-chunk label list "May's"
    part 'take CIDs from it: {}' 'store it: codex-chunk put {}' 'cut it into blocks: {}'
    pasted 'codex-chunk label'
    assert_success
    assert_equal "$(codex-chunk ls | cut -f7)" "May's"
    run_split codex-chunk label "$plain@0" ''
    pasted 'codex-chunk label'
    assert_equal "$(codex-chunk ls | cut -f7)" ''
}

@test "a damaged dataset without parity is put again, one with parity is repaired" {
    damage_block "$plain" 3
    for command in 'codex-ec verify' 'codex-chunk get -o back'; do
        run_split $command "$plain"
        assert_failure 1
        part 'nothing here protects it; put or import the same data again: codex-chunk put FILE'
        hint 'nothing here protects it; put or import the same data again: codex-chunk put FILE'
        [[ $stderr != *repair* ]] || fail "$stderr"
    done
    run_split codex-ec repair "$plain"
    hint 'put or import the same data again, which mends blocks and tree: codex-chunk put FILE'
    run_split codex-ec encode -k 4 -m 2 "$plain"
    hint 'put or import the dataset again, then encode it: codex-chunk put FILE'
    cp file FILE
    pasted 'codex-chunk put'
    assert_success
    codex-ec verify "$plain"
    coded=$(codex-ec encode -k 4 -m 2 "$plain")
    damage_block "$plain" 3
    run_split codex-ec verify "$plain"
    hint "restore what a protected dataset of it covers: codex-ec repair $plain"
    pasted 'codex-ec repair'
    assert_success
    codex-ec verify "$plain" "$coded"
    part 'put the plain dataset (tree {}) or import it, then repair again: codex-chunk put FILE' \
        'import the dataset again: codex-chunk import ARCHIVE' \
        'do not rely on it; decode it and encode it again: codex-ec decode CID | codex-ec encode -k {} -m {}' \
        'do not rely on it; encode the plain dataset again: codex-ec encode -k {} -m {} PLAIN'
}

@test "what is known to be damaged is said by all that ask the index" {
    damage_block "$plain" 3
    block=$(codex-merkle leaves "$plain" | sed -n 4p)
    run codex-chunk get "$plain" -o back # finds it
    run_split codex-ec status "$plain"
    assert_failure 1
    assert_output "$plain	lost	16	0	1	0	tree-whole	-"
    run_json codex-ec status --json "$plain"
    assert_failure 1
    assert_equal "$(jq -c '[.state, .missing, .damaged, .damagedBlocks]' <<<"$output")" '["lost",0,1,[3]]'
    run_split codex-chunk verify --index-only
    assert_failure 1
    assert_output --partial "$block	block-damaged	"
    run_split codex-chunk verify --index-only "$plain"
    assert_failure 1
    assert_output --partial "$block	block-damaged	"
    run_split codex-chunk block has "$plain@3"
    assert_failure 1
    assert_output "$plain@3	damaged"
    assert_equal "$(codex-chunk block has --batch "$plain@3")" "$plain@3	damaged"
    assert_equal "$(codex-chunk stat "$block" | grep state)" "$block	state	damaged"
    # What would be erased is what is erased.
    assert_equal "$(codex-ec erase -n --blocks 3 "$plain" | cut -f3)" 1
    codex-chunk put file
    run_split codex-ec status "$plain"
    assert_success
    # Of a protected one: repairable.
    coded=$(codex-ec encode -k 4 -m 2 "$plain")
    damage_block "$coded" 17
    run codex-chunk verify
    run_split codex-ec status "$coded"
    assert_failure 1
    assert_output --partial "$coded	repairable	24	0	1	"
    codex-ec repair "$coded"
    codex-ec status "$coded"
}

@test "anything in the place of a file of the repo is moved away, and the rest goes on" {
    mv "$CODEX_REPO" whole
    local name kind command
    for name in lock lock-write version config.json index.mdb index.mdb-lock notes age segments/.age reserve; do
        for kind in 'mkdir' 'mkfifo' "ln -s $PWD/victim"; do
            for command in 'put file' 'verify --rebuild-index'; do
                # A reader of the index that is made anew, and writers' turns, are not asked for by it.
                [[ $command != *rebuild* || $name != index.mdb-lock && $name != lock-write ]] || continue
                echo precious >victim
                rm -rf "$CODEX_REPO"
                cp -a whole "$CODEX_REPO"
                rm -f "$CODEX_REPO/$name"
                $kind "$CODEX_REPO/$name"
                # shellcheck disable=SC2086 # words
                run_split timeout 60 codex-chunk $command
                assert_failure 65
                assert_stderr --partial "$CODEX_REPO/$name: is a"
                hint 'no codex tool has made it so; do not use a repo that you do not trust; if it is yours, move it away, and try again: mv PATH PATH.away' ||
                    hint "if it is yours, move it away, and try again: mv $CODEX_REPO/$name $CODEX_REPO/$name.away"
                # shellcheck disable=SC2086 # words
                follow timeout 60 codex-chunk $command
                follow codex-chunk put file
                codex-chunk get "$plain" | cmp - file
                codex-chunk gc
                codex-chunk verify
                assert_file_contains victim precious
            done
        done
    done
    part 'move it away; it is made anew: mv PATH PATH.away'
}

@test "folders of the repo that are lost for good" {
    rm -r "$CODEX_REPO/writers"
    part 'when nobody uses the repo, make it anew: mkdir -m 700 PATH'
    follow codex-chunk put file
    rm -r "$CODEX_REPO/segments"
    run_split codex-chunk ls
    part 'bring it back from where it was moved or saved to; if it is lost for good, and all data with it, make an empty one: mkdir -m 700 PATH; and then the index: codex-chunk verify --rebuild-index'
    hint "bring it back from where it was moved or saved to; if it is lost for good, and all data with it, make an empty one: mkdir -m 700 $CODEX_REPO/segments; and then the index: codex-chunk verify --rebuild-index"
    pasted 'mkdir -m 700'
    assert_success
    run_split codex-chunk verify --rebuild-index
    assert_failure 1
    assert_line --partial "$plain	dataset-lost	"
    codex-chunk put file
    codex-chunk verify
    codex-chunk get "$plain" | cmp - file
    # Something else in its place.
    rm -r "$CODEX_REPO/segments"
    echo >"$CODEX_REPO/segments"
    follow codex-chunk put file
    codex-chunk verify --rebuild-index
    codex-chunk get "$plain" | cmp - file
}

@test "what is lost with the index is said once, and that it is" {
    rm "$CODEX_REPO"/segments/* # the index knows what was there
    run_split codex-chunk verify --rebuild-index
    assert_failure 1
    assert_line --partial "$plain	dataset-lost	"
    assert_stderr --partial 'what is lost is named this once: '
    codex-chunk verify
    run_split codex-chunk verify --rebuild-index
    assert_success
    [[ $stderr != *'this once'* ]] || fail "$stderr"
}

@test "what was never here is not repaired" {
    run_split codex-chunk -r elsewhere put file
    run_split codex-chunk -r elsewhere init
    gen 7 200000 | codex-chunk -r elsewhere put - >foreign
    foreign=$(cut -f1 foreign)
    block=$(codex-merkle -r elsewhere leaves "$foreign" | head -1)
    run_split codex-chunk block get "$foreign" -o back
    assert_refused 1 "block $foreign: not in the repo"
    part 'list what is here: codex-chunk ls; an archive made where it is brings the dataset: codex-chunk import ARCHIVE'
    hint 'list what is here: codex-chunk ls; an archive made where it is brings the dataset: codex-chunk import ARCHIVE'
    codex-chunk -r elsewhere export "$foreign" -o ARCHIVE
    pasted 'codex-chunk import'
    assert_success
    codex-chunk block get "$foreign" -o back
    codex-chunk rm "$foreign"
    codex-chunk gc
    run_split codex-chunk block get "$block" -o back
    assert_refused 1 "block $block: not in the repo"
    hint 'list what is here: codex-chunk ls --blocks'
    [[ $stderr != *repair* ]] || fail "$stderr"
    part 'restore what a protected dataset lost: codex-ec repair CID'
}

@test "files, folders and input that are not there" {
    run_split codex-chunk import --from-nim nothing
    assert_refused 66 'nothing: there is no such folder'
    hint 'name a folder that there is'
    run_split codex-chunk import --from-nim file
    assert_refused 66 'file: is no folder'
    hint "name the node's data directory, the one that holds 'repo'"
    for command in root leaves tree 'proof --index 0'; do
        # shellcheck disable=SC2086 # words
        run_split codex-merkle $command nothing
        assert_refused 65 '"nothing" is not a CID'
        part 'a file is cut into blocks so: codex-merkle root --raw FILE'
        hint 'a CID is the text that begins with z, as printed by put; list what is here: codex-chunk ls; a file is cut into blocks so: codex-merkle root --raw FILE'
    done
    cp file FILE
    pasted 'codex-merkle root'
    assert_success
    codex-chunk label "$plain" nothing
    run_split codex-merkle root nothing
    assert_refused 65 'is a label'
    run_split codex-merkle root zDvNothing
    assert_failure 65
    # An archive of which not a byte comes, into a repo and where there is none.
    for repo in "$CODEX_REPO" new; do
        run_split codex-chunk -r "$repo" import - </dev/null
        assert_refused 66 'stdin: no bytes, where an archive was to come'
        hint 'perhaps what was to write it failed, or found nothing'
    done
    run_split codex-chunk import --json - </dev/null
    assert_equal "$(jq -r '.code + " " + .object' <<<"$stderr")" 'input.empty stdin'
}

@test "a quota below what is in use is a value that is refused" {
    run_split codex-chunk init --set --quota 1
    assert_refused 64 'quota of 1 bytes is below'
    hint 'remove datasets first: codex-chunk rm CID; then: codex-chunk gc'
    assert_equal "$(codex-chunk init --set --quota 1 --json 2>&1 | jq -c '[.code, .remedies]')" \
        '["argument.invalid",["remove_datasets","collect_garbage","see_help"]]'
    codex-chunk rm "$plain"
    codex-chunk gc
    codex-chunk init --set --quota 1
}

@test "an expiry and a label go with the dataset that they are of" {
    codex-chunk label "$plain" base
    coded=$(codex-ec encode -k 4 -m 2 "$plain")
    codex-chunk keep --until 2032-01-01 "$coded"
    codex-chunk label "$coded" other
    codex-chunk rm "$coded"
    assert_equal "$(codex-ec encode -k 4 -m 2 "$plain")" "$coded"
    known() { codex-chunk ls | grep "^$coded" | cut -f4,7; }
    assert_equal "$(known)" 'never	base'
    codex-chunk verify --rebuild-index
    assert_equal "$(known)" 'never	base'
    # With a collection, and a new index, in between.
    codex-chunk keep --until 2032-01-01 "$coded"
    codex-chunk rm "$coded"
    codex-chunk gc
    codex-chunk verify --rebuild-index
    codex-ec encode -k 4 -m 2 "$plain"
    assert_equal "$(known)" 'never	base'
    # The same of a file that is put again, and of a block.
    codex-chunk keep --until 2032-01-01 "$plain"
    codex-chunk rm "$plain"
    codex-chunk put file
    assert_equal "$(codex-chunk ls | grep "^$plain" | cut -f4,7)" 'never	'
}
