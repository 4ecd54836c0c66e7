# What is read into memory is bounded, whatever comes: each of these would read for ever.
load ../common

setup() {
    codex_setup
    skip_with_sanitizers
}

# bounded CODE TEXT WORD...: the command, fed with zeros without end, gives up within 3 GB beside the 64 GiB
# that an index may be mapped with.
bounded() {
    local code=$1 text=$2
    shift 2
    run_split timeout 300 bash -c 'ulimit -v 70000000; exec "$@" </dev/zero' bounded "$@"
    assert_failure "$code" || fail "$*"
    assert_output ''
    assert_stderr --partial "$text"
}

@test "documents and containers on stdin" {
    cid=$(echo x | codex-chunk put)
    root=$(codex-merkle root "$cid")
    leaf=$(codex-merkle leaves "$cid")
    bounded 65 'larger than' codex-merkle verify --root "$root" --leaf "$leaf"
    bounded 65 'larger than' codex-merkle verify <(:) --root "$root" --block -
    bounded 65 'not a .zkey file' codex-prove contribute - --name me -o out
    bounded 65 'not a .zkey file' codex-prove beacon - --beacon 00 --iterations-log2 10 -o out
    bounded 65 'not a .r1cs file' codex-prove setup --r1cs - -o out
    bounded 65 'larger than' codex-prove witness
    bounded 65 'larger than' codex-chunk block put
    bounded 65 '' codex-chunk import
    assert_not_exist out
}

@test "lists on stdin" {
    cid=$(echo x | codex-chunk put)
    local command
    for command in 'codex-chunk get' 'codex-chunk stat' 'codex-ec status' 'codex-merkle root' \
        'codex-merkle root --digests -' 'codex-prove roots'; do
        # shellcheck disable=SC2086 # words
        bounded 65 'stdin line 1: longer than' $command
    done
}

# limited KIB COMMAND...: with that much memory of its own (RLIMIT_DATA), and no more.
limited() {
    bash -c 'ulimit -d "$1"; shift; exec "$@"' limited "$@"
}

@test "trees and proofs of a million leaves take a temporary file, not memory" {
    export MALLOC_ARENA_MAX=2
    gen 1 $((1048576 * 16)) >raw
    limited 44000 codex-merkle tree -j 2 --raw raw --block-size 16 | tail -n 1 >last
    limited 44000 codex-merkle tree -j 2 --raw raw --block-size 16 --format binary -o tree.bin
    limited 44000 codex-merkle proof -j 2 --raw raw --block-size 16 --index 700001 >proof
    root=$(codex-merkle root --raw raw --block-size 16)
    assert_equal "0x$(cut -f 3 last)" "$(codex-merkle root --json --raw raw --block-size 16 | records | jq -r .root)"
    tail -c +$((700001 * 16 + 1)) raw | head -c 16 >block
    codex-merkle verify --root "$root" --block block <proof
    run_split env TMPDIR="$PWD/none" codex-merkle tree --raw raw --block-size 16
    assert_failure 73
    assert_stderr --partial "$PWD/none"
}

@test "containers that come as streams, or go into one, take a temporary file" {
    # One section of 200 MB, which is none that a key begins with.
    { printf 'zkey\1\0\0\0\1\0\0\0\143\0\0\0\0\302\353\13\0\0\0\0' && head -c 200000000 /dev/zero; } >key
    run_split limited 60000 codex-prove contribute - --name me -o out <key
    assert_refused 65 'section 1 is missing'
    codex-testproof chain chain.r1cs chain.wtns
    codex-testproof powers 7 chain.ptau 11 12 13
    codex-prove setup --quiet --ptau chain.ptau --r1cs chain.r1cs -o key
    codex-prove setup --quiet --ptau chain.ptau --r1cs chain.r1cs | cmp - key
    run_split env TMPDIR="$PWD/none" bash -c \
        'set -o pipefail; codex-prove setup --quiet --ptau chain.ptau --r1cs chain.r1cs | cat'
    assert_failure 73
    assert_stderr --partial "$PWD/none"
}

@test "trees in memory" {
    bounded 65 'more than 16777216 leaves' codex-merkle tree --raw - --block-size 1
    bounded 65 'more than 16777216 leaves' codex-merkle proof --index 0 --raw - --block-size 1
}
