# One word for one thing in what users read (libcommon/README.md, Words).
load ../common

@test "a stream that comes in is called stdin" {
    run_split codex-prove contribute - -o new.zkey <<<'no key'
    assert_refused 65 'stdin: not a .zkey file'
    run_split bash -c 'head -c 67108865 /dev/zero | codex-prove witness >witness'
    assert_refused 65 'stdin: larger than 67108864 bytes'
    run_split codex-prove fetch-circuit --archive - --hash "$(printf '%064d' 0)" --circuit-dir circuit <<<'none'
    assert_refused 65 'stdin: the SHA-256 is'
}

@test "a dataset with parity is called protected" {
    gen 2 200000 | codex-chunk put - | codex-ec encode -k 2 -m 1 >protected
    run_split codex-ec encode -k 2 -m 1 - <protected
    assert_refused 65 'is protected already'
    run_split codex-chunk ls
    assert_output --partial $'\tprotected\t'
}

@test "no message, help or page says it in other words" {
    cd "$CODEX_SOURCE"
    run grep -rnE '"[^"]*([Ss]tandard input|[Ee]rasure.coded)' tools libcommon --include='*.?pp'
    assert_failure 1
    run grep -rniE 'standard input|erasure.coded dataset' README.md man
    assert_failure 1
}
