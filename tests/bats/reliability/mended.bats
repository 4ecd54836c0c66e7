# What was found damaged is replaced by the same bytes, whatever way they come in (codex-repo(5), R4a).
load ../common
load ../codex-ec/damage

setup() {
    codex_setup
    gen 1 1000000 >file
    plain=$(codex-chunk put file | cut -f1)
}

# assert_mended CID: nothing is wrong any more.
assert_mended() {
    run_split codex-chunk verify
    assert_success
    assert_output ''
    codex-chunk get "$plain" | cmp - file
}

# Each way of finding out, each way of putting again.
finders=(
    'codex-chunk get CID -o out'
    'codex-chunk block get CID@3 -o out'
    'codex-chunk verify'
    'codex-ec repair CID'
    'codex-chunk export CID -o out'
    'codex-ec encode -k 3 -m 1 CID'
)

@test "put mends what any command has found" {
    for finder in "${finders[@]}"; do
        damage_block "$plain" 3
        # shellcheck disable=SC2086 # words
        run_split ${finder//CID/$plain}
        assert_failure 1
        run_split codex-chunk put file
        assert_success
        assert_output --partial "$plain"
        assert_mended
        rm -f out
    done
}

@test "import mends what was found, of archives with and without order" {
    codex-chunk export "$plain" -o archive.car
    damage_block "$plain" 3
    run_split codex-chunk get "$plain" -o out
    assert_failure 1
    codex-chunk import archive.car
    assert_mended
    damage_block "$plain" 4
    run_split codex-chunk verify
    assert_failure 1
    codex-chunk import <archive.car
    assert_mended
}

@test "block put mends without anybody having found it" {
    codex-chunk block get "$plain@3" -o block
    damage_block "$plain" 3
    codex-chunk block put block
    assert_mended
}

@test "encode mends parity that was found damaged" {
    coded=$(codex-ec encode -k 4 -m 2 "$plain")
    damage_block "$coded" 17
    run_split codex-ec verify "$coded"
    assert_failure 1
    run_split codex-ec encode -k 4 -m 2 "$plain"
    assert_success
    assert_output "$coded"
    codex-ec verify "$coded"
    assert_mended
}

@test "a block that is known to be damaged is shown as such, and put does not count it as new" {
    damage_block "$plain" 3
    run_split codex-chunk get "$plain" -o out
    assert_failure 1
    run_split codex-chunk ls --blocks
    assert_equal "$(cut -f3 <<<"$output" | sort | uniq -c | tr -s ' ' | tr '\n' ';')" \
        ' 1 damaged; 16 present;'
    used=$(codex-chunk space --json | jq -c 'select(.type != "summary")')
    run_split codex-chunk put --json file
    assert_equal "$(tail -1 <<<"$output" | jq .newBytes)" 0
    run_split codex-chunk ls --blocks
    refute_output --partial damaged
    assert_equal "$(codex-chunk space --json | jq -c 'select(.type != "summary") | .usedBytes')" \
        "$(jq -c .usedBytes <<<"$used")"
}

@test "a reader who may not write finds it out, and whoever may puts it right" {
    damage_block "$plain" 3
    cp -r "$CODEX_REPO" copy
    chmod -R a-w copy
    run_split codex-chunk -r copy get "$plain" -o out
    assert_refused 1 'is damaged'
    chmod -R u+w copy
    run_split codex-ec -r copy repair "$plain"
    assert_failure 1
    codex-chunk -r copy put file
    codex-chunk -r copy verify
}
