# codex-market key: files with keys that nobody else may read, and that appear nowhere.
load ../common
load market

@test "a key is made, for its owner alone, and never over another" {
    run_split codex-market key new alice.key
    assert_success
    [[ $output =~ ^0x[0-9a-fA-F]{40}$'\t'alice\.key$ ]] || fail "$output"
    made=$output
    assert_equal "$(stat -c %a alice.key)" 600
    grep -qxE '(0x)?[0-9a-f]{64}' alice.key
    run_split codex-market key show alice.key
    assert_output "$made"
    run_split codex-market key show --eth-private-key alice.key
    assert_output "$made"
    sum=$(sha256sum alice.key)
    run_split codex-market key new alice.key
    assert_refused 73 'error: alice.key: is there already'
    assert_stderr --partial 'hint: it is as it was; see whose it is: codex-market key show alice.key'
    assert_equal "$(sha256sum alice.key)" "$sum"
    # There is one place for a key.
    for command in 'new other.key' 'show alice.key' 'import alice.key --to other.key'; do
        # shellcheck disable=SC2086 # words
        run_split codex-market key $command --eth-private-key third.key
        assert_refused 64 'both name the file of the key'
    done
    assert_not_exist other.key third.key
}

@test "without a name it is account in the repo, or what the environment names" {
    run_split codex-market key show
    assert_refused 66 "$CODEX_REPO/account: there is no key"
    assert_stderr --partial 'hint: make a key: codex-market key new'
    made=$(codex-market key new)
    assert_equal "$made" "$(codex-market key show)"
    assert_equal "${made#*$'\t'}" "$CODEX_REPO/account"
    assert_equal "$(stat -c %a "$CODEX_REPO")" 700
    # The repo comes later, and is as any other.
    echo x | codex-chunk put
    codex-market key new other.key
    CODEX_ETH_PRIVATE_KEY=other.key run_split codex-market key show
    assert_output --partial $'\tother.key'
    CODEX_ETH_KEY_FILE=other.key run_split codex-market key show
    assert_output --partial $'\tother.key'
    assert_equal "$stderr" ''
}

@test "keys of others are taken over: the accounts of the vectors" {
    local n
    for n in 0 1 2 3; do
        account_key "$n" >hex
        run_split codex-market key import hex --to "key$n"
        assert_output "$(account_address "$n")"$'\t'"key$n"
        assert_equal "$(stat -c %a "key$n")" 600
        run_split codex-market key show "key$n" --json
        assert_equal "$(head -n 1 <<<"$output" | jq -r .address)" "$(account_address "$n")"
    done
    account_key 1 | sed 's/^0x//' | tr a-f A-F | codex-market key import --to again
    assert_equal "$(codex-market key show again | cut -f 1)" "$(account_address 1)"
    run_split codex-market key import hex --to key0
    assert_refused 73 'key0'
}

@test "a file that others may read is refused, and so is one that holds no key" {
    codex-market key new a.key
    for mode in 640 604 660 700; do
        chmod "$mode" a.key
        run_split codex-market key show a.key
        assert_refused 77 'a.key: '
        assert_stderr --partial 'chmod 600 a.key'
    done
    echo 'no key' >b.key
    printf '%064d\n' 0 >zeros.key
    printf 'f%.0s' {1..64} >large.key
    chmod 600 ./*.key
    for file in b.key zeros.key large.key; do
        run_split codex-market key show "$file"
        assert_refused 65 "$file: "
        run_split codex-market key import "$file" --to c.key
        assert_refused 65 "$file"
        assert_not_exist c.key
    done
    mkdir folder
    run_split codex-market key show folder
    assert_refused 65 'folder: '
}

# secret_is_unseen: neither the last output nor its errors have the key, in any case.
secret_is_unseen() {
    [[ ${output,,}${stderr,,} != *"${secret#0x}"* ]] || fail "seen: $output $stderr"
}

@test "a key is never shown: given in the place of its file, in the environment, or in a wrong file" {
    secret=$(account_key 2)
    codex-market key new a.key
    for given in "$secret" "${secret#0x}"; do
        for command in 'key show' 'key new' 'key import'; do
            # shellcheck disable=SC2086 # words
            run_split codex-market $command "$given"
            assert_refused 64 'a key was given, and no file that has one'
            secret_is_unseen
        done
        CODEX_ETH_PRIVATE_KEY=$given run_split codex-market key show
        assert_refused 64 'a key was given'
        secret_is_unseen
        CODEX_ETH_KEY_FILE=$given run_split codex-market key show --json
        assert_failure 64
        secret_is_unseen
        CODEX_ETH_PRIVATE_KEY=$given run_split codex-market config
        assert_line $'eth-private-key\t(a key, and no file that has one)'
        secret_is_unseen
    done
    echo "${secret}00" >long.key
    chmod 600 long.key
    for command in 'key show long.key' 'key import long.key --to new.key' 'key show long.key --json -vvv'; do
        # shellcheck disable=SC2086 # words
        run_split codex-market $command
        assert_failure 65
        secret_is_unseen
    done
    # What a key file holds goes to no output, log or core.
    secret=$(<a.key)
    run_split codex-market key show a.key -vvv --log-level trace
    assert_success
    secret_is_unseen
}

@test "a keystore is opened with its password, which stands in a file" {
    grep -A6 'kScrypt = R"(' "$CODEX_SOURCE/tests/unit/ethereum/keystore_test.cpp" |
        sed 's/.*kScrypt = R"(//; s/)";$//' >keystore.json
    echo testpassword >password
    secret=7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d
    run_split codex-market key import keystore.json --password-file password --to new.key
    assert_success
    assert_equal "$(tr A-F a-f <<<"${output%%$'\t'*}")" 0x008aeeda4d805471df9b2a5b0f38a0c3bcba786b
    secret_is_unseen
    assert_equal "$(stat -c %a new.key)" 600
    codex-market key import --password-file password --to again.key <keystore.json
    cmp new.key again.key
    echo other >password
    run_split codex-market key import keystore.json --password-file password --to third.key
    assert_failure 65
    assert_not_exist third.key
    jq -c '.Crypto.cipher = "none"' keystore.json >wrong.json
    run_split codex-market key import wrong.json --password-file password --to third.key
    assert_failure 65
    run_split codex-market key import new.key --password-file password --to third.key
    assert_refused 64 'is no keystore'
}

@test "the example of the page" {
    example codex-market.1 'An account, whose address others pay to:'
    assert_success
    assert_line --index 1 --regexp '^0x[0-9a-fA-F]{40}$'
}
