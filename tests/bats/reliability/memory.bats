# Looking at what is here takes no memory for each block. Limits are as in codex-chunk/memory.bats.
load ../common

setup() {
    codex_setup
    skip_with_sanitizers
    export MALLOC_ARENA_MAX=2
}

# limited KIB COMMAND...: with that much memory, and no more.
limited() {
    bash -c 'ulimit -s 1024; ulimit -d "$1"; shift; exec "$@"' limited "$@"
}

# Where a block takes 32 bytes or so, there is a bound of half a million: what is beyond it is done in
# two goes, of 275,000 each here. In one, status would take 50 MB instead of 30, verify 37 instead of 26.
@test "status and verify of 550,000 blocks in bounded memory" {
    gen 1 $((330000 * 64)) >data
    plain=$(codex-chunk put -j 2 --no-sync --block-size 64B data | cut -f1)
    coded=$(codex-ec encode -j 2 --no-sync -k 3 -m 2 "$plain")
    limited 35000 codex-ec status -j 2 --data "$coded"
    limited 31000 codex-chunk verify -j 2
}

# Of a column of 65,536 blocks what they are multiplied with would be 168 MB, in each thread.
@test "repair of 40 of 65,536 blocks of a column in bounded memory" {
    gen 1 $((32768 * 64)) >data
    plain=$(codex-chunk put -j 2 --no-sync --block-size 64B data | cut -f1)
    coded=$(codex-ec encode -j 2 --no-sync -k 32768 -m 32768 "$plain")
    codex-ec erase --blocks 5-44 "$coded"
    for cpu in portable ssse3 avx512; do
        CODEX_CPU=$cpu limited 60000 codex-ec repair -j 2 --no-sync "$coded"
        codex-ec status --data "$coded"
        codex-ec erase --blocks 5-44 "$coded"
    done
}

# hurt_largest_tree: turns a bit in the middle of the leaves of the repo's largest tree.
hurt_largest_tree() {
    perl -e '
        my ($most, $place) = (0);
        for my $file (glob "$ENV{CODEX_REPO}/segments/*") {
            open my $in, "<:raw", $file or die;
            for (my $at = 0; seek($in, $at, 0) && read($in, my $head, 36) == 36;) {
                my ($magic, $kind, $encoding, $cid) = unpack "a4CCC", $head;
                my $size = unpack "Q<", substr $head, 16, 8;
                if ($magic ne "CXR1") { $at += 64; next }
                if ($kind == 2 && $size > $most) {
                    ($most, $place) = ($size, [$file, $at + 36 + $cid + int($size / 4) + 7]);
                }
                $at += int((36 + $cid + $size + 63) / 64) * 64;
            }
        }
        open my $file, "+<:raw", $place->[0] or die;
        seek $file, $place->[1], 0;
        read $file, my $byte, 1;
        seek $file, $place->[1], 0;
        print $file chr(ord($byte) ^ 1);'
}

# With 32 bytes for each block, 5 MB more: the limits are less than that above what it takes.
@test "repair, verify, status and decode of 167,000 blocks in bounded memory, with a damaged tree, too" {
    gen 1 $((100000 * 64)) >data
    plain=$(codex-chunk put -j 2 --no-sync --block-size 64B data | cut -f1)
    coded=$(codex-ec encode -j 2 --no-sync -k 3 -m 2 "$plain")
    codex-ec erase --blocks 5,20000-20020 "$coded"
    limited 15000 codex-ec repair -j 2 --no-sync "$coded"
    limited 12000 codex-chunk verify -j 2 "$coded"
    codex-chunk rm "$plain"
    hurt_largest_tree
    run limited 16000 codex-ec status -j 2 --data "$coded"
    assert_failure 1
    assert_output --partial 'tree'
    limited 27000 codex-ec repair -j 2 --no-sync "$coded"
    codex-ec status -j 2 "$coded"
    run limited 41000 codex-ec decode -j 2 --no-sync "$coded"
    assert_success
    assert_output --partial "$plain"
}
