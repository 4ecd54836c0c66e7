# codex-prove setup --ptau, contribute, beacon, verify-setup, info: a ceremony.
load ../common

secrets=(1234567890123456789 98765432109876543210 31415926535897932384)
beacon=0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20

# A circuit of 100 constraints, powers for it, and its first key.
setup_file() {
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR codex_setup
    codex-testproof chain chain.r1cs chain.wtns
    codex-testproof powers 7 chain.ptau "${secrets[@]}"
    codex-prove setup --quiet --ptau chain.ptau --r1cs chain.r1cs -o initial.zkey
    codex-prove contribute initial.zkey --name alice -o alice.zkey >alice.record
}

setup() {
    codex_setup
    cp "$BATS_FILE_TMPDIR"/work/* .
}

verify_setup() { codex-prove verify-setup --ptau chain.ptau --r1cs chain.r1cs --zkey "$1"; }

# altered KEY AT: KEY with the lowest bit of the byte at AT turned.
altered() {
    cp "$1" altered.zkey
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    printf "\\x$(printf %02x $((byte ^ 1)))" | dd of=altered.zkey bs=1 seek="$2" conv=notrunc status=none
}

@test "setup --ptau warns that the key has no contribution, and is the same each time" {
    run_split codex-prove setup --ptau chain.ptau --r1cs chain.r1cs -o again.zkey
    assert_success
    assert_output ''
    assert_stderr --partial 'no contribution'
    assert_same again.zkey initial.zkey
    codex-prove setup --quiet --ptau chain.ptau --r1cs - <chain.r1cs >piped.zkey
    assert_same piped.zkey initial.zkey
}

@test "powers that were not prepared give the same key" {
    # Only sections 1 to 7.
    bytes=$(codex-prove info --json chain.ptau | jq 'select(.type == "info") | [.sections[:7][].bytes + 12] | add')
    { printf 'ptau\1\0\0\0\7\0\0\0' && tail -c +13 chain.ptau | head -c "$bytes"; } >raw.ptau
    assert_equal "$(codex-prove info --json raw.ptau | jq 'select(.type == "info").phase2Prepared')" false
    codex-prove setup --quiet --ptau raw.ptau --r1cs chain.r1cs -o raw.zkey
    assert_same raw.zkey initial.zkey
    run_split codex-prove verify-setup --ptau raw.ptau --r1cs chain.r1cs --zkey alice.zkey
    assert_success
}

@test "the key of a ceremony proves" {
    codex-prove prove --zkey alice.zkey --wtns chain.wtns >proof
    run_split codex-prove verify --zkey alice.zkey proof
    assert_success
    run_split codex-prove verify --zkey initial.zkey proof
    assert_failure 1
}

@test "a ceremony: each contribution is listed with the hash that its maker saw" {
    run_split codex-prove contribute alice.zkey -o bob.zkey
    assert_success
    refute_stderr
    bob=$output
    run_split codex-prove beacon bob.zkey --beacon 0x$beacon --iterations-log2 10 --name 'a lottery' \
        -o final.zkey
    assert_success
    last=$output
    assert_equal "$(cut -f 2- <<<"$last")" $'3\tbeacon\ta lottery'
    assert_equal "$(cut -f 1 <<<"$last" | wc -c)" 129
    run_split verify_setup final.zkey
    assert_success
    refute_stderr
    assert_output "$(<alice.record)"$'\n'"$bob"$'\n'"$last"$'\nright'
}

@test "records in JSON, and info" {
    codex-prove beacon alice.zkey --beacon $beacon --iterations-log2 11 -o final.zkey
    run_split codex-prove verify-setup --json --ptau chain.ptau --r1cs chain.r1cs --zkey final.zkey
    assert_success
    assert_equal "$(jq -c 'select(.type == "contribution") | [.number, .kind, .name, .beacon, .iterationsLog2]' \
        <<<"$output" | paste -sd ' ')" \
        "[1,\"contribution\",\"alice\",null,null] [2,\"beacon\",\"\",\"0x$beacon\",11]"
    hashes=$(jq -r 'select(.type == "contribution").hash' <<<"$output")
    assert_equal "$(head -n 1 <<<"$hashes")" "0x$(cut -f 1 alice.record)"
    circuit=$(jq -r 'select(.type == "verified") | select(.result == "right" and .contributions == 2).circuitHash' \
        <<<"$output")
    assert_regex "$circuit" '^0x[0-9a-f]{128}$'
    run_json codex-prove info --json final.zkey
    assert_equal "$(jq -r '.contributionList[].hash' <<<"$output")" "$hashes"
    assert_equal "$(jq -c '[.contributions, .circuitHash, .contributionList[0].name]' <<<"$output")" \
        "[2,\"$circuit\",\"alice\"]"
    run_json codex-prove info --json chain.ptau
    assert_equal "$(jq -c '[.kind, .power, .ceremonyPower, .phase2Prepared, .contributions, .contributionList]' \
        <<<"$output")" '["ptau",7,7,true,0,[]]'
    run_split codex-prove info chain.ptau
    assert_output $'chain.ptau\tptau\t1\tpower 7\tceremonyPower 7\tcontributions 0'
}

@test "keys go through pipes, and then the hash is said with -v" {
    run_split bash -c "codex-prove contribute -v - <alice.zkey | cat >bob.zkey"
    assert_success
    assert_stderr --partial 'contribution 2: '
    run_split verify_setup bob.zkey
    assert_success
    assert_equal "${#lines[@]}" 3
    assert_line --index 1 --partial "${stderr##* }"
}

@test "the hash is said when the key is there, and not before" {
    local command
    mkfifo pipe
    for command in "contribute pipe" "beacon pipe --beacon $beacon --iterations-log2 10"; do
        # shellcheck disable=SC2086 # words
        codex-prove $command -o out.zkey >hash 2>errors &
        local pid=$! code=0
        exec 9>pipe
        # -o is open: what gets in its way now is found out when the key is to have its name.
        mkdir out.zkey
        cat alice.zkey >&9
        exec 9>&-
        wait $pid || code=$?
        ((code == 73 || code == 74))
        assert_equal "$(cat hash)" ''
        grep -q 'out.zkey' errors
        rmdir out.zkey
    done
}

@test "entropy of one's own comes from a descriptor, and secrets differ all the same" {
    echo 'six dice' >dice
    codex-prove contribute alice.zkey --entropy-fd 3 -o one.zkey 3<dice >one
    codex-prove contribute alice.zkey --entropy-fd 0 -o two.zkey <dice >two
    refute cmp -s one two
    verify_setup one.zkey
    verify_setup two.zkey
    run_split codex-prove contribute alice.zkey --entropy-fd 7 -o three.zkey
    assert_failure
    assert_stderr --partial 'descriptor 7'
    run_split codex-prove contribute - --entropy-fd 0 -o three.zkey <alice.zkey
    assert_refused 64 'either the key or the entropy'
    head -c 1048577 /dev/zero >much
    run_split codex-prove contribute alice.zkey --entropy-fd 3 -o three.zkey 3<much
    assert_refused 65 'more than 1048576 bytes'
    assert_not_exist three.zkey
}

@test "names and beacons that a key cannot hold are refused" {
    run_split codex-prove contribute alice.zkey --name "$(printf 'x%.0s' {1..65})" -o no.zkey
    assert_refused 64 '64 are kept'
    run_split codex-prove contribute alice.zkey --name $'\xff' -o no.zkey
    assert_refused 64 'not UTF-8'
    run_split codex-prove beacon alice.zkey --iterations-log2 10 -o no.zkey
    assert_refused 64 'a beacon has 1 to 255 bytes'
    run_split codex-prove beacon alice.zkey --beacon 12x4 --iterations-log2 10 -o no.zkey
    assert_refused 64 '--beacon'
    run_split codex-prove beacon alice.zkey --beacon 1234 --iterations-log2 9 -o no.zkey
    assert_refused 64 '2^10 to 2^63'
    run_split codex-prove contribute chain.ptau -o no.zkey
    assert_refused 65 'not a .zkey file'
    assert_not_exist no.zkey
}

@test "verify-setup names what is wrong with a key" {
    # Sections 8 and 9 of a key that was contributed to end before section 10.
    size=$(stat -c %s alice.zkey)
    tail=$(codex-prove info --json alice.zkey | records | jq '.sections[] | select(.type == 10).bytes')
    altered alice.zkey $((size - tail - 12 - 1))
    run_split verify_setup altered.zkey
    assert_refused 1 'section 9: a point is not in its group'
    altered alice.zkey $((size - tail))
    run_split verify_setup altered.zkey
    assert_refused 1 'contribution 1: its transcript'
    # A key of other powers, of another circuit, and a proof that it was made from these.
    codex-testproof powers 7 other.ptau 5 6 7
    run_split codex-prove verify-setup --ptau other.ptau --r1cs chain.r1cs --zkey alice.zkey
    assert_refused 1 'alpha1 is not that of the powers'
    codex-testproof chain longer.r1cs longer.wtns 101
    run_split codex-prove verify-setup --ptau chain.ptau --r1cs longer.r1cs --zkey alice.zkey
    assert_refused 1 'section 2: is for 103 wires, the circuit has 104'
    run_split codex-prove verify-setup --r1cs chain.r1cs --zkey alice.zkey
    assert_refused 64 '--ptau is needed'
    run_split codex-prove verify-setup --ptau chain.ptau --r1cs chain.r1cs --zkey initial.zkey
    assert_success
    assert_stderr --partial 'no contribution'
    assert_output right
}

@test "a beacon that would take too long is not followed" {
    codex-prove beacon alice.zkey --beacon 12 --iterations-log2 12 -o final.zkey
    run_split codex-prove verify-setup --ptau chain.ptau --r1cs chain.r1cs --zkey final.zkey \
        --max-beacon-log2 11
    assert_refused 65 'a beacon of 2^12 iterations, allowed are 2^11'
    run_split codex-prove verify-setup --ptau chain.ptau --r1cs chain.r1cs --zkey final.zkey \
        --max-beacon-log2 12
    assert_success
}

@test "powers that do not suffice, or are damaged, are refused with the way out" {
    run_split codex-prove setup --ptau chain.ptau -o no.zkey
    assert_refused 65 'has powers for 2^7 constraints, the circuit needs 2^17'
    assert_stderr --partial 'hint: '
    altered chain.ptau $((12 + 12 + 44 + 12 + 64))
    run_split codex-prove setup --ptau altered.zkey --r1cs chain.r1cs -o no.zkey
    assert_refused 65 'section 2: a point is not in its group'
    head -c 5000 chain.ptau >cut.ptau
    run_split codex-prove setup --ptau cut.ptau --r1cs chain.r1cs -o no.zkey
    assert_refused 65 'cut.ptau'
    assert_not_exist no.zkey
}

@test "a key for tests passes for what it is, with powers of the same secrets" {
    codex-testproof setup-known chain.r1cs known.zkey "${secrets[@]}" 4711
    run_split verify_setup known.zkey
    assert_success
    assert_line --index 0 --partial $'1\tcontribution\tknown-secret setup, for tests only'
    run_split codex-prove setup --r1cs chain.r1cs -o test.zkey
    assert_success
    assert_stderr --partial 'for tests only'
    run_split verify_setup test.zkey
    assert_refused 1 'section 2'
}
