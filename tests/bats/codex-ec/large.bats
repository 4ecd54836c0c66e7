# A dataset beyond 4 GiB: indices, offsets and sizes that do not fit 32 bits, from put to repair. Nearly
# all of it is zeros, which are stored once.
# shellcheck disable=SC2154 # $stderr is what run_split sets
load ../common

# is_file FILE: the bytes on stdin are those of FILE. With pieces of a megabyte, where cmp, which takes four
# kilobytes of a pipe at a time, needs longer than all else here.
is_file() {
    perl -e '
        open my $file, "<:raw", $ARGV[0] or die;
        my ($bytes, $wanted);
        while (my $got = sysread STDIN, $bytes, 1 << 20) {
            die "they differ" unless sysread($file, $wanted, $got) == $got && $bytes eq $wanted;
        }
        die "it is short" if sysread $file, $wanted, 1;' "$1"
}

@test "a dataset of more than 4 GiB is put, encoded, damaged, repaired and read again" {
    gen 3 200000 >tail
    # The last blocks of the dataset are the only ones unlike the others; the rest is a hole.
    truncate -s $((4 << 30)) whole
    cat tail >>whole
    codex-chunk put - <whole >plain
    run_json codex-chunk stat --json - <plain
    assert_equal "$(jq -c '[.size, .blocks]' <<<"$output")" '[4295167296,65540]'
    codex-ec encode -k 4 -m 2 - <plain >cid
    codex-chunk rm - <plain

    # One in each of three columns of 16385: two data blocks behind 4 GiB, one parity block.
    codex-ec erase --blocks 65536,65539,81922 - <cid
    run_split codex-ec status - <cid
    assert_failure
    codex-chunk get --range $(((4 << 30) - 3))-$(((4 << 30) + 99999)) - <cid |
        cmp - <(head -c 3 /dev/zero && head -c 100000 tail)
    run_split codex-ec repair - <cid
    assert_success
    assert_output "$(cat cid)"
    codex-ec status --data - <cid
    mkfifo pipe
    codex-chunk get - <cid >pipe &
    local getter=$!
    is_file whole <pipe
    wait "$getter"
}
