# The ceremonies of snarkjs and ours are one: the same keys, and contributions in turns.
load ../common

secrets=(1234567890123456789 98765432109876543210 31415926535897932384)
beacon=0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20

snarkjs() { node "$CODEX_SOURCE/tests/interop/node_modules/.bin/snarkjs" "$@"; }

# A circuit of 100 constraints, powers for it, and its first key as snarkjs makes it.
setup_file() {
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR codex_setup
    codex-testproof chain chain.r1cs chain.wtns
    codex-testproof powers 8 chain.ptau "${secrets[@]}"
    snarkjs groth16 setup chain.r1cs chain.ptau initial.zkey
}

setup() {
    codex_setup
    cp "$BATS_FILE_TMPDIR"/work/* .
}

# Both say of KEY that it is right, and name the same contributions.
both_accept() {
    run snarkjs zkey verify chain.r1cs chain.ptau "$1"
    assert_success
    assert_line --partial 'ZKey Ok!'
    # snarkjs: the last contribution first, a hash as four lines of four words.
    theirs=$(sed -E 's/\x1b\[[0-9;]*m//g' <<<"$output" | awk '
        /contribution #/ { lines = 4; next }
        lines > 0 { gsub(/[ \t]/, ""); hash = hash $0; if (--lines == 0) { print hash; hash = "" } }' | tac)
    run_split codex-prove verify-setup --json --r1cs chain.r1cs --ptau chain.ptau --zkey "$1"
    assert_success
    assert_equal "$(jq -r 'select(.type == "contribution").hash[2:]' <<<"$output")" "$theirs"
}

@test "from the same powers and circuit, the same key" {
    codex-prove setup --ptau chain.ptau --r1cs chain.r1cs -o ours.zkey
    assert_same ours.zkey initial.zkey
    both_accept ours.zkey
}

@test "a domain of 2^15, in a file of just that power and in a larger one" {
    # Two sizes of file, because the circuit's hash takes in what lies behind the last power.
    codex-testproof chain large.r1cs large.wtns 16400
    for power in 15 16; do
        codex-testproof powers $power large.ptau "${secrets[@]}"
        snarkjs groth16 setup large.r1cs large.ptau theirs.zkey
        codex-prove setup --ptau large.ptau --r1cs large.r1cs -o ours.zkey
        assert_same ours.zkey theirs.zkey
    done
}

@test "contributions in turns, and a beacon from either" {
    codex-prove contribute initial.zkey --name 'né à Rome' -o 1.zkey
    snarkjs zkey contribute 1.zkey 2.zkey --name=second -e=text
    codex-prove contribute 2.zkey -o 3.zkey
    both_accept 3.zkey
    codex-prove beacon 3.zkey --beacon $beacon --iterations-log2 10 --name lottery -o ours.zkey
    snarkjs zkey beacon 3.zkey theirs.zkey $beacon 10 -n=lottery
    assert_same ours.zkey theirs.zkey
    both_accept ours.zkey
    snarkjs groth16 prove ours.zkey chain.wtns proof.json public.json
    codex-prove vkey --zkey ours.zkey -o vkey.json
    run_split codex-prove verify --vkey vkey.json --proof proof.json --public public.json
    assert_success
}

@test "snarkjs accepts a key for tests, given powers of its secrets" {
    codex-testproof setup-known chain.r1cs test.zkey "${secrets[@]}" 4711
    both_accept test.zkey
}
