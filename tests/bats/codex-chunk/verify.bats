# codex-chunk verify
load ../common

setup() {
    codex_setup
    cid=$(gen 7 200000 | codex-chunk put)
}

# Changes a byte in the middle of the largest segment.
damage() {
    local segment
    segment=$(find "$CODEX_REPO" -path "*/segments/*" -size +64k -printf '%s %p\n' |
        sort -n | tail -n1 | cut -d' ' -f2)
    [[ -n $segment ]]
    printf '\x5a\xa5\x5a\xa5' | dd of="$segment" bs=1 seek=100000 conv=notrunc status=none
}

@test "a whole repo has no line" {
    run_split codex-chunk verify
    assert_success
    assert_output ''
    refute_stderr
}

@test "JSON counts what was looked at" {
    run_split codex-chunk verify --json
    assert_success
    assert_equal "$(jq -c '[.type, .datasets, .trees, .problems]' <<<"$output")" \
        '["summary",1,1,0]'
}

@test "damaged bytes are named" {
    damage
    run_split codex-chunk verify --index-only
    assert_success
    run_split codex-chunk verify
    assert_failure 1
    assert_equal "${#lines[@]}" 1
    assert_line --regexp '^zDxWB8ED.*	block-damaged	'
    run_split codex-chunk verify --index-only # what was found is in the index
    assert_failure 1
    assert_line --regexp '^zDxWB8ED.*	block-damaged	'
    run_split codex-chunk get "$cid" -o out
    assert_refused 1 "$cid"
    assert_not_exist out
}

@test "damaged bytes that are dropped come back with the next put" {
    damage
    run_split codex-chunk get "$cid" -o out
    assert_stderr --partial 'hint: nothing here protects it; '
    run_split codex-chunk verify --drop-damaged
    assert_failure 1
    run_split codex-chunk verify
    assert_failure 1
    assert_line --regexp '	block-missing	'
    gen 7 200000 | codex-chunk put >/dev/null
    codex-chunk verify
    codex-chunk get "$cid" | cmp - <(gen 7 200000)
}

@test "a lost index is made anew from the segments" {
    rm "$CODEX_REPO"/index.mdb*
    run_split codex-chunk ls
    assert_failure
    assert_stderr --partial '--rebuild-index'
    run_split codex-chunk verify --rebuild-index
    assert_success
    assert_stderr --partial 'index made anew from 1 segment: 1 dataset,'
    codex-chunk get "$cid" | cmp - <(gen 7 200000)
    run_split codex-chunk verify --rebuild-index --json
    assert_success
    assert_equal "$(jq -c 'select(.type == "rebuilt") | [.datasets, .damagedRecords]' \
        <<<"$output")" '[1,0]'
}

# flip FILE OFFSET: one bit of a byte, counted from the end when it is negative.
flip() {
    local at=$2
    ((at >= 0)) || at=$(($(stat -c %s "$1") + at))
    local byte
    byte=$(od -An -tu1 -j "$at" -N 1 "$1")
    # shellcheck disable=SC2059 # the byte is the format
    printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}

@test "a damaged last note is found, and gc mends it: what was removed stays so" {
    local at
    for at in -50 10 40 70 92; do
        codex-chunk rm "$cid"
        flip "$CODEX_REPO/notes" $at
        run_split codex-chunk verify
        assert_failure 1
        assert_line --regexp '^-	notes-damaged	.*gc'
        codex-chunk gc
        codex-chunk verify
        rm "$CODEX_REPO"/index.mdb*
        codex-chunk verify --rebuild-index
        run_split codex-chunk ls
        assert_output ''
        rm -rf "$CODEX_REPO"
        gen 7 200000 | codex-chunk put
    done
}

@test "with the index lost as well, a damaged last note is said when the index is made anew" {
    codex-chunk keep "$cid" --until 2100-01-01
    flip "$CODEX_REPO/notes" -50
    rm "$CODEX_REPO"/index.mdb*
    run_split codex-chunk verify --rebuild-index
    assert_failure 1
    assert_line --regexp '^-	notes-damaged	'
    assert_stderr --partial 'bytes of the notes are no note'
    run_split codex-chunk verify
    assert_success
}

@test "a dataset that the old index knew and the new one lacks is named" {
    local segment=("$CODEX_REPO"/segments/*)
    local at
    at=$(LC_ALL=C grep -abo $'CXR1\x02' "$segment" | tail -n1 | cut -d: -f1)
    flip "$segment" $((at + 10))
    run_split codex-chunk verify --rebuild-index
    assert_failure 1
    assert_line --regexp "^$cid	dataset-lost	"
    run_split codex-chunk ls
    assert_output ''
    gen 7 200000 | codex-chunk put
    run_split codex-chunk verify --rebuild-index
    assert_success
    assert_output ''
    codex-chunk get "$cid" | cmp - <(gen 7 200000)
}

@test "when a dataset was stored is taken from the index that is replaced, else from its segment" {
    stored() { codex-chunk ls --json | records | jq -r 'select(.cid == "'"$cid"'").added'; }
    codex-chunk rm "$cid"
    codex-chunk gc
    CODEX_NOW=1600000000 codex-chunk put < <(gen 7 200000)
    assert_equal "$(stored)" 1600000000
    codex-chunk verify --rebuild-index
    assert_equal "$(stored)" 1600000000
    # One that is of another day has it, too.
    cp "$CODEX_REPO/index.mdb" old
    gen 8 300000 | codex-chunk put
    cp old "$CODEX_REPO/index.mdb"
    codex-chunk verify --rebuild-index
    assert_equal "$(stored)" 1600000000
    # Without one.
    touch -d @1610000000 "$CODEX_REPO"/segments/*
    rm "$CODEX_REPO/index.mdb"
    codex-chunk verify --rebuild-index
    assert_equal "$(stored)" 1610000000
    touch -d @9900000000 "$CODEX_REPO"/segments/*
    rm "$CODEX_REPO/index.mdb"
    CODEX_NOW=1700000000 codex-chunk verify --rebuild-index
    assert_equal "$(stored)" 1700000000
}

@test "damaged records are counted and placed when the index is made anew, and the way out leads out" {
    local segment=$CODEX_REPO/segments/00000001.seg other
    other=$(gen 8 300000 | codex-chunk put)
    local -a places
    mapfile -t places < <(LC_ALL=C grep -abo $'CXR1\x01' "$segment" | cut -d: -f1)
    # The header of the first block, and the payload of the third.
    local broken="segment 00000001 at ${places[0]}" wrong="segment 00000001 at ${places[2]}"
    flip "$segment" $((places[0] + 10))
    flip "$segment" $((places[2] + 1000))
    cp "$segment" damaged
    for lost in true false; do
        cp damaged "$segment"
        if $lost; then rm "$CODEX_REPO/index.mdb"; fi
        run_split codex-chunk verify --rebuild-index
        assert_failure 1
        assert_line --regexp "^-	record-damaged	$broken: no header"
        assert_line --regexp "^zDxWB8E[^	]*	record-damaged	$wrong: the bytes"
        assert_stderr --partial "2 records in the segments were damaged and left out: $broken, $wrong;"
        # shellcheck disable=SC2016 # the commands stand in the message as they are here
        assert_stderr --partial 'lost something: codex-chunk ls | codex-chunk verify -; put, import or'
        run bash -c 'codex-chunk ls | codex-chunk verify -'
        assert_failure 1
        assert_line --regexp "	block-missing	block 0 is not here	$cid\$"
        assert_line --regexp "	block-missing	block 2 is not here	$cid\$"
        refute_output --partial "$other"
        gen 7 200000 | codex-chunk put
        codex-chunk get "$cid" | cmp - <(gen 7 200000)
        run_split codex-chunk verify --rebuild-index # dead now
        assert_success
        assert_output ''
        $lost || continue
        # As it was, with an index that knows nothing of the damage.
        rm -r "$CODEX_REPO"
        gen 7 200000 | codex-chunk put
        gen 8 300000 | codex-chunk put
    done
    codex-chunk gc
    rm "$CODEX_REPO/index.mdb"
    run_json codex-chunk verify --rebuild-index --json
    assert_success
    assert_equal "$(jq -c 'select(.type == "rebuilt") | .damagedRecords' <<<"$output")" 0
}

@test "missing blocks are named" {
    codex-chunk rm "$cid@1" >/dev/null
    run_split codex-chunk verify
    assert_failure 1
    assert_line --regexp '	block-missing	'
}

@test "repairing counters of a whole repo changes nothing" {
    codex-chunk space >before
    run_split codex-chunk verify --repair-counters --json
    assert_success
    assert_equal "$(jq .countersRepaired <<<"$output")" false
    codex-chunk space | head -n5 | diff - <(head -n5 before)
}

@test "deletes nothing, so -n is refused" {
    run_split codex-chunk verify -n
    assert_refused 64 '-n means nothing'
}

@test "named datasets alone are looked at, and damage elsewhere is not" {
    other=$(gen 8 300000 | codex-chunk put)
    codex-chunk rm "$cid@1" >/dev/null
    run_split codex-chunk verify "$other"
    assert_success
    assert_output ''
    refute_stderr
    run_split codex-chunk verify "$other" "$cid"
    assert_failure 1
    assert_equal "${#lines[@]}" 1
    assert_line --regexp "^zDxWB8E[^	]*	block-missing	block 1 is not here	$cid\$"
}

@test "the named are taken from stdin with -, in every form, and reported in JSON" {
    codex-chunk ls --json >list
    run_json codex-chunk verify --json - <list
    assert_success
    assert_output ''
    assert_equal "$(jq -c '[.datasets, .trees, .blocks, .bytes, .problems]' <<<"$summary")" \
        '[1,1,4,200000,0]'
    codex-chunk rm "$cid@3" >/dev/null
    run_json codex-chunk verify --json - <list
    assert_failure 1
    assert_equal "$(jq -c '[.type, .kind, .dataset]' <<<"$output")" \
        "[\"problem\",\"block-missing\",\"$cid\"]"
    assert_equal "$(jq -c '[.blocks, .problems, .failures]' <<<"$summary")" '[3,1,0]'
    # Without a CID stdin is nobody's: a timer that runs it has none.
    run_split codex-chunk verify <list
    assert_failure 1
    assert_equal "${#lines[@]}" 1
}

@test "damaged bytes of a named dataset are found, named and dropped" {
    damage
    run_split codex-chunk verify --index-only "$cid"
    assert_success
    run_split codex-chunk verify "$cid"
    assert_failure 1
    assert_line --regexp '^zDxWB8E.*	block-damaged	block 1: stored bytes do not match the CID	'
    run_split codex-chunk verify --index-only "$cid"
    assert_failure 1
    run_split codex-chunk verify --drop-damaged "$cid"
    assert_failure 1
    run_split codex-chunk verify "$cid"
    assert_failure 1
    assert_line --partial '	block-missing	'
}

@test "a damaged tree of a named dataset is found, also that of a slot" {
    coded=$(codex-ec encode -k 2 -m 1 "$cid" | cut -f1)
    verifiable=$(codex-prove slots "$coded" | cut -f1)
    run_json codex-chunk verify --json "$verifiable"
    assert_success
    assert_equal "$(jq .trees <<<"$summary")" 4
    # Records of trees: the plain one, the protected one, those of the slots.
    local segment=$CODEX_REPO/segments/00000001.seg
    local -a places
    mapfile -t places < <(LC_ALL=C grep -obUaP 'CXR1\x02' "$segment" | cut -d: -f1)
    assert_equal "${#places[@]}" 5
    damage_tree() { printf 'x' | dd of="$segment" bs=1 seek=$((places[$1] + 100)) conv=notrunc status=none; }
    damage_tree 4
    run_split codex-chunk verify "$coded" "$cid"
    assert_success
    run_split codex-chunk verify "$verifiable"
    assert_failure 1
    assert_equal "${#lines[@]}" 1
    assert_line --regexp '^zE2P[^	]*	tree-damaged	its record is damaged, the tree of a slot	zDv'
    damage_tree 0
    run_split codex-chunk verify "$cid"
    assert_failure 1
    assert_line --regexp '^zDzS[^	]*	tree-damaged	its record is damaged	zDv'
}

@test "what is about the whole repo goes with no CID, and a wrong one is named" {
    run_split codex-chunk verify --repair-counters "$cid"
    assert_refused 64 '--repair-counters is about the whole repo'
    run_split codex-chunk verify --rebuild-index "$cid"
    assert_refused 64 '--rebuild-index is about the whole repo'
    run_split codex-chunk verify nonsense "$cid"
    assert_refused 65 nonsense
}
