# What the tests of hints share. A test provokes an error, names the hint by its text in the sources, does
# what it says, and shows that what had failed now works.
# shellcheck shell=bash

# hint TEXT: the last run_split ended with an error, and its hint is TEXT, where {} stands for anything.
hint() {
    local -
    set +T
    local pattern line
    ((status != 0)) || fail "no error: $output" || return
    pattern=${1//[^a-zA-Z0-9 \{\}]/\\&}
    pattern=${pattern//\{\}/*}
    while IFS= read -r line; do
        [[ $line != *': hint: '*$pattern* ]] || return 0
    done <<<"$stderr"
    batslib_print_kv_single 8 hint "$1" status "$status" stderr "$stderr" |
        batslib_decorate 'the hint is not given' | fail
}

# part TEXT...: strings in the sources that are put into a hint, which the test shows; for all.bats.
part() { :; }

# pasted PREFIX: runs the command of the last hint that begins with PREFIX, as it stands there, to the end of
# its part.
pasted() {
    pasted_to_end "$1" "${2:-; }"
}

# pasted_to_end PREFIX: the same to the end of the line, for what stands in the last part.
pasted_to_end() {
    local hint command=
    hint=${stderr##*: hint: }
    hint=": ${hint%%$'\n'*}"
    [[ $hint != *": $1"* ]] || command="$1${hint#*": $1"}"
    [[ -n $command ]] || fail "no command '$1' in: $stderr" || return
    [[ -z ${2:-} ]] || command=${command%%"$2"*}
    run_split bash -c "$command"
}

# as_stranger COMMAND...: as a user who is not root and owns nothing.
as_stranger() {
    local folder=$PWD
    while [[ $folder != / ]]; do
        chmod a+x "$folder" 2>/dev/null
        folder=$(dirname "$folder")
    done
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# only_root: users that are not root cannot become another one.
only_root() { ((EUID == 0)) || skip 'only root can become another user'; }

# on_terminal COMMAND: with stdin and stdout a terminal; its words, also those of stderr, are $stderr.
on_terminal() {
    run_split script -qec "$1" /dev/null
    stderr=$(sed 's/\r//g; s/\x1b\[[0-9;]*[mK]//g' <<<"$output")
}

# cut_tree CID [LEAVES]: nothing but that many leaves is left of the record of this dataset's tree.
cut_tree() {
    codex-merkle tree "$1" >nodes # the root last
    # shellcheck disable=SC2016 # this is Perl
    perl -e '
        my ($leaves, $nodes, @files) = @ARGV;
        my @hashes = map { pack "H*", s/^0x//r } split " ", $nodes;
        my $found = 0;
        for my $file (@files) {
            open my $segment, "+<:raw", $file or die;
            local $/;
            my $bytes = <$segment>;
            # The record: a header that ends with the CID, whose end is the root, then the nodes.
            while ($bytes =~ /\Q$hashes[-1]\E.{0,64}?\Q$hashes[0]$hashes[1]\E/sg) {
                seek $segment, $+[0] - 64 + 32 * $leaves, 0;
                print $segment "\0" x (32 * (@hashes - $leaves));
                ++$found;
            }
        }
        die "no tree" if !$found;
    ' "${2:-0}" "$(cut -f3 nodes)" "$CODEX_REPO"/segments/*
}

# digest_of CID: its last 32 bytes, in hex.
digest_of() {
    perl -Mbigint -e '
        my $number = 0;
        my $digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
        $number = $number * 58 + index $digits, $_ for split //, substr $ARGV[0], 1;
        print substr $number->as_hex, -64' "$1"
}

# forge CID FROM TO [FROM TO...]: forged.car is an archive of the dataset with digests (hex) replaced in its
# manifest, which gets the CID that belongs to it. Blocks can be replaced, too: --block FILE FILE.
forge() {
    codex-chunk export "$1" -o honest.car
    codex-chunk block get "$1" -o honest.manifest
    shift
    # shellcheck disable=SC2016 # this is Perl
    perl -MDigest::SHA=sha256 -e '
        sub slurp { local $/; open my $in, "<:raw", $_[0] or die "$_[0]: $!"; <$in> }
        my ($archive, $old) = (slurp("honest.car"), slurp("honest.manifest"));
        my $new = $old;
        while (@ARGV) {
            my ($from, $to) = splice @ARGV, 0, 2;
            if ($from eq "--block") {
                my ($before, $after) = (slurp($to), slurp(shift @ARGV));
                my ($name, $other) = (sha256($before), sha256($after));
                $archive =~ s/\Q$name$before\E/$other$after/g or die "no such block";
                next;
            }
            my ($is, $becomes) = (pack("H*", $from), pack("H*", $to));
            $new =~ s/\Q$is\E/$becomes/g or die "no such digest";
        }
        my ($was, $now) = (sha256($old), sha256($new));
        $archive =~ s/\Q$old\E/$new/ or die "no manifest";
        $archive =~ s/\Q$was\E/$now/g;
        open my $out, ">:raw", "forged.car" or die;
        print $out $archive;' -- "$@"
}

# forged_cid: of the dataset in forged.car, which was imported last.
forged_cid() { codex-chunk import forged.car | grep -o 'zDv[A-Za-z0-9]*' | head -1; }
