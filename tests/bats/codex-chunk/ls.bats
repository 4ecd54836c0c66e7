# codex-chunk ls
load ../common

@test "an empty repo has no lines" {
    codex-chunk init >/dev/null
    run_split codex-chunk ls
    assert_success
    assert_output ''
    refute_stderr
}

@test "a line per dataset: CID, size, kind, expiry, name, when it was stored, label" {
    local a b
    a=$(gen 0 65537 | CODEX_NOW=1800000000 codex-chunk put --name a.bin --expires @1900000000)
    b=$(gen 1 1 | CODEX_NOW=1800000060 codex-chunk put --label 'one byte')
    run_split codex-chunk ls
    assert_success
    assert_equal "${#lines[@]}" 2
    assert_line "$a	65537	plain	2030-03-17T17:46:40Z	a.bin	2027-01-15T08:00:00Z	"
    assert_line "$b	1	plain	never		2027-01-15T08:01:00Z	one byte"
}

@test "JSON is the REST's item and more" {
    local cid
    cid=$(gen 0 65537 | CODEX_NOW=1800000000 codex-chunk put --name a.bin --mime text/plain --label mine)
    run_json codex-chunk ls --json
    assert_success
    assert_equal "$(jq -c '[.type, .cid, .size, .kind, .expiry, .added, .label]' <<<"$output")" \
        "[\"dataset\",\"$cid\",65537,\"plain\",0,1800000000,\"mine\"]"
    assert_equal "$(jq -c '.manifest' <<<"$output")" \
        '{"treeCid":"zDzSvJTfGM5jYt2fEa6dN6g2MBzkAa1aPKd4spdoozis1cYnJBj8","datasetSize":65537,"blockSize":65536,"filename":"a.bin","mimetype":"text/plain","protected":false}'
}

@test "--blocks lists each block once, manifests too" {
    gen 0 65537 | codex-chunk put >cid
    run_split codex-chunk ls --blocks
    assert_success
    assert_equal "${#lines[@]}" 3
    assert_line --regexp '^zDxWB8EDAwrmmoPev8uPLtr86unZGL44TcZf8zrCS8QJYtyGUXR4	65536	present	1	-$'
    codex-chunk rm "$(cat cid)@0" >/dev/null
    codex-chunk ls --blocks | grep -q '^zDxWB8EDAwrmmoPev8uPLtr86unZGL44TcZf8zrCS8QJYtyGUXR4	.*	missing	1	-$'
}

@test "needs a repo" {
    run_split codex-chunk ls
    assert_refused 66 "$CODEX_REPO"
    assert_stderr --partial 'hint: '
}

@test "its lines feed the other commands" {
    gen 0 10 >a
    gen 1 10 >b
    codex-chunk put a b >/dev/null
    codex-chunk ls | codex-chunk stat | grep -c treeCid >count
    assert_equal "$(cat count)" 2
    codex-chunk ls --json | codex-chunk rm >/dev/null
    run codex-chunk ls
    assert_output ''
}
