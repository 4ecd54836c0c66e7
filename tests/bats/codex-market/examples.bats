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
    assert_line --regexp $'^[0-9]+\t[0-9]+\t[0-9]+\t[0-9]+\t2$'
}

@test "slots reserved in one go, and a head that is kept" {
    codex-market key new >made
    codex-market init -q --verifier test >made
    example codex-market.1 'All slots that are to be had, reserved in one go:'
    assert_success
    example codex-market.1 'Keep what proves later that the ledger was not changed, and ask it:'
    assert_success
}
