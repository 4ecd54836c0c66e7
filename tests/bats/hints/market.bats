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
    run_split codex-market key new folder/a.key
    hint 'make the folder first: mkdir -p folder'
    pasted 'mkdir'
    codex-market key new folder/a.key
    echo ' {"version":3}' >keystore.json
    for command in "key show keystore.json" "balance --eth-private-key keystore.json"; do
        # shellcheck disable=SC2086 # words
        run_split codex-market $command
        assert_failure 65
        hint 'make a key file of it: codex-market key import {} --password-file PASSWORD --to KEY'
        assert_stderr --partial ': codex-market key import keystore.json '
    done
}

# with_market: a market with a client, and one request of it.
with_market() {
    source "$CODEX_SOURCE/tests/bats/codex-market/market.bash"
    start_market
    post
}

# keystore_json: one that another program made.
keystore_json() {
    grep -A6 'kScrypt = R"(' "$CODEX_SOURCE/tests/unit/ethereum/keystore_test.cpp" |
        sed 's/.*kScrypt = R"(//; s/)";$//'
}

@test "market: what is no id, slot, account, amount or line" {
    with_market
    run_split as client withdraw nothing
    hint 'an id is 0x and 64 hex digits; list those of an account: codex-market list mine'
    CODEX_ETH_PRIVATE_KEY=client.key pasted 'codex-market list mine'
    as client withdraw -n "$(cut -f 1 <<<"$output")" || [[ $? == 76 ]]
    run_split as client reserve 5
    hint 'a slot is its id, 0x and 64 hex digits, or REQUEST@INDEX; list the slots that are open: codex-market list open'
    pasted 'codex-market list open'
    as alice reserve "$(head -n 1 <<<"$output" | cut -f 1)"
    run_split as client transfer bob 5
    hint 'an account is 0x and 40 hex digits, as its key shows it: codex-market key show'
    run_split as client transfer "$bob" 1.5
    hint 'base units are a whole number; tokens of 10^18 of them are written with tst behind, and at most 18 decimals: 1.5tst'
    as client transfer "$bob" 1.5tst
    run_split as client transfer --batch --json <<<"$bob"
    part 'a line is {}'
    assert_equal "$(head -n 1 <<<"$output" | jq -r .error.hint)" 'a line is ACCOUNT AMOUNT'
    slot=$(codex-market get slot "$request@2" | cut -f 1)
    run_split codex-market get request "$slot"
    hint "see which request it is of: codex-market get slot $slot"
    part 'see which request it is of: codex-market get slot SLOT'
    pasted 'codex-market get slot'
    assert_output --partial "$request"
    for command in 'get slot' challenge 'reserve --eth-private-key alice.key'; do
        # shellcheck disable=SC2086 # words
        run_split codex-market $command "$request"
        assert_failure 1
        hint "name one, from 0 on: $request@0; see how many there are: codex-market get request $request"
        part 'name one, from 0 on: {}@0; see how many there are: codex-market get request REQUEST'
    done
    codex-market get slot "$request@0"
    unknown=0x$(printf '%064d' 5)
    run_split codex-market get request "$unknown"
    hint 'list those of an account: codex-market list mine; or those whose slots are to be had: codex-market list open'
    run_split codex-market get slot "$unknown"
    hint 'list the slots that are open: codex-market list open'
    pasted 'codex-market list open'
    assert_success
    run_split codex-market get slot "$request@3"
    hint "see what it is: codex-market get request $request"
    part 'see what it is: codex-market get request REQUEST'
    pasted 'codex-market get request'
    assert_success
}

@test "market: options of init, request, events and ledger" {
    with_market
    run_split codex-market init --verifier test
    hint 'name the folder of a ledger with --ledger DIR, or in CODEX_LEDGER'
    mkdir full
    echo x >full/file
    run_split codex-market init --verifier test --ledger full
    hint 'a ledger has a folder for itself'
    run_split codex-market time --ledger nowhere
    hint 'make a ledger: codex-market init --ledger nowhere; name the folder of a ledger with --ledger DIR, or in CODEX_LEDGER'
    part 'make a ledger: codex-market init; name the folder of a ledger with --ledger DIR, or in CODEX_LEDGER'
    run_split codex-market init --ledger new
    hint 'to try the market out without proofs: --verifier test; make a key for tests: codex-prove setup -o test.zkey'
    run_split codex-market init --ledger new --zkey test.zkey
    hint 'make a key for tests: codex-prove setup -o test.zkey'
    run_split codex-market init --ledger new --verifier test --mint "$bob"
    hint 'for example: --mint 0x70997970C51812dc3A010C7d01b50e0d17dc79C8=1000tst'
    codex-market init --ledger new --verifier test --mint 0x70997970C51812dc3A010C7d01b50e0d17dc79C8=1000tst
    run_split codex-market ledger advance 2m --ledger new
    hint 'a ledger whose clock is moved is made so: codex-market init --clock manual'
    run_split codex-market ledger advance
    hint 'for example: codex-market ledger advance 2m'
    pasted 'codex-market ledger advance'
    assert_success
    run_split codex-market ledger verify --head x
    hint 'it is what was printed before: codex-market ledger head'
    pasted 'codex-market ledger head'
    codex-market ledger verify --head "$(cut -f 1 <<<"$output")"
    run_split codex-market ledger verify --head "$(printf '%064d' 5)"
    hint 'do not trust it; take an export that has it: codex-market ledger import FILE'
    run_split codex-market events --from 5
    hint 'a cursor is the first column of what was printed before'
    run_split codex-market events --event Fill
    hint 'for example: --event SlotFilled'
    run_split as client request zDv --duration 1d
    hint 'for example: codex-market request CID --duration 1d --price 1000 --collateral 1000'
    run_split as client request zDv --duration 1d --price 1000 --collateral 1000 --nonce 5
    hint 'leave it out, and one is drawn'
}

@test "market: a keystore, and a kept request that is none" {
    with_market
    echo '{"version":3}' >keystore.json
    run_split codex-market key import keystore.json --to new.key
    hint 'name a file that has it: --password-file FILE'
    keystore_json >keystore.json
    echo wrong >password
    run_split codex-market key import keystore.json --password-file password --to new.key
    hint 'type the password that it was made with'
    gen 1 200000 | codex-chunk put --block-size 8192 - | codex-ec encode -k 2 -m 1 | codex-prove slots >cid
    terms=(--duration 1h --price 2 --collateral 10)
    as client request "${terms[@]}" <cid >/dev/full || true
    kept=$(echo "$CODEX_REPO"/ledger/requests/*.json)
    document >"$kept"
    run_split as client request "${terms[@]}" <cid
    hint 'move it away: mv {} {}.away'
    part 'move it away: mv PATH PATH.away'
    pasted 'mv '
    as client request "${terms[@]}" <cid
    encoded=$(gen 2 200000 | codex-chunk put --block-size 8192 - | codex-ec encode -k 2 -m 1 | cut -f 1)
    run_split as client request "${terms[@]}" --nodes 5 --tolerance 2 "$encoded"
    hint 'leave --nodes and --tolerance out, and name its verifiable dataset; compute them: codex-prove slots {}'
    part 'leave --nodes and --tolerance out, and name its verifiable dataset; compute them: codex-prove slots CID'
    pasted 'codex-prove slots'
    as client request "${terms[@]}" <<<"$output"
}

@test "market: no room, and no memory" {
    with_market
    run_split bash -c "ulimit -f 1; codex-market transfer --eth-private-key client.key $bob 5 2>&1 | cat >&2; exit \${PIPESTATUS[0]}"
    assert_failure 74
    assert_stderr --partial 'File too large'
    hint 'allow larger files: ulimit -f unlimited; or use another file system'
    as client transfer "$bob" 5
    skip_with_sanitizers
    keystore_json | sed "s,\"n\":4096,\"n\":262144," >keystore.json # 256 MiB to open
    echo wrong >password
    run_split bash -c 'ulimit -v 150000; codex-market key import keystore.json --password-file password --to new.key'
    assert_failure 74
    hint 'allow more memory: ulimit -v unlimited; or take fewer threads: --threads 1'
    # The limit that is set is named, and not another.
    run_split bash -c 'ulimit -d 150000; codex-market key import keystore.json --password-file password --to new.key'
    assert_failure 74
    hint 'allow more memory: ulimit -d unlimited; or take fewer threads: --threads 1'
    run_split bash -c 'ulimit -d 150000; ulimit -v 150000; codex-market key import keystore.json --password-file password --to new.key'
    hint 'allow more memory: ulimit -v unlimited && ulimit -d unlimited; or take fewer threads: --threads 1'
    part '{}; or take fewer threads: --threads 1' 'allow more memory: ulimit -v unlimited' \
        'allow more memory: ulimit -d unlimited' 'allow more memory: ulimit -v unlimited && ulimit -d unlimited'
    keystore_json | sed "s,\"n\":4096,\"n\":0," >absurd.json
    run_split codex-market key import absurd.json --password-file password --to new.key
    assert_failure 65
    hint 'let the program that made it make it once more, or give the key itself, as 64 digits: codex-market key import'
}

@test "market: a ledger that is damaged, and a proof of another time" {
    with_market
    codex-market challenge "$request@0" | prove >answer
    as alice reserve "$request@0"
    advance 61s
    run_split as alice fill answer
    hint "see which proof is wanted: codex-market challenge $(jq -r .id answer)"
    part 'see which proof is wanted: codex-market challenge SLOT'
    pasted 'codex-market challenge'
    prove <<<"$output" | as alice fill
    printf x | dd of="$CODEX_REPO/ledger/journal" bs=1 seek=300 conv=notrunc status=none
    rm -r "$CODEX_REPO/ledger/state"
    run_split codex-market time
    hint 'see what is wrong with it: codex-market ledger verify'
    mv "$CODEX_REPO/ledger/genesis" genesis
    mkfifo "$CODEX_REPO/ledger/genesis"
    run_split codex-market time
    hint 'a ledger never has such a thing; do not use one that you do not trust; if it is yours, move it away, and try again: mv {} {}.away'
    part 'a ledger never has such a thing; do not use one that you do not trust; if it is yours, move it away, and try again: mv PATH PATH.away'
    pasted 'mv '
    assert_success
}
