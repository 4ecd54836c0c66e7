# What a command takes of memory does not grow with the number of blocks. Blocks of 64 bytes make many
# of few bytes; the limit is on data segments and private mappings (RLIMIT_DATA), which leaves out
# mapped files: the index.
#
# There are a few times more blocks than what is bounded by a number of them holds (Limits: 131,072 nodes
# of trees and references, 16,384 blocks of a batch and 4096 pages of the index), and each limit is some
# megabytes above what the command takes from there on, whatever comes: less than 32 bytes for each block,
# that is for a hash, and for 100 where it takes most.
load ../common

setup() {
    codex_setup
    skip_with_sanitizers
    # Without it each thread takes an arena of its own, and what is left over in them is not the tool's.
    export MALLOC_ARENA_MAX=2
}

# limited KIB COMMAND...: with that much memory, and no more.
limited() {
    bash -c 'ulimit -s 1024; ulimit -d "$1"; shift; exec "$@"' limited "$@"
}

@test "put takes two million equal blocks in bounded memory" {
    head -c $((2097152 * 64)) /dev/zero >zeros
    limited 100000 codex-chunk put -j 2 --no-sync --block-size 64B zeros >cid
    run_split codex-chunk stat --json - <cid
    assert_equal "$(records <<<"$output" | jq .manifest.datasetSize)" $((2097152 * 64))
}

@test "put takes 262,144 different blocks in bounded memory" {
    gen 1 $((262144 * 64)) >different
    limited 75000 codex-chunk put -j 2 --no-sync --block-size 64B different >cid
    # What was removed goes in bounded steps, too, and so does what lives beside it.
    limited 30000 codex-chunk rm --no-sync - <cid
    limited 15000 codex-chunk gc
    assert_equal "$(codex-chunk space --json | records | jq .totalBlocks)" 0
}

@test "encode, get, export and import take 167,000 different blocks in bounded memory" {
    gen 1 $((100000 * 64)) >data
    codex-chunk put -j 2 --no-sync --block-size 64B data >plain
    limited 97000 codex-ec encode -j 2 --no-sync -k 3 -m 2 - <plain >protected
    limited 20000 codex-chunk get -j 2 - <protected | cmp - data
    limited 20000 codex-chunk export -j 2 - -o protected.car <protected
    export CODEX_REPO=$PWD/other
    limited 112000 codex-chunk import -j 2 --no-sync protected.car >imported
    assert_same imported protected
}

@test "import takes a million sections of five bytes in bounded memory" {
    {
        printf '\x11\xa2eroots\x80gversion\x01'
        # An identity CID that holds nothing, again and again.
        yes $'\x04\x01\x55\x02' | head -n 1000000 | tr '\n\002' '\000\000'
    } >tiny.car
    limited 60000 codex-chunk import -j 2 tiny.car
}
