# codex-market init, config and time: a market is made as it is said, or not at all.
load ../common
load market

@test "a market is made once, and config shows what it was made with" {
    make_accounts
    run_split codex-market init --verifier test --clock manual --start @1800000000 --period 60 --downtime 96 \
        --block-time 2s --name 'my market' --slash-percentage 10 --max-number-of-slashes 5 --mint "$alice=1.5tst"
    assert_success
    assert_output --regexp "^$CODEX_REPO/ledger"$'\t0x[0-9a-f]{64}\t0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0\t0x5FbDB2315678afecb367f032d93F642f64180aa3$'
    assert_equal "$stderr" ''
    assert_equal "$(stat -c %a "$CODEX_REPO/ledger")" 700
    codex-market config >settings
    for line in $'market.name\tmy market' $'market.clock\tmanual' $'market.blockTime\t2' $'proofs.period\t60' \
        $'proofs.downtime\t96' $'collateral.slashPercentage\t10' $'collateral.maxNumberOfSlashes\t5' \
        $'reservations.maxReservations\t3' $'requestDurationLimit\t2592000' $'market.verifier\ttest'; do
        grep -qxF "$line" settings || fail "$line"
    done
    grep -qx $'threads\t.*' settings
    # Where nobody names a ledger or a key, it shows which they are.
    grep -qxF $'ledger\t'"$CODEX_REPO/ledger" settings
    grep -qxF $'eth-private-key\t'"$CODEX_REPO/account" settings
    assert_equal "$(codex-market config --ledger "$CODEX_REPO/ledger" --show-origin | grep ^ledger)" \
        $'ledger\t'"$CODEX_REPO/ledger"$'\tflag\t--ledger'
    run_json codex-market config --show-origin --json
    assert_equal "$(jq -r 'select(.name == "proofs.period") | .value, .origin, .from' <<<"$output" | xargs)" \
        "60 ledger $CODEX_REPO/ledger"
    assert_equal "$(codex-market balance "$alice")" "$alice"$'\t1500000000000000000\t0'
    run_split codex-market time
    assert_output $'1800000000\t257\t30000000\t1800000060\tmanual'
    assert_equal "$(codex-market time --json | head -n 1 | jq -r .timeout)" 30

    run_split codex-market init --verifier test
    assert_refused 73 "$CODEX_REPO/ledger: "
    assert_equal "$(codex-market config | grep -c 'my market')" 1
    # The repo is made beside it.
    echo x | codex-chunk put
}

@test "without a ledger: 66, and the way to one; config has the settings alone" {
    for command in time balance 'list open' events 'ledger head' 'ledger verify' "get slot 0x$(printf '%064d' 1)"; do
        codex-market key new >made 2>&1 || true
        # shellcheck disable=SC2086 # words
        run_split codex-market $command
        assert_refused 66 "$CODEX_REPO/ledger: no ledger is there"
    done
    slot=0x$(printf '%064d' 1)@0
    for command in "codex-market approve 1" "codex-market transfer $(codex-market key show | cut -f 1) 1" \
        "codex-market reserve $slot" "codex-market mark-missing $slot" "codex-market free $slot" \
        "codex-market withdraw ${slot%@0}" "codex-market challenge $slot" 'codex-market fill answers' \
        'codex-market prove-submit answers' 'codex-market ledger export' 'codex-market ledger advance 1m'; do
        echo '{}' >answers
        # shellcheck disable=SC2086 # words
        run_split $command
        assert_refused 66 "$CODEX_REPO/ledger: no ledger is there"
    done
    assert_stderr --partial 'hint: make a ledger: codex-market init; name the folder of a ledger with --ledger DIR, or in CODEX_LEDGER'
    run_split codex-market config
    assert_success
    refute_output --partial proofs.period
    run_split codex-market config --ledger nowhere
    assert_failure 66
    assert_stderr --partial 'hint: make a ledger: codex-market init --ledger nowhere; name the folder'
    # A ledger that is named is looked for there, and hints name it.
    codex-market init --quiet --verifier test --ledger other >made
    CODEX_LEDGER=other run_split codex-market time
    assert_success
    run_split codex-market balance --ledger other
    assert_success
    mkdir full && touch full/file
    run_split codex-market init --verifier test --ledger full
    assert_failure 73
}

@test "it warns of a market that can become unable to pay, and of a pointer that crosses the downtime" {
    run_split codex-market init --verifier test --ledger a --repair-reward-percentage 47
    assert_success
    assert_equal "$(grep -c ': warning: ' <<<"$stderr")" 1
    run_split codex-market config --ledger a
    assert_equal "$(grep -c ': warning: ' <<<"$stderr")" 1
    run_split codex-market init --verifier test --ledger b --validator-reward-percentage 120
    assert_stderr --partial ': warning: '
    run_split codex-market init --verifier test --ledger c --period 64 --downtime 64
    assert_equal "$(grep -c ': warning: ' <<<"$stderr")" 1
    run_split codex-market init --verifier test --ledger d --period 64 --downtime 64 --block-time 2
    assert_equal "$stderr" ''
}

@test "it warns of rules that nobody has to keep, as a proof that can never be marked as missing" {
    while read -r words; do
        # shellcheck disable=SC2086 # words
        run_split codex-market init --verifier test --ledger "of $words" $words
        assert_success
        assert_equal "$(grep -c ': warning: ' <<<"$stderr")" 1
    done <<'EOF'
--timeout 1s
--timeout 10s --block-time 10s
--slash-percentage 0
--validator-reward-percentage 0
--request-duration-limit 90s
--max-reservations 0
EOF
    # In the first second after a period it is not too late yet.
    run_split codex-market init --verifier test --ledger 'in time' --timeout 2s
    assert_equal "$stderr" ''
}

@test "what the contract refuses to be made with is refused, by its name" {
    while read -r name words; do
        # shellcheck disable=SC2086 # words
        run_split codex-market init --verifier test $words
        assert_failure 64
        assert_stderr --partial ": $name: "
        grep -qE ': hint: [^;]+ (more than 0|at most 100( percent)?); see: ' <<<"$stderr"
        assert_not_exist "$CODEX_REPO/ledger/genesis"
    done <<'EOF'
Periods_InvalidSecondsPerPeriod --period 0
Marketplace_RepairRewardPercentageTooHigh --repair-reward-percentage 101
Marketplace_SlashPercentageTooHigh --slash-percentage 101
Marketplace_MaximumSlashingTooHigh --slash-percentage 60
EOF
    for words in '--slash-percentage 256' '--downtime -1' '--period soon' '--clock sun' '--verifier none' \
        '--mint 0x12=5' '--mint 5' "--mint 0x70997970C51812dc3A010C7d01b50e0d17dc79C8=x" '--block-time 0' \
        "--mint 0x70997970C51812dc3A010C7d01b50e0d17dc79c8=5" '--zkey none' '--start never5' \
        '--token-address 0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0'; do
        # shellcheck disable=SC2086 # words
        run_split codex-market init --verifier test $words
        assert_failure 64
        assert_output ''
        assert_not_exist "$CODEX_REPO/ledger/genesis"
    done
}

@test "proofs are those of a key: exactly one is named" {
    run_split codex-market init
    assert_refused 64 'one of --zkey, --vkey and --circuit-dir is needed'
    run_split codex-market init --zkey a --vkey b
    assert_failure 64
    run_split codex-market init --zkey none
    assert_failure 66
    echo '{}' >vkey.json
    run_split codex-market init --vkey vkey.json
    assert_refused 65 'vkey.json'
    shape='--max-depth 8 --max-log2-slots 3 --block-depth 2 --cell-elements 5 --samples 1'
    # shellcheck disable=SC2086 # words
    codex-prove setup -q $shape -o proof_main.zkey
    run_split codex-market init --circuit-dir . --ledger a
    assert_success
    assert_equal "$(codex-market config --ledger a | grep zkeyHash)" \
        $'proofs.zkeyHash\t'"$(sha256sum proof_main.zkey | cut -d ' ' -f 1)"
    codex-prove vkey --zkey proof_main.zkey -o vkey.json || codex-prove vkey proof_main.zkey -o vkey.json
    run_split codex-market init --vkey vkey.json --ledger b
    assert_success
    assert_equal "$(codex-market config --ledger b | grep market.verifier)" $'market.verifier\tgroth16'
}
