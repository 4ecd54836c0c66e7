# codex-ec encode: CIDs of the reference network, limits, inputs.
load ../common

# The first protected dataset of the vectors, from stream 5 of the test bytes.
vector_plain_bytes=327580
vector_cid=zDvZRwzmCeSEoKK7ZzPopJgwAoSByfQf3SNXNptUaUJLDW43qZrt

@test "encode gives the CID of the vectors" {
    gen 5 $vector_plain_bytes | codex-chunk put - >plain
    run_split codex-ec encode -k 3 -m 2 "$(cat plain)"
    assert_success
    assert_output "$vector_cid"
    refute_stderr
}

@test "--nodes and --tolerance say the same as -k and -m" {
    gen 5 $vector_plain_bytes | codex-chunk put - >plain
    run_split codex-ec encode --nodes 5 --tolerance 2 - <plain
    assert_success
    assert_output "$vector_cid"
}

@test "encode twice gives one dataset and stores nothing new" {
    gen 1 700000 | codex-chunk put - >plain
    codex-ec encode -k 4 -m 2 - <plain >first
    codex-chunk space --json | records | jq -c '[.totalBlocks, .quotaUsedBytes]' >before
    codex-ec encode -k 4 -m 2 - <plain >second
    codex-chunk space --json | records | jq -c '[.totalBlocks, .quotaUsedBytes]' >after
    assert_same first second
    assert_same before after
}

@test "encode --json tells the shape" {
    gen 5 $vector_plain_bytes | codex-chunk put - >plain
    run_json codex-ec encode --json -k 3 -m 2 - <plain
    assert_success
    assert_equal "$(jq -r '[.type, .cid, .plain, .k, .m, .blocks] | @tsv' <<<"$output")" \
        "$(printf 'encoded\t%s\t%s\t3\t2\t10' $vector_cid "$(cat plain)")"
}

@test "encode keeps names, and takes its expiry from the plain dataset or --expires" {
    gen 2 200000 | codex-chunk put - --name a.bin --expires @4000000000 >plain
    codex-ec encode --json -k 2 -m 1 - <plain | records >one
    assert_equal "$(jq .expiry one)" 4000000000
    codex-ec encode --json -k 3 -m 1 --expires @4100000000 - <plain | records >two
    assert_equal "$(jq .expiry two)" 4100000000
    run codex-chunk ls
    assert_equal "$(grep -c a.bin <<<"$output")" 3
}

@test "encode needs one of the two ways to say the shape" {
    gen 2 200000 | codex-chunk put - >plain
    for shape in '' '-k 2' '-m 1' '--nodes 3' '-k 2 --tolerance 1' '-k 2 -m 1 --nodes 3 --tolerance 1'; do
        # shellcheck disable=SC2086
        run_split codex-ec encode $shape - <plain
        assert_refused 64 'either -k and -m or --nodes and --tolerance'
        # The hint is right, and keeps what was given.
        hint=${stderr##*hint: for example: }
        run_split bash -c "${hint%%; see*} <plain"
        assert_success
    done
}

@test "encode refuses shapes out of the limits" {
    gen 2 200000 | codex-chunk put - >plain
    for shape in '-k 0 -m 1' '-k 2 -m 3' '-k 2 -m 0' '-k 60000 -m 6000' '-k 5000000000 -m 1' \
        '-k 40000 -m 20000' '--nodes 3 --tolerance 0' '--nodes 3 --tolerance 2' \
        '--nodes 2 --tolerance 1' '--nodes 1 --tolerance 3' '--nodes 90000 --tolerance 2'; do
        # shellcheck disable=SC2086
        run_split codex-ec encode $shape - <plain
        assert_refused 64 ': error: '
        assert_stderr --partial 'codex-ec: hint: '
    done
    run_split codex-ec encode -k 2 -m 3 "$(cat plain)" "$(cat plain)" # said once, of no dataset
    assert_refused 64 'error: m = 3 parity blocks exceed k = 2'
    run_split codex-ec encode -k two -m 1 - <plain
    assert_refused 64 '-k'
}

@test "encode names the minimum size of a dataset that is too small" {
    gen 2 200000 | codex-chunk put - >plain
    run_split codex-ec encode -k 5 -m 2 - <plain
    assert_refused 65 "$(cat plain): the dataset has 4 blocks of 65536 bytes, fewer than k = 5"
    assert_stderr --partial 'the minimum size for k = 5 is 262145 bytes'
    gen 2 262144 | codex-chunk put - >plain
    run_split codex-ec encode -k 5 -m 2 - <plain
    assert_refused 65 'fewer than k = 5'
    gen 2 262145 | codex-chunk put - | codex-ec encode -k 5 -m 2
}

@test "encode refuses a block size the code cannot work on" {
    gen 2 5000 | codex-chunk put - --block-size 1000B >plain
    run_split codex-ec encode -k 2 -m 1 - <plain
    assert_refused 65 'not a multiple of 64'
}

@test "encode refuses what is no plain dataset" {
    gen 2 200000 | codex-chunk put - | codex-ec encode -k 2 -m 1 >coded
    run_split codex-ec encode -k 2 -m 1 - <coded
    assert_refused 65 "$(cat coded): is protected already"
    run_split codex-ec encode -k 2 -m 1 $vector_cid
    assert_refused 1 "$vector_cid"
    run_split codex-ec encode -k 2 -m 1 zDxWB8EDDsokSpiTXNRpv1jS2LXjEdLgTiDfxFd7Eo8CSPKVj93r
    assert_refused 65 'the CID of a codex-block, not of a manifest'
    run_split codex-ec encode -k 2 -m 1 hello
    assert_refused 65 hello
}

@test "encode names the block that is missing" {
    gen 2 200000 | codex-chunk put - >plain
    codex-ec erase --blocks 2 - <plain
    run_split codex-ec encode -k 2 -m 1 - <plain
    assert_refused 1 "$(cat plain): block 2 (zD"
    assert_stderr --partial 'is missing'
}

@test "without a repo encode says how to get one" {
    run_split codex-ec encode -k 2 -m 1 $vector_cid
    assert_refused 66 "$CODEX_REPO"
}

@test "with several datasets the good ones are encoded and the highest code counts" {
    gen 1 200000 | codex-chunk put - >one
    gen 2 100000 | codex-chunk put - >small
    gen 3 200000 | codex-chunk put - >three
    run_split codex-ec encode -k 3 -m 1 "$(cat one)" "$(cat small)" "$(cat three)"
    assert_failure 65
    assert_equal "${#lines[@]}" 2
    assert_stderr --partial "$(cat small): the dataset has 2 blocks"
    run_split codex-ec encode --fail-fast -k 3 -m 1 "$(cat one)" "$(cat small)" "$(cat three)"
    assert_failure 65
    assert_equal "${#lines[@]}" 1
}
