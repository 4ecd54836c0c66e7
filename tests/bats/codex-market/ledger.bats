# codex-market ledger: verified, moved to another machine, advanced, replayed.
load ../common
load market

setup() {
    codex_setup
    start_market
    post
    fill_slot alice 0
    advance 30s
}

@test "head and verify say the same, and a hash that was kept is found again" {
    codex-market ledger head >head
    assert_equal "$(cut -f 2,4 head)" $'6\t1800000030'
    run_split codex-market ledger verify
    assert_success
    assert_output "$(<head)"
    as alice transfer "$bob" 5 >paid
    run_json codex-market ledger verify --head "$(cut -f 1 head)" --json
    assert_equal "$(jq -r '.type, .sequence, .headAt' <<<"$output" | xargs)" 'verified 7 6'
    run_split codex-market ledger verify --head "0x$(printf '%064d' 1)"
    assert_failure 65
    assert_stderr --partial ': hint: '
    run_split codex-market ledger verify --head 0x12
    assert_failure 64
}

@test "an export is the ledger elsewhere, and its every record is checked" {
    codex-market ledger export -o market.file
    run_split codex-market ledger import market.file --ledger copy
    assert_success
    assert_output "$(codex-market ledger head)"
    assert_equal "$(codex-market get slot "$request@0" --ledger copy)" "$(codex-market get slot "$request@0")"
    assert_equal "$(codex-market ledger export --ledger copy | sha256sum)" "$(sha256sum <market.file)"
    assert_equal "$(codex-market ledger verify --json | jq -r '.digest // empty')" \
        "$(codex-market ledger verify --ledger copy --json | jq -r '.digest // empty')"
    run_split codex-market ledger import market.file --ledger copy
    assert_refused 73 'copy'
    for at in 0 100 700 -1 -70 -300; do
        size=$(stat -c %s market.file)
        ((at >= 0)) || ((at += size))
        cp market.file wrong.file
        byte=$(od -An -tu1 -j "$at" -N 1 wrong.file)
        printf '%b' "\\x$(printf %02x $((byte ^ 1)))" | dd of=wrong.file bs=1 seek="$at" conv=notrunc status=none
        run_split codex-market ledger import wrong.file --ledger wrong
        ((status == 65 || status == 78)) || fail "$at: $status $stderr"
        assert_not_exist wrong/genesis
    done
    run_split bash -c 'head -c -1 market.file | codex-market ledger import --ledger short'
    assert_failure 65
    run_split codex-market ledger import --ledger empty </dev/null
    assert_failure
    assert_not_exist empty/genesis
}

@test "time is moved by hand where the clock is manual, and not where it is not" {
    run_split codex-market ledger advance 90
    assert_output --regexp $'^0x[0-9a-f]{64}\t7\t377\t1800000120$'
    run_split codex-market ledger advance --to @1800000200
    assert_output --partial $'\t1800000200'
    run_split codex-market ledger advance --blocks 3
    assert_output --partial $'\t1800000203'
    assert_equal "$(codex-market time | cut -f 1)" 1800000203
    for words in '' '1m --blocks 2' '--to x' 'soon' '--blocks -1'; do
        # shellcheck disable=SC2086 # words
        run_split codex-market ledger advance $words
        assert_failure 64
    done
    run_split codex-market ledger advance --to @1800000000
    assert_failure
    run_split codex-market ledger advance 0s
    assert_failure
    assert_equal "$(codex-market time | cut -f 1)" 1800000203
    codex-market init -q --verifier test --ledger wall --start @1800000000 >made
    CODEX_NOW=1800000500 run_split codex-market time --ledger wall
    assert_output --regexp $'^1800000500\t757\t'
    run_split codex-market ledger advance 1m --ledger wall
    assert_refused 64 'moves by itself'
}

@test "replay answers the recorded runs of the network's contract as it did" {
    local run
    for run in happy cancel boundaries; do
        jq -c ".ledger.scenarios.$run.ops[]" "$vectors" | codex-market ledger replay >answers
        jq -cS ".ledger.scenarios.$run.results[]" "$vectors" >expected
        jq -cS . answers | cmp - expected
        assert [ "$(wc -l <answers)" -gt 50 ]
    done
    # It needs no ledger, and its answers may go to a file.
    jq -c '.ledger.scenarios.happy.ops[]' "$vectors" >ops
    codex-market ledger replay ops -r nowhere -o to.file
    assert_equal "$(wc -l <to.file)" "$(wc -l <ops)"
    echo '{"id":0,"send":"nothing","args":[],"as":0}' >wrong
    run_split codex-market ledger replay wrong
    assert_failure 65
    run_split codex-market ledger replay <<<'no json'
    assert_failure 65
}

@test "report: who has what, and what was earned and lost" {
    advance 91s
    as carol mark-missing "$request@0" >marked
    run_split codex-market ledger report
    assert_success
    assert_line "$alice"$'\taccount\t9999999999999999000\t800\t0\t0\t200\t0\t0'
    assert_line "$carol"$'\taccount\t10000000000000000040\t0\t0\t40\t0\t0\t0'
    assert_line "$client"$'\taccount\t999999999999997840000\t0\t0\t0\t0\t2160000\t0'
    assert_line "$request"$'\trequest\tnew\t2160000\t0\t0'
    assert_line --regexp $'^0x[0-9a-f]{64}\tslot\t0\tfilled\t'"$alice"$'\t800\t0\t200\t1$'
    advance 1h
    as alice free "$request@0" >paid
    as client withdraw "$request" >paid
    run_json codex-market ledger report --json
    assert_equal "$(jq -r 'select(.type == "slot") | .earned, .locked, .lost' <<<"$output" | xargs)" '120000 0 200'
    assert_equal "$(jq -r 'select(.type == "request") | .state, .paid, .refunded' <<<"$output" | xargs)" \
        'cancelled 120000 2040000'
    assert_equal "$(jq -r "select(.account == \"$client\") | .balance" <<<"$output")" "$(balance client)"
}

@test "report: who gives a slot up has lost all of the collateral" {
    as alice free "$request@0" >freed
    run_split codex-market ledger report
    assert_line "$alice"$'\taccount\t9999999999999999000\t0\t0\t0\t1000\t0\t0'
    assert_line --regexp $'\tslot\t0\trepair\t'"$alice"$'\t0\t0\t1000\t0$'
}

@test "export --hledger is a book whose balances are ours" {
    codex-market ledger export --hledger -o book.journal
    assert [ -s book.journal ]
    grep -q TST book.journal
    command -v hledger >/dev/null || skip 'no hledger'
    hledger -f book.journal check
    # As whole base units, which 18 digits behind the point are.
    hledger -f book.journal balance -N wallet | sed 's/ TST *wallet:/ /; s/^ *//' | tr -d . | sed 's/^0*//' | sort >theirs
    codex-market ledger report | awk -F '\t' '$2 == "account" && /'"$alice|$bob|$carol|$client"'/ { print $3, $1 }' | sort >ours
    cmp ours theirs
    assert_equal "$(wc -l <ours)" 4
}
