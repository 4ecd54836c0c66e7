# What others may have done to a ledger, its files, its clock, and to what the tool reads.
load ../common
load market

setup() {
    codex_setup
    start_market
    post
    fill_slot alice 0
    advance 30s
    as bob transfer "$carol" 5 >paid
    journal=$CODEX_REPO/ledger/journal
    cp -r "$CODEX_REPO/ledger" honest
}

# edit PERL: runs it on @records, each with its length, and writes what it leaves as the journal. The state would be
# that of this file, where it gets the number of the one that was removed: then only verify reads what it is of.
edit() {
    rm -rf "$CODEX_REPO/ledger" && cp -r honest "$CODEX_REPO/ledger" && rm -rf "$CODEX_REPO/ledger/state"
    perl -e '
        my ($file, $code) = @ARGV;
        open my $in, "<:raw", $file or die;
        my $all = do { local $/; <$in> };
        our @records;
        while (length $all) { push @records, substr $all, 0, 4 + unpack("N", $all), "" }
        eval $code; die $@ if $@;
        open my $out, ">:raw", $file or die;
        print $out @records;' "$journal" "$1"
}

# found N: verify ends with 65, and names that record; nobody calls on such a ledger.
found() {
    run_split codex-market ledger verify
    assert_refused 65 "record $1" || return
    run_split as bob transfer "$carol" 1
    assert_failure 65
}

@test "any byte of the journal that is flipped is found, and named by its record" {
    local at size number=0 ends=()
    size=$(stat -c %s "$journal")
    mapfile -t ends < <(perl -e '
        local $/; open my $in, "<:raw", shift; my $all = <$in>; my $at = 0;
        while ($at < length $all) { $at += 4 + unpack("N", substr $all, $at, 4); print "$at\n" }' "$journal")
    for ((at = 4; at < size; at += 97)); do
        while ((at >= ends[number])); do ((++number)); done
        edit "my \$all = join '', @records; substr(\$all, $at, 1) ^= chr 4; @records = (\$all)"
        run_split codex-market ledger verify
        assert_failure 65
        [[ $stderr == *"record $((number + 1))"* || $stderr == *"record $((number + 2))"* ]] ||
            fail "byte $at, of record $((number + 1)): $stderr"
    done
}

@test "a record that is forged is refused: another amount, another sender" {
    edit 'substr($records[-1], -102, 1) ^= chr 1' # the last byte of the amount
    found 7
    edit 'substr($records[-1], 21, 20) = substr($records[0], 21, 20)' # the client's address
    found 7
}

@test "a record that is put in twice is refused" {
    edit 'splice @records, 3, 0, $records[2]'
    found 4
}

@test "records that change places are refused" {
    edit '@records[1, 2] = @records[2, 1]'
    found 2
}

@test "a record that is left out is found" {
    edit 'splice @records, 2, 1'
    found 3
}

@test "a record that is dated differently is refused" {
    edit 'substr($records[-1], 19, 2) = pack "n", 999'
    found 7
}

@test "a record of another ledger is refused" {
    codex-market init -q --verifier test --clock manual --start @1800000000 --period 60 --downtime 0 \
        --name other --mint "$bob=10tst" --ledger other >made
    as bob transfer "$carol" 5 --ledger other >paid
    cp other/journal foreign
    edit 'local $/; open my $in, "<:raw", "foreign"; $records[3] = <$in>'
    found 4
    # Nor is an export whose genesis is another's.
    cp honest/genesis genesis
    cp honest/journal other/journal
    rm -rf other/state
    run_split codex-market ledger verify --ledger other
    assert_failure 65
}

@test "the end that somebody has cut off is proven by a hash that was kept" {
    head=$(codex-market ledger head | cut -f 1)
    edit 'pop @records'
    rm -rf "$CODEX_REPO/ledger/durable" "$CODEX_REPO/ledger/state"
    run_split codex-market ledger verify --head "$head"
    assert_failure 65
}

@test "a clock that is set back stops time, and never turns it" {
    codex-market init -q --verifier test --start @1800000000 --ledger wall --mint "$bob=10tst" >made
    export CODEX_LEDGER=wall
    CODEX_NOW=1800000100 as bob transfer "$carol" 5 >paid
    assert_equal "$(cut -f 3 paid)" 357
    CODEX_NOW=1700000000 as bob transfer "$carol" 5 >paid
    assert_equal "$(cut -f 3 paid)" 357
    CODEX_NOW=1700000000 run_split codex-market time
    assert_output --partial $'1800000100\t357\t'
    CODEX_NOW=1800000101 as bob transfer "$carol" 5 >paid
    assert_equal "$(cut -f 3 paid)" 358
    run_split codex-market ledger verify
    assert_success
}

@test "JSON, ids, amounts, addresses and proofs that are malformed are 65, and the member is named" {
    local text member
    while IFS='|' read -r member text; do
        run_split as alice prove-submit <<<"$text"
        assert_failure 65
        assert_output ''
        [[ $stderr == *"$member"* ]] || fail "$member: $stderr"
    done < <(
        answer=$(codex-market challenge "$request@0" | prove)
        echo 'JSON|{"id":'
        echo "id|$(jq -c 'del(.id)' <<<"$answer")"
        echo "id|$(jq -c '.id = "0x12"' <<<"$answer")"
        echo "proof|$(jq -c 'del(.proof)' <<<"$answer")"
        echo "publicSignals|$(jq -c 'del(.publicSignals)' <<<"$answer")"
        echo "public input 1|$(jq -c '.publicSignals[1] = "x"' <<<"$answer")"
        echo "pi_a|$(jq -c '.proof.pi_a = ["1"]' <<<"$answer")"
        echo "pi_b|$(jq -c '.proof.pi_b[0][0] = "-1"' <<<"$answer")"
        echo "pi_c|$(jq -c '.proof.pi_c[1] = "3"' <<<"$answer")"
    )
    while IFS='|' read -r member text; do
        run_split as client request --batch --json <<<"$text"
        assert_success
        assert_equal "$(head -n 1 <<<"$output" | jq .error.exit)" 65
        [[ $(head -n 1 <<<"$output" | jq -r .error.message) == *"$member"* ]] || fail "$member: $output"
    done < <(
        echo 'JSON|{'
        echo "cid|$(document '.content.cid = "xyz"')"
        echo "merkleRoot|$(document '.content.merkleRoot = "0x12"')"
        echo "slotSize|$(document '.ask.slotSize = "1e3"')"
        echo "duration|$(document '.ask.duration = "18446744073709551616"')"
        echo "client|$(document '.client = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e1"')"
        echo "nonce|$(document '.nonce = 5')"
    )
    for amount in -1 1.5 1e18 1tstt 0x .tst tst '' 115792089237316195423570985008687907853269984665640564039457584007913129639936; do
        run_split as bob transfer "$carol" "$amount"
        [[ $status == 65 || $status == 64 ]] || fail "$amount: $status"
        assert_output ''
    done
    for account in 0x12 "${carol}00" "${carol/a/A}x" '0x90f79bf6EB2c4f870365E785982E1f101E93b906' carol; do
        run_split as bob transfer "$account" 1
        assert_refused 65 "$account"
    done
    run_split codex-market get slot "$request@x" "$request@18446744073709551616" "${request}0"
    assert_failure 65
    assert_equal "$(grep -c ': error: ' <<<"$stderr")" 3
    assert_equal "$(codex-market ledger head | cut -f 2)" 7
}

@test "a key that others may read makes no call, and is in no message" {
    chmod 640 bob.key
    run_split as bob transfer "$carol" 1
    assert_refused 77 'bob.key: '
    secret=$(<alice.key)
    for given in "$secret" "0x$secret"; do
        run_split codex-market transfer "$carol" 1 --eth-private-key "$given"
        assert_failure 64
        [[ ${output,,}${stderr,,} != *"$secret"* ]] || fail 'seen'
        CODEX_ETH_PRIVATE_KEY=$given run_split codex-market transfer "$carol" 1 --json
        [[ ${output,,}${stderr,,} != *"$secret"* ]] || fail 'seen'
    done
    run_split as alice transfer "$carol" 1 -vvv --log-level trace --log-format json
    assert_success
    [[ ${output,,}${stderr,,} != *"$secret"* ]] || fail 'seen'
    refute grep -rqaiF "$secret" "$CODEX_REPO/ledger"
    refute grep -rqaF "$(sed 's/../\\x&/g' <<<"$secret")" "$CODEX_REPO/ledger"
}

@test "a ledger of a later version is left alone" {
    sed -i 's/{"version":1,/{"version":2,/' "$CODEX_REPO/ledger/genesis"
    for command in 'time' 'ledger verify' 'balance market'; do
        # shellcheck disable=SC2086 # words
        run_split codex-market $command
        assert_failure 78
    done
    run_split as bob transfer "$carol" 1
    assert_failure 78
    sed -i 's/{"version":2,/{"version": 1,/' "$CODEX_REPO/ledger/genesis"
    run_split codex-market time
    assert_failure 65
}

@test "a pipe that is closed ends it silently, and where stdout takes nothing is an error after which all is as before" {
    set +o pipefail
    mkfifo pipe
    codex-market events --follow >pipe 2>errors 3>&- &
    follower=$!
    exec 7<pipe
    read -r -t 20 -u 7 _
    exec 7<&-
    for ((i = 0; i < 100; ++i)); do
        kill -0 "$follower" 2>/dev/null || break
        as bob transfer "$carol" 1 >paid
    done
    run wait "$follower"
    ((i < 100)) || fail 'it goes on'
    assert_equal "$(<errors)" ''
    as bob transfer "$carol" 1 >paid
    codex-market ledger export | head -c 10 >some
    yes "$carol 1" | head -n 3000 | as bob transfer --batch 2>errors | head -n 1 >one
    assert_equal "$(<errors)" ''
    run_split codex-market ledger verify
    assert_success
    run_split bash -c 'codex-market time >/dev/full'
    assert_failure 74
}

@test "who may only read the folder reads it, and cannot call" {
    [[ $EUID == 0 ]] || skip 'only root can become another user'
    chmod -R a+rX "$CODEX_REPO" . "$BATS_TEST_TMPDIR"
    folder=$PWD
    while [[ $folder != / ]]; do
        chmod a+x "$folder" 2>/dev/null
        folder=$(dirname "$folder")
    done
    cp bob.key stranger.key && chown 65534 stranger.key
    stranger() { TMPDIR=/tmp setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
    run_split stranger codex-market get slot "$request@0"
    assert_success
    run_split stranger codex-market ledger verify
    assert_success
    run_split stranger codex-market transfer "$carol" 1 --eth-private-key stranger.key
    assert_failure 77
    assert_equal "$(codex-market ledger head | cut -f 2)" 7
}
