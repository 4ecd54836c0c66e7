# codex-chunk import
load ../common

setup() {
    codex_setup
    gen 7 200000 >data
    cid=$(codex-chunk put data)
    codex-chunk export "$cid" -o data.car
    export CODEX_REPO=$PWD/other
}

@test "prints what it took in, from files and stdin" {
    run_split codex-chunk import data.car
    assert_success
    assert_output "$cid"
    refute_stderr
    codex-chunk get "$cid" | cmp - data
    run_split codex-chunk import <data.car
    assert_output "$cid"
    run_split codex-chunk import - data.car <data.car
    assert_equal "${#lines[@]}" 2
}

@test "a flipped bit is refused and nothing is kept" {
    local offset
    offset=$(($(stat -c %s data.car) / 2))
    printf '\xff\x00\xff' | dd of=data.car bs=1 seek="$offset" conv=notrunc status=none
    run_split codex-chunk import data.car
    assert_failure
    assert_output ''
    assert_stderr --partial data.car
    run codex-chunk ls
    assert_output ''
}

@test "a truncated archive is refused, wherever it ends" {
    local size cut
    size=$(stat -c %s data.car)
    for cut in 0 1 10 100 70000 $((size - 1)); do
        head -c "$cut" data.car >cut.car
        run_split codex-chunk import cut.car
        assert_failure "$((cut == 0 ? 66 : 65))" # nothing at all is no archive that ends early
        assert_output ''
        assert_stderr --partial cut.car
    done
}

@test "what is no archive is refused" {
    run_split codex-chunk import data
    assert_failure 65
    assert_stderr --partial data
    run_split codex-chunk import nothing data.car
    assert_failure 66
    assert_output "$cid"
}

@test "JSON ends with a summary; --expires is kept" {
    run_split codex-chunk import --json --expires @1900000000 data.car
    assert_success
    assert_equal "$(jq -r '.type' <<<"$output" | paste -sd' ')" 'dataset summary'
    assert_equal "$(jq -c 'select(.type == "summary") | [.datasets, .looseBlocks]' <<<"$output")" \
        '[1,0]'
    assert_equal "$(codex-chunk ls --json | records | jq .expiry)" 1900000000
}

@test "the reference node's folder: a few blocks are put in order" {
    codex-chunk -r "$BATS_TEST_TMPDIR/repo" export "$cid" --to-nim node
    run_split codex-chunk import --from-nim node
    assert_success
    assert_output "$cid"
    refute_stderr
    codex-chunk get "$cid" | cmp - data
}

@test "the reference node's folder: many blocks come in, a known tree is completed" {
    local large
    large=$(gen 1 3000000 | codex-chunk -r "$BATS_TEST_TMPDIR/repo" put)
    codex-chunk -r "$BATS_TEST_TMPDIR/repo" export "$large" --to-nim node
    codex-chunk -r "$BATS_TEST_TMPDIR/repo" export "$large" -o large.car
    run_split codex-chunk import --from-nim node
    assert_refused 1 "$large: the order of its blocks is not known"
    assert_equal "$(codex-chunk ls --blocks | wc -l)" 47
    codex-chunk import large.car >/dev/null
    codex-chunk rm "$large@1" >/dev/null
    run_split codex-chunk import --from-nim node
    assert_success
    assert_output "$large"
    codex-chunk get "$large" | cmp - <(gen 1 3000000)
}

@test "a folder that is none, and a folder with files" {
    run_split codex-chunk import --from-nim nowhere
    assert_refused 66 nowhere
    run_split codex-chunk import --from-nim . data.car
    assert_refused 64 --from-nim
}

@test "over the quota nothing is kept" {
    codex-chunk init --quota 100KiB >/dev/null
    run_split codex-chunk import data.car
    assert_refused 74 quota
    run codex-chunk ls
    assert_output ''
}

@test "a root that comes twice is one dataset" {
    CODEX_REPO=$BATS_TEST_TMPDIR/repo codex-chunk export "$cid" "$cid" -o twice.car
    run_split codex-chunk import --json twice.car
    assert_success
    assert_equal "$(jq -r '[.type, .datasets, .looseBlocks] | @tsv' <<<"${lines[1]}")" \
        "$(printf 'summary\t1\t0')"
    codex-chunk rm "$cid" && codex-chunk gc
    assert_equal "$(codex-chunk space | grep totalBlocks)" 'totalBlocks	0'
}

@test "a CIDv0 block is listed under its own CID and found under both" {
    local hash v0 v1
    printf hello >block
    hash=$(sha256sum block | cut -d' ' -f1)
    {
        # A header without roots, then the block: 1220, hash, hello.
        printf '\x11\xa2eroots\x80gversion\x01'
        printf '\x27\x12\x20%b%s' "$(sed 's/../\\x&/g' <<<"$hash")" hello
    } >v0.car
    codex-chunk import v0.car
    v0=$(codex-chunk ls --blocks | cut -f1)
    assert_equal "${v0:0:2}" Qm
    assert_equal "$(codex-chunk block get "$v0")" hello
    v1=$(codex-chunk block put --codec dag-pb block)
    assert_equal "${v1:0:4}" zdj7
    codex-chunk block rm "$v1"
    run_split codex-chunk block get "$v1"
    assert_success
    assert_output hello
    codex-chunk block rm "$v1"
    run_split codex-chunk block has "$v0"
    assert_failure 1
}

@test "an error keeps the hint that belongs to it" {
    printf '\x11\xa2eroots\x80gversion\x02' >two.car
    run_split codex-chunk import two.car
    assert_failure 65
    assert_stderr --partial 'hint: export the archive as CAR v1'
    # Cut between two blocks: what follows the manifest is too little.
    head -c $(($(stat -c %s data.car) - 65536 - 39 - 2)) data.car >cut.car
    run_split codex-chunk import cut.car
    assert_failure 65
    assert_stderr --partial 'hint: the archive is cut off'
    refute [ "$(grep -c 'files are stored by' <<<"$stderr")" -gt 0 ]
    run_split codex-chunk import data
    assert_stderr --partial "a file is stored so: codex-chunk put data"
}

@test "a few bytes that claim a large dataset write no tree" {
    codex-chunk init --quota 1MiB >/dev/null
    # One block of one byte, and a manifest of 2^25 of them: the root of all equal leaves.
    base64 -d >bomb.car <<'CAR'
PKJlcm9vdHOB2CpYJwABgZoDEiANHyFi8hN3nINJRqnW+LKqqW9NR+XwcQiFAp8+TsSsw2d2ZXJzaW9uAScBgpoDEiDKNYdY
9tJ+bPRScpN5d6dI/Yg5HbZ5ztp9x78fAF7oeQdfAYGaAxIgDR8hYvITd5yDSUap1viyqqlvTUfl8HEIhQKfPk7ErMMKNwom
AYOaAxIgRgezJWxxs0TrtXD0Qr58+lZhlf4UYeo67GbE5ALPyyYQARiAgIAQIIKaAygSMAI=
CAR
    assert_equal "$(stat -c %s bomb.car)" 197
    run_split codex-chunk import bomb.car
    assert_failure 65
    assert_output ''
    assert [ "$(codex-chunk space | sed -n 's/^diskBytes\t//p')" -lt 4000000 ] # the reserve is half of it
}

@test "compressed bytes that stand for far more than the quota are refused, uncompressed they come in" {
    codex-chunk init --quota 1MiB >/dev/null
    head -c $((64 << 20)) /dev/zero | CODEX_REPO=$PWD/zeros codex-chunk put - >zeros.cid
    CODEX_REPO=$PWD/zeros codex-chunk export - --zst -o zeros.car.zst <zeros.cid
    run_split codex-chunk import zeros.car.zst
    assert_failure 65
    assert_stderr --partial 'compressed bytes stand for more than'
    assert_stderr --partial 'hint: when you trust it, pipe it in uncompressed: zstd -dc'
    run_split bash -c 'zstd -dc zeros.car.zst | codex-chunk import'
    assert_success
    assert_output "$(cat zeros.cid)"
}

@test "of a folder with many datasets the records come in the order of its files, whoever wrote it and however many read" {
    local i
    for i in {1..20}; do gen "$i" $((i * 1000)) >"file$i"; done
    codex-chunk -r from put file* | cut -f1 >cids
    # shellcheck disable=SC2046 # CIDs
    codex-chunk -r from export --to-nim one $(cat cids) >/dev/null
    # shellcheck disable=SC2046
    codex-chunk -r from export --to-nim other $(tac cids) >/dev/null
    (cd one/repo/manifests && printf '%s\n' */*.dsobj) | LC_ALL=C sort | sed 's,.*/,,; s,[.]dsobj$,,' >order
    codex-chunk -r first import --from-nim one -j 1 | cut -f1 | cmp - order
    codex-chunk -r second import --from-nim other -j 8 | cut -f1 | cmp - order
    codex-chunk -r second import --from-nim other | cut -f1 | cmp - order # all of it is there
}
