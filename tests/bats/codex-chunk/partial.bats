# Partial datasets, as a download makes them: what is committed stays and is shown, and goes on.
load ../common

setup() {
    codex_setup
    export SOURCE=$PWD/source
    gen 7 1000000 >data
    cid=$(CODEX_REPO=$SOURCE codex-chunk put --block-size 16KiB data) # 62 blocks
    codex-chunk init >/dev/null
    codex-chunk space | head -n5 >empty
}

# fetch [OPTION...]: brings leaves of the dataset into the repo.
fetch() {
    "$CODEX_TEST_BIN/codex-testpartial" "$SOURCE" "$cid" "$@"
}

@test "goes on where it was, and is the dataset at last" {
    fetch --leaves 20 | tail -n1 | grep -qx "$cid	held	20"
    fetch --seed 2 --leaves 21 | tail -n1 | grep -qx "$cid	held	41"
    fetch --seed 3 | tail -n1 | grep -qx "$cid	whole"
    codex-chunk get "$cid" | cmp - data
    codex-chunk verify
    fetch | grep -qx "$cid	whole" # and nothing more
    [[ -z $(ls "$CODEX_REPO/writers") ]]
}

@test "survives being killed at any moment" {
    local round held before=0 out
    for round in {1..40}; do
        # Not through the function, whose shell would be killed in the place of the program.
        : >out
        "$CODEX_TEST_BIN/codex-testpartial" "$SOURCE" "$cid" --seed "$round" --bytes 40000 >out &
        out=$!
        # Killed once it has told of a commit or two, or is through.
        for ((i = 0; i < 3000; i++)); do
            (($(wc -l <out) > round % 3 + 1)) || ! kill -0 $out 2>/dev/null || continue
            break
        done
        kill -9 $out 2>/dev/null || true
        wait $out 2>/dev/null || true
        ((round % 4)) || codex-chunk gc >/dev/null
        codex-chunk verify
        if grep -q whole out; then
            break
        fi
        held=$(codex-chunk stat "$cid" | awk -F'\t' '$2 == "blocksHeld" { print $3 }')
        [[ -n $held ]] || { codex-chunk get "$cid" | cmp - data; break; }
        # What it told is there.
        (($(awk 'END { print $3 + 0 }' out) <= held && before <= held))
        before=$held
    done
    fetch | tail -n1 | grep -qx "$cid	whole"
    codex-chunk get "$cid" | cmp - data
    codex-chunk verify
}

@test "several bring leaves at the same time" {
    local pids=() n
    for n in 1 2 3 4; do
        fetch --seed "$n" --bytes 40000 >"out$n" &
        pids+=($!)
    done
    for n in "${pids[@]}"; do
        wait "$n"
    done
    grep -qx "$cid	whole" out1
    codex-chunk get "$cid" | cmp - data
    codex-chunk verify
    codex-chunk rm "$cid"
    codex-chunk gc >/dev/null
    codex-chunk space | head -n5 | diff - empty
}

@test "ls and stat show its share" {
    local whole
    gen 8 5000 >whole
    whole=$(codex-chunk put whole)
    fetch --leaves 25 --label 'on its way' --expiry 1900000000 >/dev/null
    run_split codex-chunk ls
    assert_success
    grep -qE "^$cid	1000000	plain	2030-03-17T17:46:40Z	.*	on its way	partial 40%\$" <<<"$output"
    grep -qvE 'partial' <<<"$(grep "^$whole" <<<"$output")"
    codex-chunk ls --json | jq -se --arg cid "$cid" '.[] | select(.cid == $cid) |
        .type == "dataset" and .partial and .blocks == 62 and .blocksHeld == 25 and .manifest.treeCid'
    codex-chunk ls --json |
        jq -se --arg cid "$whole" '.[] | select(.cid == $cid) | has("partial") | not'
    run_split codex-chunk stat "$cid"
    assert_success
    grep -qx "$cid	state	partial 40%" <<<"$output"
    grep -qx "$cid	blocksHeld	25" <<<"$output"
    codex-chunk stat --json "$cid" | jq -se '.[0] | .partial and .blocksHeld == 25 and .layout'
    local tree
    tree=$(codex-chunk stat "$cid" | awk -F'\t' '$2 == "treeCid" { print $3 }')
    codex-chunk stat "$tree" | grep -qx "$tree	leavesHeld	25"
    [[ $(codex-chunk stat "${cid:0:20}") == "$(codex-chunk stat "$cid")" ]]
}

@test "who wants all of it is told what is missing" {
    fetch --leaves 60 >/dev/null
    run_split codex-chunk get "$cid"
    assert_refused 1 "dataset $cid: only 60 of its 62 blocks are here, missing are"
    [[ $stderr == *'hint: fetch it, which brings what is missing: codex-serve fetch '* ]]
    [[ -z $output ]]
    run_split codex-chunk export "$cid" -o archive
    assert_refused 1 'only 60 of its 62 blocks are here'
    run_split codex-ec encode -k 2 -m 1 "$cid"
    assert_refused 1 'only 60 of its 62 blocks are here'
    run_split codex-chunk get --json "$cid"
    jq -e '.code == "dataset.partial" and .exit == 1' <<<"$stderr"
}

@test "block has says of each block whether it is here" {
    fetch --leaves 60 >/dev/null
    local index present=0
    for index in {0..61}; do
        echo "$cid@$index"
    done | codex-chunk block has --batch >states
    present=$(grep -c '	present$' states)
    [[ $present == 60 && $(grep -c '	missing$' states) == 2 ]]
    index=$(grep -n '	present$' states | head -n1 | cut -d: -f1)
    codex-chunk block get "$cid@$((index - 1))" |
        cmp - <(tail -c "+$(((index - 1) * 16384 + 1))" data | head -c 16384)
}

@test "rm takes it away, gc leaves it alone" {
    fetch --leaves 30 >/dev/null
    codex-chunk gc >/dev/null
    codex-chunk verify
    codex-chunk ls | grep -q 'partial 48%$'
    run_split codex-chunk rm -n "$cid"
    assert_success
    assert_output "$cid	would-remove	491520"
    run_split codex-chunk rm "$cid"
    assert_success
    assert_output "$cid	removed	491520"
    codex-chunk space | head -n5 | diff - empty
    codex-chunk verify
    run_split codex-chunk stat "$cid"
    assert_refused 1 'not in the repo'
    codex-chunk gc >/dev/null
    [[ -z $(ls "$CODEX_REPO/writers") ]]
}

@test "expires as a dataset does, and keep and label hold for it" {
    fetch --leaves 30 --expiry 1900000000 >/dev/null
    CODEX_NOW=1900000000 codex-chunk gc >/dev/null
    codex-chunk ls | grep -q "^$cid"
    codex-chunk keep "$cid" --until @2000000000
    codex-chunk label "$cid" later
    CODEX_NOW=2000000000 codex-chunk gc >/dev/null
    codex-chunk ls | grep -q "^$cid.*	later	partial"
    CODEX_NOW=2000000001 codex-chunk gc -n --json | jq -se '.[0].expiredDatasets == 1'
    CODEX_NOW=2000000001 codex-chunk gc --json | jq -se '.[0].expiredDatasets == 1'
    codex-chunk space | head -n5 | diff - empty
    codex-chunk verify
}

@test "counts in the quota" {
    codex-chunk init --set --quota 400KiB >/dev/null
    run_split fetch
    assert_failure 74
    [[ $stderr == *'quota of 400KiB exceeded'* ]]
    codex-chunk verify
    codex-chunk ls | grep -q "^$cid.*	partial"
    codex-chunk init --set --quota 2MiB >/dev/null
    fetch | tail -n1 | grep -qx "$cid	whole"
}

@test "is there again in a new index, with what is known of it" {
    fetch --leaves 30 --expiry 1900000000 --label mine >/dev/null
    codex-chunk ls >before
    codex-chunk verify --rebuild-index --json | jq -se '.[] | select(.type == "rebuilt") |
        .partials == 1 and .datasets == 0 and .keptBlocks == 0'
    codex-chunk ls | diff - before
    rm "$CODEX_REPO/index.mdb" "$CODEX_REPO/index.mdb-lock"
    codex-chunk verify --rebuild-index
    codex-chunk ls | diff - before
    codex-chunk verify
    codex-chunk rm "$cid"
    codex-chunk verify --rebuild-index # what was removed does not come back
    [[ -z $(codex-chunk ls) ]]
    codex-chunk space | head -n5 | diff - empty
}

@test "put over it makes it whole" {
    fetch --leaves 30 --expiry 1900000000 >/dev/null
    [[ $(codex-chunk put --block-size 16KiB --expires 1d data) == "$cid" ]]
    codex-chunk ls | grep -c "^$cid" | grep -qx 1
    ! codex-chunk ls | grep -q partial
    codex-chunk get "$cid" | cmp - data
    codex-chunk gc >/dev/null
    codex-chunk verify
}

@test "a repo with one is of version 2" {
    [[ $(<"$CODEX_REPO/version") == 1 ]]
    fetch --leaves 1 >/dev/null
    [[ $(<"$CODEX_REPO/version") == 2 ]]
    codex-chunk ls | grep -q 'partial 1%$'
}
