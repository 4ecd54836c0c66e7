# The examples of codex-chunk(1) and codex-pipes(7) do what the pages say.
load ../common

setup() {
    codex_setup
    mkdir photos
    gen 1 400000 >photos/a
    gen 2 300000 >photos/b
}

@test "a folder for a month, and back" {
    CODEX_NOW=1800000000 run_split bash -c 'tar c photos | codex-chunk put - --expires 30d > photos.cid'
    assert_success
    mv photos kept
    codex-chunk get <photos.cid | tar x
    diff -r photos kept
    assert_equal "$(codex-chunk ls --json | records | jq .expiry)" 1802592000
}

@test "several files, each back under its name" {
    cp photos/a 'one file.pdf'
    cp photos/b two.pdf
    codex-chunk put ./*.pdf >list
    sed -i 's|\./||' list
    while IFS="$(printf '\t')" read -r cid name; do codex-chunk get "$cid" -o "copy-$name"; done <list
    assert_same 'copy-one file.pdf' 'one file.pdf'
    assert_same copy-two.pdf two.pdf
}

@test "parity, and an archive of it" {
    tar c photos | codex-chunk put - | codex-ec encode -k 4 -m 2 | tee photos.cid |
        codex-chunk export --zst >photos.car.zst
    codex-chunk -r other import photos.car.zst | diff - photos.cid
}

@test "remove what is large, after a look at it" {
    codex-chunk put photos/a photos/b >/dev/null
    codex-chunk ls | awk '$2 > 350000' | codex-chunk rm -n >out
    assert_equal "$(cut -f2,3 out)" 'would-remove	400000'
    assert_equal "$(codex-chunk ls | wc -l)" 2
}

@test "one process answers for all blocks" {
    codex-chunk put photos/a >/dev/null
    assert_equal "$(codex-chunk ls --blocks | codex-chunk block has --batch | grep -c present)" 8
}

@test "JSON for jq" {
    tar c photos | codex-chunk put - | codex-ec encode -k 4 -m 2 >cid
    codex-chunk ls --json | jq -r 'select(.manifest.protected) | .cid' | diff - cid
}

@test "a script tells errors apart by their code" {
    codex-chunk init >/dev/null
    local cid=zDvZRwzmDuQbnyDzCerF4uRQkEkS18vUj4WCJMwmjLgD752tQrKc
    codex-chunk get --json "$cid" -o out 2>error || jq -r .code error >code
    assert_equal "$(cat code)" dataset.not_found
}
