# The key a node is known by.
load ../common

@test "a key is made, for its owner alone, and names the node" {
    run_split codex-serve key new key
    assert_success
    local id=${output%%$'\t'*}
    [[ $id == 16Uiu2HA* ]] || fail "$id"
    assert_equal "$(stat -c %a key)" 600
    assert_equal "$(stat -c %s key)" 36
    assert_equal "$(codex-serve id --net-privkey key)" "$id"
    run_split codex-serve key show key
    assert_output --regexp "^$id	0802122[01]0[23][0-9a-f]{64}	key$"
    run_split codex-serve key check key
    assert_success
    assert_output ''
    run_split codex-serve key new key
    assert_refused 73 key
    assert_equal "$(codex-serve id --net-privkey key)" "$id"
}

@test "without a name it is in the repo, which has to be there" {
    run_split codex-serve key new
    assert_refused 66 'repo'
    assert_not_exist "$CODEX_REPO"
    codex-chunk init
    run_split codex-serve id
    assert_refused 66 "$CODEX_REPO/node/key"
    codex-serve key new >/dev/null
    assert_equal "$(stat -c %a "$CODEX_REPO/node" "$CODEX_REPO/node/key" | xargs)" '700 600'
    run_split codex-serve id
    assert_success
    run_split codex-chunk verify
    assert_success
    refute_stderr
}

@test "known keys have known ids" {
    echo 08021220fe5f08c842aa946659b266ce68faa5d2fd982634594dccdf7f916e3fcf0541a3 | xxd -r -p >key
    chmod 600 key
    local public=080212210375dea2b0552bb77de18f4ba8360997d1afa51c4fbe1a792a44002f93725b3e53
    run_split codex-serve key show key
    assert_output --partial "$public"
    run_json codex-serve key show --json key
    assert_equal "$(jq -r .public_key <<<"$output")" "0x$public"
    run_json codex-serve id --json --net-privkey key
    assert_equal "$(jq -r '.type, .id' <<<"$output" | xargs)" "id $(codex-serve id --net-privkey key)"
}

@test "each thing that is wrong with a key file has its status" {
    codex-serve key new key >/dev/null
    local mode
    for mode in 644 640 604 660; do
        chmod "$mode" key
        run_split codex-serve key check key
        assert_refused 77 key
    done
    chmod 600 key
    head -c 35 key >short
    (cat key; printf x) >long
    (printf '\x08\x01\x12\x20'; head -c 32 key) >ed25519
    : >empty
    local file
    # What is no key is said to be none, whoever may read it: its mode is nobody's business here.
    for file in short long ed25519 empty; do
        chmod 644 "$file"
        run_split codex-serve key check "$file"
        assert_refused 65 "$file"
        [[ $stderr != *chmod* ]] || fail "$stderr"
    done
    chmod 600 short long ed25519 empty
    for file in short long ed25519 empty; do
        run_split codex-serve key check "$file"
        assert_refused 65 "$file"
        run_split codex-serve id --net-privkey "$file"
        assert_refused 65 "$file"
    done
    run_split codex-serve key check none
    assert_refused 66 none
    mkdir folder
    run_split codex-serve key check folder
    assert_refused 65 'regular file'
}
