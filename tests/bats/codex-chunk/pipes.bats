# The tools as people join them.
load ../common

@test "a folder goes through tar, and comes back" {
    mkdir -p photos/sub
    gen 1 100000 >photos/a
    gen 2 300000 >photos/sub/b
    tar c photos | codex-chunk put - | tee photos.cid >/dev/null
    mkdir back
    codex-chunk get "$(cat photos.cid)" | tar x -C back
    diff -r photos back/photos
}

@test "export travels compressed" {
    gen 1 300000 | codex-chunk put | codex-chunk export | zstd -q | zstd -dq |
        codex-chunk -r other import | codex-chunk -r other get | cmp - <(gen 1 300000)
}

@test "xargs and while read" {
    mkdir in out
    local i
    for i in 1 2 3 4; do gen "$i" $((i * 30000)) >"in/$i"; done
    codex-chunk put in/* >list
    cut -f1 list | xargs -n1 sh -c 'codex-chunk get "$0" | cksum' | sort >got
    for i in 1 2 3 4; do cksum <"in/$i"; done | sort >want
    assert_same got want
    while IFS=$'\t' read -r cid name; do
        codex-chunk get "$cid" -o "out/${name##*/}"
    done <list
    diff -r in out
    ls in/* | xargs codex-chunk put | cut -f1 | diff - <(cut -f1 list)
}

@test "NDJSON composes as text does" {
    gen 1 10 | codex-chunk put --json | codex-chunk stat --json | codex-chunk get |
        cmp - <(gen 1 10)
}

@test "head ends a listing without a word" {
    local i
    for i in $(seq 50); do printf '%s' "$i" >"f$i"; done
    codex-chunk put f* >/dev/null
    run_split bash -c 'for i in $(seq 20); do codex-chunk ls --blocks; done | head -n1 | wc -l'
    assert_output 1
    refute_stderr
}

@test "a full disk under stdout is an error" {
    gen 1 100000 | codex-chunk put >cid
    run_split bash -c 'codex-chunk get $(cat cid) >/dev/full'
    assert_failure 74
    assert_stderr --partial 'No space left on device'
    run_split bash -c 'codex-chunk ls >/dev/full'
    assert_failure 74
}

@test "a CID that was printed survives the writer's kill" {
    gen 1 3000000 >data
    mkfifo pipe
    codex-chunk put data - <pipe >out &
    local writer=$!
    exec 9>pipe
    head -c 100000 data >&9
    wait_for '[ -s out ]'
    kill -9 "$writer"
    exec 9>&-
    wait "$writer" || true
    codex-chunk get "$(head -n1 out | cut -f1)" | cmp - data
    codex-chunk gc >/dev/null
    codex-chunk verify
    assert_equal "$(codex-chunk ls | wc -l)" 1
}

@test "a pipe whose first tool makes the repo" {
    gen 1 600000 >data
    codex-chunk put - <data | codex-ec encode -k 4 -m 2 | tee cid | codex-chunk export |
        zstd -q >data.car.zst
    codex-chunk -r other import <data.car.zst | diff - cid
    codex-chunk -r other get "$(cat cid)" | cmp - data
    codex-chunk -r third put data | codex-merkle -r third root | grep -q '^zDz'
}
