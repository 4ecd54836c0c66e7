# codex-chunk block put, get, has, rm
load ../common

setup() {
    codex_setup
    gen 7 200000 >data
    cid=$(codex-chunk put data)
    first=zDxWB8EDCjDXLPgfYPrvMPYLSftcq5SEg1XTUBNjmmnDqdKWvhxY
    unknown=zDxWB8EDCcpV9LuPUkwpiF1z3tsZ3RXKCMvEZV5a8ChuGJCgaxhk
}

@test "put and get a block" {
    run_split codex-chunk block put <<<''
    assert_success
    run_split bash -c 'printf a | codex-chunk block put'
    assert_success
    assert_output --regexp '^zDx'
    codex-chunk block get "$output" | cmp - <(printf a)
    assert_equal "$(head -c65536 data | codex-chunk block put)" "$first"
}

@test "put names files when there are several, and takes codecs" {
    printf a >a
    printf b >b
    run_split codex-chunk block put a b
    assert_equal "$(cut -f2 <<<"$output" | paste -sd,)" a,b
    assert_equal "$(codex-chunk block put --codec raw a)" \
        "$(codex-chunk block put --codec raw a)"
    run_split codex-chunk block put --codec nonsense a
    assert_refused 64 "'nonsense' is not known"
}

@test "put refuses what no block can be" {
    head -c $((64 * 1024 * 1024 + 1)) /dev/zero >large
    run_split codex-chunk block put large
    assert_refused 65 'larger than'
    run_split codex-chunk block put nothing
    assert_refused 66 nothing
}

@test "get by CID, by index, several, to a file" {
    codex-chunk block get "$first" | cmp - <(head -c65536 data)
    codex-chunk block get "$cid@1" "$cid@0" -o out
    cmp out <(
        head -c131072 data | tail -c65536
        head -c65536 data
    )
    codex-chunk block get "$cid" | wc -c >size
    assert_equal "$(cat size)" 58
}

@test "get of what is not here" {
    run_split codex-chunk block get "$unknown"
    assert_refused 1 "$unknown"
    run_split codex-chunk block get "$cid@9"
    assert_refused 65 "$cid@9"
}

@test "has answers by exit code and by line" {
    run_split codex-chunk block has "$first" "$cid@3"
    assert_success
    assert_output "$first	present
$cid@3	present"
    run_split codex-chunk block has "$first" "$unknown"
    assert_failure 1
    assert_line "$unknown	missing"
    refute_stderr
}

@test "batch: a request a line, an answer a line" {
    run_split bash -c "printf '%s\n' $first $unknown nonsense $cid@1 $cid@9 |
        codex-chunk block has --batch"
    assert_success
    assert_output "$first	present
$unknown	missing
nonsense	invalid
$cid@1	present
$cid@9	invalid"
    refute_stderr
}

@test "batch get: head line, bytes, line end" {
    local small
    small=$(printf hello | codex-chunk block put)
    run_split bash -c "printf '%s\n' $small $unknown $small | codex-chunk block get --batch"
    assert_success
    assert_output "$small	5
hello
$unknown	missing
$small	5
hello"
}

@test "batch answers while the other side still asks" {
    coproc codex-chunk block has --batch
    local answer pid=$COPROC_PID
    echo "$first" >&"${COPROC[1]}"
    read -r -t 10 answer <&"${COPROC[0]}"
    assert_equal "$answer" "$first	present"
    echo "$unknown" >&"${COPROC[1]}"
    read -r -t 10 answer <&"${COPROC[0]}"
    assert_equal "$answer" "$unknown	missing"
    eval "exec ${COPROC[1]}>&-"
    wait "$pid"
}

@test "rm removes what was put by itself, not what a dataset needs" {
    local own
    own=$(printf own | codex-chunk block put)
    run_split codex-chunk block rm -n "$own"
    assert_output "$own	would-remove"
    run_split codex-chunk block rm "$own"
    assert_success
    assert_output "$own	removed"
    run_split codex-chunk block rm "$own"
    assert_success
    assert_output "$own	missing"
    run_split codex-chunk block rm "$first"
    assert_refused 1 "$first"
    run_split codex-chunk block rm -n "$first"
    assert_refused 1 "$first"
    codex-chunk get "$cid" | cmp - data
}

@test "an own block lives as long as it was said" {
    local own
    own=$(printf own | codex-chunk block put --expires @1900000000)
    CODEX_NOW=1900000001 codex-chunk gc >/dev/null
    run codex-chunk block has "$own"
    assert_failure 1
}

@test "malformed manifests are refused, good ones taken" {
    local hex=0a360a2601839a0312205f0df8d98508cdfe9ca8b6fb903fb55c9fb654e667e35096859fa011c224349b10808004180120829a0328123002
    as_manifest() { xxd -r -p <<<"$1" | codex-chunk block put --codec codex-manifest; }
    run_split as_manifest "$hex"
    assert_success
    assert_output zDvZRwzkvmgWzSgotGJSsx5aQFPkFVpwZgcBo4Sdi8t1yPftrs32
    run_split as_manifest "${hex%??}"
    assert_refused 65 '-'
    run_split as_manifest ''
    assert_refused 65 '-'
    run_split as_manifest "${hex/10808004/1000}"
    assert_failure 65
    # Block size 0, in a message whose lengths are right.
    run_split as_manifest 0a340a2601839a0312205f0df8d98508cdfe9ca8b6fb903fb55c9fb654e667e35096859fa011c224349b1000180120829a0328123002
    assert_refused 65 'block'
    # The tree's CID is that of a block.
    run_split as_manifest 0a360a2601829a0312205f0df8d98508cdfe9ca8b6fb903fb55c9fb654e667e35096859fa011c224349b10808004180120829a0328123002
    assert_refused 65 tree
}
