# Hints of codex-market.
load ../common
load hints

@test "market: keys" {
    run_split codex-market key show
    hint 'make a key: codex-market key new; name the key with --eth-private-key FILE'
    pasted 'codex-market key new'
    assert_success
    codex-market key show
    run_split codex-market key new
    hint 'it is as it was; see whose it is: codex-market key show {}'
    pasted 'codex-market key show'
    assert_success
    secret=$(<"$CODEX_REPO/account")
    run_split codex-market key show "$secret"
    hint 'it may have been seen, so take a new one; keys stay in files: codex-market key new FILE'
}

@test "market: what is no id, slot or account" {
    # Of commands with a ledger.
    part 'an id is 0x and 64 hex digits; list those of an account: codex-market list mine'
    part 'a slot is its id, 0x and 64 hex digits, or REQUEST@INDEX; list the slots that are open: codex-market list open'
    part 'an account is 0x and 40 hex digits, as its key shows it: codex-market key show'
}
