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

@test "get onto a full disk is one error, and leaves no half file" {
    cid=$(codex-chunk put large | cut -f1)
    run_split on_small_disk "
        status=0; codex-chunk get -r '$CODEX_REPO' -o small/out $cid || status=\$?
        echo \"get: \$status\"; ls -A small"
    assert_success
    assert_output 'get: 74'
    assert_equal "$(grep -c ': error: ' <<<"$stderr")" 1
}
