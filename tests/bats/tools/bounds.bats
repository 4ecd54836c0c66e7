# What is read into memory is bounded, whatever comes: each of these would read for ever.
load ../common

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

@test "trees in memory" {
    bounded 65 'more than 16777216 leaves' codex-merkle tree --raw - --block-size 1
    bounded 65 'more than 16777216 leaves' codex-merkle proof --index 0 --raw - --block-size 1
}
