# What a tool does when the system refuses it threads or memory: goes on, or one error line and 74, and
# never an end by a signal.
load ../common

setup() {
    codex_setup
    gen 1 500000 >data
}

# without_threads COMMAND...: every thread needs a stack larger than the address space, so none starts.
without_threads() {
    prlimit --stack=$((1 << 50)): "$@"
}

# with_memory KIB COMMAND...: in an address space of that size; 99 when it is too small for the dynamic
# linker to load the program.
with_memory() {
    local code=0
    (
        ulimit -v "$1" && shift && exec "$@"
    ) || code=$?
    return $((code == 127 ? 99 : code))
}

# assert_refused: the run was right, or ended with one error line and 74.
assert_refused() {
    ((status != 0)) || return 0
    assert_equal "$status" 74
    [[ $stderr == *': error: '* ]] || fail "no error line: $stderr"
    [[ $stderr != *terminate* && $stderr != *bug:* ]] || fail "$stderr"
}

@test "without threads every command gives the same" {
    skip_with_sanitizers thread # it needs a stack that is smaller
    local plain coded
    plain=$(codex-chunk put data)
    coded=$(codex-ec encode -k 2 -m 1 "$plain")
    export CODEX_REPO=$BATS_TEST_TMPDIR/alone
    run_split without_threads codex-chunk put data
    assert_success
    assert_output "$plain"
    run_split without_threads codex-ec encode -k 2 -m 1 "$plain"
    assert_success
    assert_output --partial "$coded"
    without_threads codex-chunk get "$coded" | cmp - data
    without_threads codex-ec erase "$coded" --slots 0 >/dev/null
    without_threads codex-ec repair "$coded" >/dev/null
    without_threads codex-chunk verify
    without_threads codex-chunk export "$coded" >car
    without_threads codex-chunk import car
    assert_equal "$(without_threads codex-merkle root --raw data)" \
        "$(codex-merkle root --raw data)"
}

@test "without threads lists are worked through one by one" {
    skip_with_sanitizers thread # it needs a stack that is smaller
    gen 2 1000 >second
    run_split without_threads codex-chunk put --unordered -j 8 data second
    assert_success
    assert_equal "${#lines[@]}" 2
    assert_equal "$(sort <<<"$output")" "$(codex-chunk put data second | sort)"
    run_split without_threads codex-chunk put --progress json data
    assert_success
}

@test "memory that is refused is one error line and 74" {
    skip_with_sanitizers
    local plain coded kib command
    plain=$(codex-chunk put data)
    coded=$(codex-ec encode -k 2 -m 1 "$plain" | cut -f1)
    for kib in 20000 30000 40000 60000 100000 200000 400000; do
        for command in "codex-chunk put data" "codex-chunk get $coded -o out" \
            "codex-chunk verify" "codex-ec encode -k 3 -m 2 $plain" "codex-ec status $coded" \
            "codex-merkle root --raw data" "codex-merkle tree --raw data" "codex-chunk ls" \
            "codex-chunk export $coded -o car" "codex-prove r1cs -o circuit" \
            "codex-prove setup -o key --samples 1 --max-depth 4 --block-depth 2 --cell-elements 2"; do
            # shellcheck disable=SC2086 # a command and its arguments
            run_split with_memory "$kib" $command
            ((status == 99)) || assert_refused
        done
    done
    codex-chunk get "$coded" | cmp - data
}

@test "refused memory is an error object with --json" {
    skip_with_sanitizers
    local kib
    for kib in 40000 60000 80000; do
        run_split with_memory "$kib" codex-prove r1cs -o circuit --json
        ((status != 99)) || continue
        assert_equal "$status" 74
        assert_equal "$(jq -r .code <<<"$stderr")" memory.exhausted
    done
    assert_equal "$status" 74
    assert_file_not_exists circuit
}

@test "memory that the index is refused is memory" {
    local preload=$CODEX_TEST_BIN/libcodex-testpreload.so counts last n failures=0
    [[ -e $preload ]] || skip 'not built for sanitizers'
    codex-chunk put data
    CODEX_TEST_COUNTS=$PWD/counts LD_PRELOAD=$preload codex-chunk ls
    read -r -a counts <<<"$(od -An -v -t u8 counts | tr -s ' \n' ' ')"
    last=${counts[8]}
    # What the index is opened and read with is among the last that are asked for.
    for ((n = last - 120; n < last; n += 2)); do
        CODEX_TEST_FAIL=memory:$n:12 LD_PRELOAD=$preload run_split codex-chunk ls --json
        ((status != 0)) || continue
        assert_equal "$status" 74
        echo "$stderr" >>said
        ((++failures))
    done
    # One jq for all, which takes longer to start than the tool.
    assert_equal "$(jq -r .code said)" "$(printf 'memory.exhausted\n%.0s' $(seq "$failures"))"
    assert_regex "$(jq -r .message said)" 'index: '
}
