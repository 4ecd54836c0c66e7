# The examples of codex-market(1).
load ../common

@test "a market to try things out" {
    example codex-market.1 'A market to try things out, in which time stands still until it is told to go on:'
    assert_success
    assert_line --index 1 --regexp $'^0x[0-9a-fA-F]{40}\t1000000000000000000000\t0$'
}

@test "what a file costs" {
    gen 1 600000 >holiday.jpg
    example codex-market.1 'What a file costs that is stored for a month on five nodes, of which any two may be lost:'
    assert_success
    assert_line --regexp $'^zDv[^\t]*\t[0-9]+\t[0-9]+\t[0-9]+\t[0-9]+\t2$'
}

@test "storage bought, sold and paid" {
    gen 2 200000 >holiday.jpg
    example codex-market.1 'Storage that one account buys, sells and is paid for, with proofs that only a market to try things out takes:'
    assert_success
    assert_equal "$(grep -c $'\tok$' <<<"$output")" 8
    # 4 slots of 128 KiB, for an hour, at 2 a byte and second.
    assert_line --index -1 $((4 * 131072 * 3600 * 2))
}

@test "a host that fills what is asked for" {
    source "$CODEX_SOURCE/tests/bats/codex-market/market.bash"
    start_market
    post
    codex-prove() { prove; } # any proof will do
    export -f codex-prove prove
    CODEX_ETH_PRIVATE_KEY=alice.key \
        example codex-market.1 'A host that fills each slot that is asked for, as it comes, with proofs of the circuit'
    assert_success
    assert_equal "$(grep -c $'\tok$' <<<"$output")" 3
    assert_equal "$(codex-market get request "$request" | cut -f 2)" started
}

@test "a purchase that is made once" {
    codex-market init -q --verifier test --mint "$(codex-market key new | cut -f 1)=1tst" >made
    gen 3 100000 | codex-chunk put - | codex-ec encode -k 2 -m 1 | codex-prove slots >verifiable.cid
    example codex-market.1 'A purchase that is made once, wherever a script with it is killed'
    assert_success
    once=$output
    example codex-market.1 'A purchase that is made once, wherever a script with it is killed'
    assert_output "$once"
    assert_equal "$(codex-market list mine | wc -l)" 1
}

@test "slots reserved in one go, and a head that is kept" {
    codex-market key new >made
    codex-market init -q --verifier test >made
    example codex-market.1 'All slots that are to be had, reserved in one go:'
    assert_success
    example codex-market.1 'Keep what proves later that the ledger was not changed, and ask it:'
    assert_success
}
