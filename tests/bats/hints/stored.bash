# A repo with a plain dataset, $plain, and a protected one of it, $coded; its segment is $segment.
# shellcheck shell=bash disable=SC2034 # variables here are used by the files that load this one
load ../codex-ec/damage

setup() {
    codex_setup
    gen 1 1000000 >file
    plain=$(codex-chunk put file | cut -f1)
    coded=$(codex-ec encode -k 4 -m 2 "$plain")
    segment=$(find "$CODEX_REPO/segments" -name '*.seg')
}

assert_whole() {
    run_split codex-chunk verify
    assert_success
    codex-chunk get "$plain" | cmp - file
    codex-ec verify "$coded"
}
