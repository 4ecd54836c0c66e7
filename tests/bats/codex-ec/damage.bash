# shellcheck shell=bash

# damage_block CID INDEX: flips a bit of the stored bytes of one block, behind the repo's back.
damage_block() {
    codex-chunk block get -o needle "$1@$2"
    perl -e '
        my ($needle, @files) = @ARGV;
        local $/;
        open my $in, "<:raw", $needle or die; my $bytes = substr <$in>, 0, 64;
        my $found = 0;
        for my $file (@files) {
            open my $segment, "+<:raw", $file or die;
            my $at = index <$segment>, $bytes;
            next if $at < 0;
            seek $segment, $at, 0;
            print $segment chr(ord($bytes) ^ 0x40);
            ++$found;
        }
        exit !$found' needle "$CODEX_REPO"/segments/*
}
