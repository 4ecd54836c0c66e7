# A disk that runs full is a clean error: nothing that was acknowledged suffers, and once there is
# space again the repo works on.
load ../common

# on_small_disk SCRIPT: runs the bash script with small/ being a disk of 24 MiB. Where no disk can be
# mounted (a container without the right), no file may grow beyond 24 MiB instead.
on_small_disk() {
    mkdir -p small
    local user=()
    [ "$(id -u)" = 0 ] || user=(--map-root-user)
    cat >script <<SCRIPT
set -e
export CODEX_REPO=\$PWD/small/repo
$1
SCRIPT
    if unshare "${user[@]}" --mount mount -t tmpfs tmpfs small 2>/dev/null; then
        unshare "${user[@]}" --mount bash -c \
            'mount -t tmpfs -o size=24m tmpfs small && exec bash script'
    else
        bash -c "trap '' XFSZ; ulimit -f 24576; exec bash script"
    fi
}

setup() {
    codex_setup
    gen 1 5000000 >first
    gen 2 40000000 >large
    gen 3 100000 >little
}

@test "put on a full disk is one error with exit 74, and loses nothing" {
    run_split on_small_disk '
        cid=$(codex-chunk put first | cut -f1)
        status=0; codex-chunk put large >put.out || status=$?
        echo "put: $status"
        codex-chunk get "$cid" | cmp - first
        codex-chunk verify >/dev/null && echo sound'
    assert_success
    assert_output "put: 74
sound"
    assert_file_empty put.out
    assert_equal "$(grep -c ': error: ' <<<"$stderr")" 1
}

@test "encode on a full disk is one error with exit 74, and loses nothing" {
    run_split on_small_disk '
        codex-testgen 4 14000000 >fourth
        cid=$(codex-chunk put fourth | cut -f1)
        status=0; codex-ec encode -k 2 -m 2 "$cid" >encode.out || status=$?
        echo "encode: $status"
        codex-chunk get "$cid" | cmp - fourth
        codex-chunk verify >/dev/null && echo sound'
    assert_success
    assert_output "encode: 74
sound"
    assert_file_empty encode.out
}

@test "after a full disk, what gc and rm give back can be used" {
    run_split on_small_disk '
        cid=$(codex-chunk put first | cut -f1)
        codex-chunk put large >put.out 2>put.err && exit 1
        codex-chunk gc >/dev/null
        codex-chunk rm "$cid" >/dev/null
        codex-chunk gc >/dev/null
        codex-testgen 5 15000000 >fifth
        cid=$(codex-chunk put fifth little | head -n 1 | cut -f1)
        codex-chunk get "$cid" | cmp - fifth && echo works'
    assert_success
    assert_output works
}

# Takes all that is left of the disk, to the last byte.
fill='fill() { cat /dev/zero >small/fill 2>/dev/null || true; }'

@test "on a disk without a free byte, rm and gc give space back" {
    run_split on_small_disk "$fill"'
        codex-testgen 6 6000000 >../sixth 2>/dev/null || codex-testgen 6 6000000 >sixth
        stay=$(codex-chunk put first little | head -n 1 | cut -f1)
        goes=$(codex-testgen 7 9000000 | codex-chunk put - | cut -f1)
        fill
        status=0; codex-chunk put large >put.out 2>put.err || status=$?
        echo "put: $status"
        codex-chunk rm "$goes" >/dev/null && echo removed
        codex-chunk gc | grep -c "^freedBytes	9[0-9]*$"
        codex-testgen 8 5000000 | codex-chunk put - >/dev/null && echo "put again"
        codex-chunk get "$stay" | cmp - first
        codex-chunk verify >/dev/null && echo sound'
    assert_output "put: 74
removed
1
put again
sound"
    assert_success
}

@test "on a disk without a free byte, expired datasets, kept blocks and single bytes go" {
    run_split on_small_disk "$fill"'
        for i in $(seq 20); do
            codex-testgen $((100 + i)) 200000 | CODEX_NOW=1000 codex-chunk put --expires 1h - >/dev/null
        done
        block=$(codex-chunk block put little | cut -f1)
        cid=$(codex-chunk put first | cut -f1)
        fill
        codex-chunk rm "$cid@3" >/dev/null
        codex-chunk block rm "$block" >/dev/null
        codex-chunk gc | grep "^expiredDatasets"
        codex-chunk rm "$cid" >/dev/null
        codex-chunk gc >/dev/null
        codex-chunk ls
        codex-testgen 8 3000000 | codex-chunk put - >/dev/null && echo "put again"
        codex-chunk verify --rebuild-index >/dev/null && codex-chunk ls | wc -l'
    assert_output "expiredDatasets	20
put again
1"
    assert_success
}

@test "a full disk is called that, whatever meets it first" {
    run_split on_small_disk "$fill"'
        codex-chunk put first >/dev/null
        fill
        for i in $(seq 5); do codex-testgen $i 70000 >many$i 2>/dev/null; done
        for command in "put little" "block put little" "put first --label x" "init --set --ttl 5d"; do
            codex-chunk $command >/dev/null 2>>said || true
        done
        ! grep -i "input/output error" said
        grep -v -i "no space left\|file size limit\|disk is full\|file too large" said | grep error: || echo named'
    assert_output named
}

@test "get onto a full disk is one error, and leaves no half file" {
    cid=$(codex-chunk put large | cut -f1)
    run_split on_small_disk "
        status=0; codex-chunk get -r '$CODEX_REPO' -o small/out $cid || status=\$?
        echo \"get: \$status\"; ls -A small"
    assert_success
    assert_output 'get: 74'
    assert_equal "$(grep -c ': error: ' <<<"$stderr")" 1
}

@test "fetch on a full disk is one error with exit 74, and what has come stays" {
    codex-chunk -r elsewhere put large >cid
    run_split on_small_disk '
        status=0
        timeout 120 codex-serve fetch "$(cat cid)" --via "codex-serve stdio -r elsewhere" >fetch.out || status=$?
        echo "fetch: $status"
        codex-chunk ls --json | grep -o "\"blocksHeld\":[1-9]" >/dev/null && echo some
        codex-chunk verify >/dev/null && echo sound'
    assert_success
    assert_output "fetch: 74
some
sound"
    assert_file_empty fetch.out
    assert_equal "$(grep -c ': error: ' <<<"$stderr")" 1
}

@test "calls of a ledger on a full disk are errors, and none that was answered is lost" {
    codex-market key new a.key | cut -f1 >account
    run_split on_small_disk '
        account=$(<account) CODEX_LEDGER=$PWD/small/ledger CODEX_ETH_PRIVATE_KEY=$PWD/a.key
        export CODEX_LEDGER CODEX_ETH_PRIVATE_KEY
        codex-market init --verifier test --mint "$account=1000tst" >/dev/null
        head -c 20000000 large >small/other
        yes "$account 1" | head -n 12000 | codex-market mint --batch >answers
        cut -f4 answers | sort -u
        # What is left of the last pages takes some more.
        cat large >>small/other 2>/dev/null || :
        status=0
        for ((i = 0; i < 100 && status == 0; ++i)); do
            codex-market mint "$account" 1 >mint.out || status=$?
        done
        echo "mint: $status"
        rm small/other
        codex-market mint "$account" 1 | cut -f4
        made=$(($(cut -f4 answers | grep -c "^ok$") + i))
        [[ $(codex-market ledger verify | cut -f2) == "$made" ]] && echo sound'
    assert_success
    assert_output 'io.no_space
ok
mint: 74
ok
sound'
    assert_file_empty mint.out
}
