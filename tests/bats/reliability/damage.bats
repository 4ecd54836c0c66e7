# Bytes of the repo's segment files are flipped, cut off and lost: verify names what is hurt, no
# command gives out wrong bytes, and codex-ec repair brings everything back where parity allows.
load ../common

setup() {
    codex_setup
    gen 1 2000000 >file # 31 blocks
    plain=$(codex-chunk put file | cut -f1)
    coded=$(codex-ec encode -k 4 -m 2 "$plain" | cut -f1)
    codex-chunk rm "$plain" >/dev/null
    segments=("$CODEX_REPO"/segments/*)
    assert_equal ${#segments[@]} 1
    segment=${segments[0]}
    size=$(stat -c %s "$segment")
}

# flip OFFSET: another byte at this place of the segment.
flip() {
    local byte
    byte=$(od -An -tu1 -j "$1" -N 1 "$segment")
    # shellcheck disable=SC2059 # the format is the byte
    printf "\\x$(printf %02x $((byte ^ 0x5a)))" |
        dd of="$segment" bs=1 seek="$1" conv=notrunc status=none
}

# offset_of BLOCK: where the first bytes of this block of the file are in the segment.
offset_of() {
    local pattern
    pattern=$(tail -c +$(($1 * 65536 + 1)) file | head -c 16 | od -An -v -tx1 | tr -d '\n' | sed 's/ /\\x/g')
    LC_ALL=C grep -obUaP "$pattern" "$segment" | head -1 | cut -d: -f1
}

# cut_tree CID [LEAVES]: nothing but that many leaves is left of the record of this dataset's tree. A hole
# is what a segment that was cut short has there when something was written after it.
cut_tree() {
    codex-merkle tree "$1" >nodes # the root last
    # shellcheck disable=SC2016 # this is Perl
    perl -e '
        my ($leaves, $file, @nodes) = @ARGV;
        my @hashes = map { pack "H*", s/^0x//r } @nodes;
        open my $segment, "+<:raw", $file or die;
        local $/;
        my $bytes = <$segment>;
        # The record: a header that ends with the CID, whose end is the root, then the nodes.
        my $found = $bytes =~ /\Q$hashes[-1]\E.{0,64}?\Q$hashes[0]$hashes[1]\E/s or die "no tree";
        seek $segment, $+[0] - 64 + 32 * $leaves, 0;
        print $segment "\0" x (32 * (@nodes - $leaves));
    ' "${2:-0}" "$segment" $(cut -f3 nodes)
}

# assert_healthy: nothing is wrong any more, and the file comes back.
assert_healthy() {
    run_split codex-chunk verify
    assert_success
    run_split codex-ec verify "$coded"
    assert_success
    codex-chunk get "$coded" >back
    assert_same back file
}

@test "a flipped byte of a block is named, read around, and repaired" {
    flip $(($(offset_of 7) + 100))
    run_split codex-chunk verify
    assert_failure 1
    assert_output --partial damaged
    codex-chunk get "$coded" >back # the block is computed from the others
    assert_same back file
    run_split codex-ec repair "$coded"
    assert_success
    assert_healthy
}

@test "flipped bytes in as many slots as parity allows are repaired" {
    # Blocks 0, 1 .. of one column lie `steps` = 8 apart: two of each of three columns.
    for block in 0 8 1 17 5 29; do
        flip $(($(offset_of $block) + 4000))
    done
    run_split codex-chunk verify
    assert_failure 1
    run_split codex-ec repair "$coded"
    assert_success
    assert_healthy
}

@test "more damage than parity allows is refused, and no wrong byte is given out" {
    for block in 3 11 19; do # three blocks of one column, and m = 2
        flip $(($(offset_of $block) + 1))
    done
    run_split codex-ec repair "$coded"
    assert_failure 1
    run_split codex-chunk get "$coded" -o back
    assert_failure
    assert_output ''
    assert_not_exist back
}

@test "a byte flipped in a plain dataset is an error of get that names the block" {
    gen 2 300000 >other
    cid=$(codex-chunk put other | cut -f1)
    cp other file
    segments=("$CODEX_REPO"/segments/*)
    for segment in "${segments[@]}"; do
        at=$(offset_of 2)
        [ -z "$at" ] || flip "$at"
    done
    run_split codex-chunk get "$cid" -o back
    assert_failure
    assert_output ''
    assert_stderr --partial ': error: '
    assert_not_exist back
}

@test "a segment that was cut short is named, read around, and repaired" {
    # Repaired blocks are the last in the segment; the tree and the other blocks come before them.
    codex-ec erase --slots 2,5 "$coded" >/dev/null
    codex-ec repair "$coded" >/dev/null
    size=$(stat -c %s "$segment")
    truncate -s $((size - 300000)) "$segment"
    run_split codex-chunk verify
    assert_failure 1
    assert_output --partial 'damaged'
    codex-chunk get "$coded" >back
    assert_same back file
    run_split codex-ec repair "$coded"
    assert_success
    assert_healthy
}

@test "a tree that was cut off is an error that names it, not wrong bytes" {
    truncate -s $((size - 4000)) "$segment" # the tree was written last
    run_split codex-chunk verify
    assert_failure 1
    assert_output --partial 'tree-damaged'
    run_split codex-chunk get "$coded" -o back
    assert_refused 65 'tree'
    assert_not_exist back
}

@test "status and verify of a dataset whose tree was cut off say so" {
    truncate -s $((size - 4000)) "$segment"
    run_split codex-ec status "$coded"
    assert_failure 1
    assert_output --partial 'tree-damaged'
    run_split codex-ec verify "$coded"
    assert_refused 1 'its tree record is damaged'
}

@test "a tree that was cut off is rebuilt from the plain dataset's, and the parity computed again" {
    codex-chunk put file >/dev/null # the data blocks are here: only the plain tree is written
    cut_tree "$coded"
    run_split codex-ec status "$coded"
    assert_output --partial 'repairable'
    run_json codex-ec repair --json "$coded"
    assert_success
    assert_equal "$(jq -c '[.restoredData, .restoredParity, .treeRestored]' <<<"$output")" '[0,0,true]'
    assert_healthy
}

@test "a cut-off tree and lost data: the parity that is needed has no name" {
    codex-chunk put file >/dev/null
    codex-ec erase --slots 2 "$coded" >/dev/null
    cut_tree "$coded"
    run_split codex-ec repair "$coded"
    assert_refused 1 '16 of 48 blocks are not known by their CIDs any more'
    codex-chunk put file >/dev/null # brings the data, and that the parity
    run_split codex-ec repair "$coded"
    assert_success
    assert_healthy
}

@test "a tree that was cut off is rebuilt from that of another protected dataset" {
    plain=$(codex-chunk put file | cut -f1)
    other=$(codex-ec encode -k 3 -m 1 "$plain")
    codex-chunk rm "$plain" >/dev/null
    cut_tree "$coded"
    run_split codex-ec repair "$coded"
    assert_success
    assert_healthy
    codex-ec verify "$other"
}

@test "half a tree is enough when parity can be computed again" {
    # The leaves of the data and of the first parity slot are there, and no node above them.
    cut_tree "$coded" 40
    run_split codex-ec repair "$coded"
    assert_success
    assert_healthy
}

@test "a plain tree that was cut off is rebuilt from a protected dataset's" {
    plain=$(codex-chunk put file | cut -f1)
    cut_tree "$plain"
    run_split codex-ec repair "$plain"
    assert_success
    assert_output "$plain"
    assert_healthy
    codex-ec verify "$plain"
    cut_tree "$plain"
    run_split codex-ec repair "$coded"
    assert_success
    codex-chunk get "$plain" >back
    assert_same back file
}

@test "where no other tree tells the blocks, repair says what it needs" {
    cut_tree "$coded"
    run_split codex-ec repair "$coded"
    assert_refused 1 '47 of 48 blocks are not known by their CIDs any more'
    assert_stderr --partial 'hint: put the plain dataset (tree zDz'
    codex-chunk put file >/dev/null
    run_split codex-ec repair "$coded"
    assert_success
    assert_healthy
}

@test "storing a dataset again mends its tree" {
    truncate -s $((size - 4000)) "$segment"
    plain=$(codex-chunk put file | cut -f1)
    run_split codex-ec encode -k 4 -m 2 "$plain"
    assert_success
    assert_output "$coded"
    codex-chunk get "$coded" -o back
    assert_same back file
    run_split codex-chunk verify
    refute_output --partial 'tree-damaged'
}

@test "every kind of damage anywhere in a segment: never a wrong byte, never a crash" {
    # Any one flipped byte hurts at most one block, tree or manifest.
    for ((i = 0; i < 24; ++i)); do
        at=$((size * i / 24 + i))
        flip $at
        status=0
        codex-chunk get "$coded" >back 2>err || status=$?
        if ((status == 0)); then
            assert_same back file
        else
            assert [ $status -lt 128 ]
            run grep -c ': error: ' err
            assert_output 1
        fi
        codex-chunk verify >/dev/null 2>&1 || assert [ $? -lt 128 ]
        flip $at
    done
    assert_healthy
}

@test "a damaged header of a tree record is found, and mended by repair and by put" {
    gen 1 500000 >file
    plain=$(codex-chunk put file | cut -f1)
    coded=$(codex-ec encode -k 3 -m 2 "$plain" | cut -f1)
    segment=$CODEX_REPO/segments/00000001.seg
    mapfile -t places < <(LC_ALL=C grep -obUaP 'CXR1\x02' "$segment" | cut -d: -f1)
    for place in "${places[@]: -2}"; do
        printf '\xff' | dd of="$segment" bs=1 seek=$((place + 10)) conv=notrunc status=none
    done
    run_split codex-chunk verify
    assert_failure 1
    assert_equal "${#lines[@]}" 2
    assert_output --partial 'tree-damaged'
    codex-ec repair "$coded"
    codex-chunk put file >/dev/null
    run_split codex-chunk verify
    assert_success
    codex-chunk verify --rebuild-index >/dev/null
    codex-chunk get "$plain" | cmp - file
    codex-chunk get "$coded" | cmp - file
}
