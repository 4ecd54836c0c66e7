# Hints about what is named: identifiers of all kinds, and files.
load ../common
load hints

setup() {
    codex_setup
    gen 1 300000 >file
    plain=$(codex-chunk put file | cut -f1)
}

@test "identifiers that are none" {
    run_split codex-chunk get photos -o back
    hint 'a CID is the text that begins with z, as printed by put; list what is here: codex-chunk ls'
    part 'a CID is the text that begins with z, as printed by put'
    pasted 'codex-chunk ls'
    assert_success
    run_split codex-chunk get '' -o back
    assert_refused 64 'CID is empty'
    hint 'perhaps it is a variable that was never set'
    run_split codex-chunk get "codex:$plain/file" -o back
    hint 'give the CID alone, without a path or scheme around it'
    run_split codex-chunk get "${plain:0:20}..." -o back
    hint 'it looks like a CID that was cut or mistyped; copy the whole of it, or its first 12 characters'
    codex-chunk get "${plain:0:12}" -o back
    run_split codex-chunk get "${plain:0:20} ${plain:20}" -o back
    hint 'remove the white space'
    run_split codex-chunk get "${plain:0:20}0${plain:21}" -o back
    hint 'the digit 0 and the letters O, I and l never occur in such a CID; compare with the original'
    codex-chunk get "$plain" -o back
}

@test "files that are not there" {
    local command
    for command in 'codex-chunk put' 'codex-chunk block put' 'codex-chunk import' 'codex-merkle root --raw' \
        'codex-prove witness'; do
        # shellcheck disable=SC2086 # words
        run_split $command nothing.bin
        assert_refused 66 'nothing.bin'
        hint 'name a file that there is, or - for stdin'
        # A variable that was never set.
        # shellcheck disable=SC2086 # words
        run_split $command ''
        assert_refused 64 ' is empty'
        hint 'perhaps it is a variable that was never set'
    done
    run_split codex-prove info ''
    assert_refused 64 'the file name is empty'
}

@test "what is no identifier is said in few words" {
    local word
    for word in hello label my block7; do
        run_split codex-chunk get "$word" -o back
        assert_refused 65 "\"$word\" is not a CID"
        assert_equal "${stderr_lines[0]}" "codex-chunk: error: \"$word\" is not a CID"
    done
    # A line without an end: its beginning is enough, and once.
    run_split bash -c 'head -c 900000 /dev/zero | tr "\0" a | codex-chunk get'
    assert_failure 65
    assert [ "${#stderr}" -lt 500 ]
    assert_equal "$(grep -o 'aaaaaaaaaa' <<<"$stderr" | wc -l)" 8
    assert_stderr --partial 'it has 900000 characters'
    run_split bash -c 'head -c 900000 /dev/zero | tr "\0" a | codex-chunk get --json'
    assert [ "$(jq '.object | length' <<<"$stderr")" -lt 100 ]
    # A digest that was cut short.
    codex-merkle proof "$plain" --index 0 >proof
    run_split codex-merkle verify --root "$(codex-merkle root "$plain")" --leaf 00 proof
    assert_refused 64 '--leaf: "00" is no digest: 2 characters of hex, not 64'
}

@test "an error about an object names it once in JSON" {
    block=$(codex-merkle leaves "$plain" | sed -n 2p)
    codex-chunk rm "$plain@1"
    for command in 'codex-chunk export' 'codex-chunk get'; do
        run_split $command --json "$plain" -o back
        assert_failure 1
        assert_equal "$(jq -r .object <<<"$stderr")" "$plain"
        assert_equal "$(jq -r .message <<<"$stderr")" "block 1 ($block) is missing"
    done
}

@test "the beginning of an identifier" {
    run_split codex-chunk get "${plain:0:11}" -o back
    hint 'write at least {} characters of it, since all CIDs of a kind begin alike'
    codex-chunk get "${plain:0:12}" -o back
    # Two blocks whose CIDs begin with the same 12 characters.
    one=$(printf 1353 | codex-chunk block put)
    printf 3462 | codex-chunk block put
    run_split codex-chunk stat "${one:0:12}"
    hint 'write more of it'
    codex-chunk stat "${one:0:13}"
    run_split codex-chunk stat zDxWB8ECxYz1111
    hint 'list what is here: codex-chunk ls --blocks'
    codex-chunk ls --blocks | grep -q "^$one"
}

@test "a file where an identifier is expected" {
    echo "$plain" >list
    run_split codex-chunk get list -o back
    hint 'take CIDs from it: {} <{}; '
    part 'cut it into blocks' 'store it' 'codex-chunk put'
    pasted 'codex-chunk get -o back <list'
    assert_success
    cmp back file
    # Only of what begins with a CID, or with an object that may have one.
    codex-chunk ls --json >records
    run_split codex-chunk get records -o back
    pasted 'codex-chunk get -o back <records'
    assert_success
    local command
    for command in 'codex-chunk get' 'codex-ec encode -k 2 -m 1' 'codex-merkle root'; do
        # shellcheck disable=SC2086 # words
        run_split $command file
        assert_refused 65 'file: is a file, not a CID'
        [[ $stderr != *'take CIDs from it'* ]] || fail "$stderr"
    done
    run_split codex-merkle leaves file
    hint 'cut it into blocks: codex-merkle leaves --raw file'
    pasted 'codex-merkle leaves --raw file'
    assert_success
    # The options are those that were given, quoted for a shell.
    codex-chunk -r 'other repo' put file >list
    run_split codex-ec encode -v -k2 -m 1 --expires=30d -r 'other repo' list
    hint "take CIDs from it: codex-ec -r 'other repo' encode -v -k2 -m 1 --expires=30d <list; store it: codex-chunk -r 'other repo' put list"
    pasted 'codex-ec'
    assert_success
    run_split codex-chunk -r 'other repo' stat "$output"
    assert_line --partial 'ecK	2'
    mv list 'the list'
    run_split codex-chunk get --range -5 -o 'that is back' 'the list' -r 'other repo'
    pasted 'codex-chunk -r'
    assert_success
    tail -c 5 file | cmp - 'that is back'
}

@test "a folder where an identifier is expected" {
    mkdir 'my photos'
    cp file 'my photos'
    run_split codex-chunk get 'my photos'
    assert_refused 65 'my photos: is a folder, not a CID'
    hint 'store it as one file: tar c {} | codex-chunk put -'
    pasted "tar c 'my photos'"
    assert_success
    codex-chunk get "$output" | tar x -O | cmp - file
}

@test "one block where a dataset is expected" {
    local command
    for command in 'codex-chunk get' 'codex-chunk export' 'codex-chunk verify' 'codex-ec status' 'codex-merkle root'; do
        # shellcheck disable=SC2086 # words
        run_split $command "$plain@2"
        assert_refused 65 "$plain@2: is a block, and not a whole dataset"
        hint 'get the block: codex-chunk block get {}; take the whole dataset: {} {}'
        codex-chunk block get "$plain@2" >block
        run_split $command "$plain@2"
        pasted 'codex-chunk block get'
        assert_success
        run_split $command "$plain@2"
        pasted "$command"
        assert_success
    done
    # Where blocks are taken, what is wrong with the rest is said.
    run_split codex-chunk block get "${plain:0:11}@2"
    assert_refused 65 'too short'
}

@test "a label where an identifier is expected" {
    local command
    codex-chunk label "$plain" 'my photo'
    for command in 'codex-chunk get' 'codex-chunk stat' 'codex-chunk export' 'codex-chunk keep --until never' \
        'codex-chunk verify' 'codex-chunk block get' 'codex-chunk rm' 'codex-ec status' 'codex-merkle root' \
        'codex-merkle leaves' 'codex-prove roots' 'codex-prove sample --slot 0 --entropy 1'; do
        # shellcheck disable=SC2086 # words
        run_split $command 'my photo'
        assert_refused 65 '"my photo" is a label, and labels name nothing'
        hint "name the dataset of this label by its CID: $command $plain"
    done
    part 'for example'
    run_split codex-chunk get 'my photo' -o back
    pasted 'codex-chunk get'
    assert_success
    cmp file back
    # Its blocks, as those of a CID; the other arguments and the repo stay.
    run_split codex-chunk block get 'my photo@1' -o block
    hint "name the dataset of this label by its CID: codex-chunk block get -o block $plain@1"
    pasted 'codex-chunk block get'
    assert_success
    assert_equal "$(stat -c %s block)" 65536
    codex-chunk -r 'other repo' put --label 'their photo' file
    run_split codex-chunk -r 'other repo' label 'their photo' 'a "b"'
    pasted 'codex-chunk -r'
    assert_success
    assert_equal "$(codex-chunk -r 'other repo' ls | cut -f7)" 'a "b"'
    # Of several, each can be pasted, as many as fit.
    local other=()
    for i in 2 3; do other+=("$(gen $i 1000 | codex-chunk put --label 'my photo')"); done
    run_split codex-chunk get 'my photo'
    hint 'several datasets have it; name one by its CID: codex-chunk get {}; or: codex-chunk get {}; or: codex-chunk get {}'
    for cid in "$plain" "${other[@]}"; do [[ $stderr == *": codex-chunk get $cid"* ]] || fail "$stderr"; done
    gen 4 1000 | codex-chunk put --label 'my photo'
    run_split codex-chunk get 'my photo'
    hint 'there are more; list them: codex-chunk ls'
    pasted 'codex-chunk ls'
    assert_equal "$(grep -c '	my photo$' <<<"$output")" 4
    # What looks like the beginning of a CID may be one, too.
    codex-chunk label "$plain" zDvMyPhotoOfTheSea
    run_split codex-chunk get zDvMyPhotoofTheSea
    assert_failure
    [[ $stderr != *label* ]]
    run_split codex-chunk stat --batch 'my photo'
    assert_output "$(printf 'my photo\tinvalid')"
    refute_stderr
}

@test "identifiers of something else" {
    block=$(codex-merkle leaves "$plain" | head -1)
    tree=$(codex-merkle root "$plain")
    for name in "$block" "${block:0:14}"; do
        run_split codex-chunk get "$name" -o back
        hint "that is block 0 of a dataset; take the whole dataset: codex-chunk get -o back $plain; get the block alone: codex-chunk block get $block"
        part 'get the block alone: codex-chunk block get CID'
        pasted "codex-chunk block get $block"
        assert_success
    done
    run_split codex-chunk get "$tree" -o back
    hint "that is the tree of a dataset; take the whole dataset: codex-chunk get -o back $plain"
    pasted 'codex-chunk get'
    assert_success
    cmp file back
    run_split codex-chunk block get "$tree"
    assert_refused 1 "block $tree: not in the repo"
    hint "that is a tree; print its blocks: codex-merkle leaves $tree"
    part 'that is a tree; print its blocks: codex-merkle leaves CID'
    pasted 'codex-merkle leaves'
    assert_success
    # A block that was put alone; one and a tree that are nowhere.
    alone=$(echo alone | codex-chunk block put)
    run_split codex-chunk get "$alone" -o back
    hint "that is a single block; get it: codex-chunk block get $alone"
    part 'that is a single block; get it: codex-chunk block get CID'
    pasted "codex-chunk block get $alone"
    assert_success
    for gone in "$(codex-merkle leaves --raw <(gen 9 100))" "$(codex-merkle root --raw <(gen 9 100))"; do
        run_split codex-chunk get "$gone" -o back
        assert_failure 65
        hint 'no dataset here has it; list what is here: codex-chunk ls' ||
            hint "a dataset is named by its manifest's CID, zDv...; list them: codex-chunk ls"
    done
    run_split codex-merkle leaves "$block"
    hint "a dataset's CID starts with zDv, a tree's with zDz"
    codex-merkle leaves "$tree" >leaves
    run_split codex-chunk block get "$plain@x" -o back
    hint 'write CID@INDEX, with blocks counted from 0'
    codex-chunk block get "$plain@0" -o back
}

@test "a manifest of a version to come" {
    codex-chunk block get "$(codex-chunk put --layout v0-2026 file | cut -f1)" -o manifest
    # The header's first field is the number of its version, 0.
    # shellcheck disable=SC2016 # this is Perl
    perl -0pe 's/\x08\x00/\x08\x07/' manifest >newer
    run_split codex-chunk block put --codec codex-manifest newer
    hint 'a newer release of these tools may read it'
    codex-chunk block put --codec codex-manifest manifest
}
