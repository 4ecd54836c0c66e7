# Lists of CIDs on stdin: what a line may be, and that one has to come.
load ../common

setup() {
    codex_setup
    cid=$(echo one | codex-chunk put)
    readers=('codex-chunk get' 'codex-chunk stat' 'codex-chunk rm -n' 'codex-chunk export'
        'codex-chunk block get' 'codex-chunk block has' 'codex-chunk block rm -n' 'codex-chunk keep --until 30d'
        'codex-ec status' 'codex-ec repair' 'codex-ec decode' 'codex-ec verify'
        'codex-ec encode -k 2 -m 1' 'codex-ec erase --random 1'
        'codex-merkle root' 'codex-merkle leaves' 'codex-merkle tree' 'codex-merkle proof --index 0'
        'codex-prove slots' 'codex-prove roots' 'codex-prove status'
        'codex-prove sample --slot 0 --entropy 1' 'codex-prove input --slot 0 --entropy 1')
}

@test "nothing where CIDs were to come is 66" {
    local reader
    for reader in "${readers[@]}"; do
        for list in '' $'\n \t\r\n' $'{"type":"summary"}\n'; do
            # shellcheck disable=SC2086 # words
            run_split $reader < <(printf %s "$list")
            assert_refused 66 'stdin: empty: no CID came'
        done
        # shellcheck disable=SC2086
        run_split $reader - </dev/null
        assert_refused 66 'stdin: empty'
    done
    # To no question there is no answer.
    run_split codex-chunk stat --batch </dev/null
    assert_success
    refute_stderr
    run_split codex-chunk block get --batch </dev/null
    assert_success
}

@test "a NUL in a line is 65, whatever comes behind it" {
    local reader
    for reader in "${readers[@]}"; do
        for line in "$cid\0" "$cid\0\tmore" "$cid\tname\0" "{\"cid\":\"$cid\"}\0{}" "{\"cid\":\"$cid\"\0}"; do
            # shellcheck disable=SC2086
            run_split $reader < <(printf "$line\n")
            assert_refused 65 'stdin line 1: a NUL byte'
        done
        # shellcheck disable=SC2086
        run_split $reader <<<"{\"cid\":\"$cid\\u0000\"}"
        assert_failure 65
    done
    printf 'a\0b\n' >digests
    run_split codex-merkle root --digests digests
    assert_refused 65 'digests line 1: a NUL byte'
}

@test "a proof in JSON ends where its text ends" {
    codex-merkle proof "$cid" --index 0 --format json >proof
    leaf=$(codex-merkle leaves "$cid")
    root=$(codex-merkle root "$cid")
    run_split codex-merkle verify proof --root "$root" --leaf "$leaf"
    assert_success
    printf '\0more' >>proof
    run_split codex-merkle verify proof --root "$root" --leaf "$leaf"
    assert_refused 65 'not valid JSON'
}

@test "in JSON the error of a line is about the line" {
    local reader
    for reader in 'codex-chunk get' 'codex-merkle root --digests -'; do
        # shellcheck disable=SC2086
        run_split $reader --json < <(printf '\n{bad\n')
        assert_equal "$(jq -r .object <<<"$stderr")" 'stdin line 2'
    done
}

@test "settings of the repo and of the user hold no NUL" {
    printf '\0more' >>"$CODEX_REPO/config.json"
    run_split codex-chunk ls
    assert_refused 78 config.json
    printf 'threads = 1\0\n' >config
    run_split codex-merkle config --config-file config
    assert_refused 78 'config:1: a control character'
}

@test "lines end as on Unix or as on Windows" {
    printf '\xef\xbb\xbf%s\r\n\r\n%s\tname\r\n' "$cid" "$cid" >list
    run_split codex-chunk get <list
    assert_success
    assert_output $'one\none'
    printf '{"cid":"%s"}\r\n' "$cid" >list
    assert_equal "$(codex-chunk get <list)" one
}

@test "a line has a bound, and memory has one" {
    head -c 1048577 /dev/zero | tr '\0' x >long
    run_split codex-chunk stat <long
    assert_refused 65 'stdin line 1: longer than 1048576 bytes'
    { echo "$cid"; cat long; echo; } >list
    run_split codex-chunk get <list
    assert_failure 65
    assert_output one
    assert_stderr --partial 'stdin line 2: longer than'
    skip_with_sanitizers
    (ulimit -v 4194304; yes x | tr -d '\n' | codex-merkle root --digests - 2>&1 || true) | grep -q 'longer than'
}

@test "what came before a bad line was answered" {
    run_split codex-chunk get < <(printf '%s\nzzz\n%s\n' "$cid" "$cid")
    assert_failure 65
    assert_output one
}
