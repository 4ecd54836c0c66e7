# The market's rules in the library and once more in Solidity, which solc compiles and an Ethereum virtual machine runs;
# and what both are written in, in the library and in ethers.
load ../common

@test "two thousand random calls are answered alike: values, refusals, events, balances" {
    export CODEX_COMPILED=$CODEX_TEST_BIN/../compiled
    run_split node "$CODEX_SOURCE/tests/interop/twin-run.mjs" "$CODEX_TEST_BIN/codex-testmarket" 1 8 250
    assert_success
    # None of what matters is missing in the dice: each call was done, and refused for many a reason.
    local name
    for name in requestStorage reserveSlot fillSlot submitProof markProofAsMissing canMarkProofAsMissing freeSlot \
        'freeSlot to' withdrawFunds 'withdrawFunds to' getActiveSlot deposit flow withdraw freezeFund; do
        assert_line --regexp "^$name done [0-9]+$"
    done
    assert [ "$(grep -c ' 0x[0-9a-f]* [0-9]*$' <<<"$output")" -gt 60 ]
    assert_line --partial ' 0x4e487b71 ' # a panic
    assert_line --regexp ' 0x [0-9]+$'   # arguments that are none
}

@test "ethers and we write the same transactions, calls and events, and read each other's; we open its keystores" {
    run_split node "$CODEX_SOURCE/tests/interop/ethers.mjs" "$CODEX_TEST_BIN/codex-testethereum" 1 100
    assert_success
    # 62 functions and 13 events, four times each.
    assert_output "transactions 100
calls 248
events 52
keystores 3"
}
