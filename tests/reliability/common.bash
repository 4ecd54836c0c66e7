# Shared by the reliability runs: the tools, a scratch directory that goes away, and reports that name
# the seed that repeats them.
# shellcheck shell=bash

source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CODEX_BIN=${CODEX_BIN:-$source_root/build/bin}
CODEX_TEST_BIN=${CODEX_TEST_BIN:-$CODEX_BIN/../test-bin}
PATH=$CODEX_BIN:$CODEX_TEST_BIN:$PATH
seed=${CODEX_SEED:-1}
# Nothing waits for the disk: a kill is no power loss, and meets more of the work so.
[[ ! -e $CODEX_TEST_BIN/libcodex-testdisk.so ]] || export LD_PRELOAD=$CODEX_TEST_BIN/libcodex-testdisk.so

scratch=$(mktemp -d "${TMPDIR:-/tmp}/codex-reliability.XXXXXX")
export HOME=$scratch CODEX_REPO=$scratch/repo LC_ALL=C
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit

# die TEXT...: the run failed; says how to repeat it.
die() {
    echo "${0##*/}: failed: $*" >&2
    echo "${0##*/}: repeat with CODEX_SEED=$seed" >&2
    exit 1
}

# keep_when_failed: the scratch directory stays when the run fails.
keep_when_failed() {
    # shellcheck disable=SC2154 # status is set where it is used
    trap 'status=$?; ((status == 0)) && rm -rf "$scratch"; exit $status' EXIT
}

# same_bytes CID FILE: the dataset reads back as the file.
same_bytes() {
    codex-chunk get "$1" 2>get.err | cmp -s - "$2"
}

# expect_nothing_left: removes all datasets; after gc nothing may be left, and the space be returned.
expect_nothing_left() {
    codex-chunk ls | cut -f1 | codex-chunk rm - >/dev/null || die 'rm of everything'
    codex-chunk gc >/dev/null || die 'last gc'
    codex-chunk verify >verify.out 2>&1 || die "last verify: $(<verify.out)"
    local blocks kilobytes
    blocks=$(codex-chunk space | awk '$1 == "totalBlocks" { print $2 }')
    [[ $blocks == 0 ]] || die "$blocks blocks are left after all was removed"
    kilobytes=$(du -sk "$CODEX_REPO/segments" | cut -f1)
    ((kilobytes < 1024)) || die "$kilobytes KiB of segments are left after all was removed"
}
