# Looking at what is here takes no memory for each block. As in codex-chunk/memory.bats the limit is on
# data segments and private mappings, which leaves out the index.
load ../common

setup() {
    codex_setup
    # They take address space for shadow memory.
    ! grep -q -- '-fsanitize=' "$CODEX_BIN/../build.ninja" || skip 'not with sanitizers'
    export MALLOC_ARENA_MAX=2
}

# limited KIB COMMAND...: with that much memory, and no more.
limited() {
    bash -c 'ulimit -d "$1"; shift; exec "$@"' limited "$@"
}

@test "verify, repair and status of 800,000 blocks in bounded memory" {
    gen 1 $((500000 * 64)) >data
    plain=$(codex-chunk put -j 2 --no-sync --block-size 64B data | cut -f1)
    coded=$(codex-ec encode -j 2 --no-sync -k 3 -m 2 "$plain")
    codex-ec erase --blocks 5,100000-100020 "$coded"
    limited 44000 codex-ec repair -j 2 --no-sync "$coded"
    limited 44000 codex-chunk verify -j 2 "$coded"
    limited 44000 codex-ec status -j 2 --data "$coded"
    limited 70000 codex-chunk verify -j 2
}
