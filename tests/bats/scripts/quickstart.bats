# scripts/quickstart, in a folder of its own that has the programs of this build: what it would build is
# what is being tested, so cmake only notes how it was called, and no other test's build is touched.
load ../common

setup() {
    codex_setup
    command -v dpkg-query >/dev/null || skip 'no Debian: scripts/packages has nothing to ask'
    mkdir -p clone/build stubs
    cp -r "$CODEX_SOURCE/scripts" clone/
    ln -s "$CODEX_BIN" clone/build/bin
    # shellcheck disable=SC2016 # for the stub
    printf '#!/bin/sh\necho "$@" >>%q/cmake.calls\n' "$PWD" >stubs/cmake
    chmod +x stubs/cmake
    PATH=$PWD/stubs:$PATH
    unset CODEX_REPO
}

quickstart() { run_split clone/scripts/quickstart "$@"; }

# result_of COMMAND: what stands between the step that begins with `$ COMMAND` and the next one's comment.
result_of() {
    awk -v command="$ $1" '
        /^(# |quickstart: )/ { on = 0 }
        on && NF { print }
        index($0, command) == 1 { on = 1; found = 1 }
        END { exit !found }' <<<"$output"
}

# assert_result COMMAND REGEXP: such a step was shown, and gave a line that matches.
assert_result() {
    local text
    text=$(result_of "$1") || fail "no step: $1" || return
    grep -qE "$2" <<<"$text" || fail "$1: gave: $text"
}

@test "a file survives, and each step is shown with its result, up to nine valid proofs" {
    gen 7 400000 >'my file'
    quickstart 'my file'
    assert_success
    refute grep -v ': warning: ' <<<"$stderr" # read from parity; a key for tests
    assert_regex "$(<cmake.calls)" '^--preset release
--build --preset release --target tools$'
    assert_line --regexp '^packages: done in [0-9]+ s$'
    assert_line --regexp '^build release: done in [0-9]+ s$'
    assert_line "\$ cd $PWD/clone/build/quickstart"
    assert_line "\$ export PATH=$PWD/clone/build/bin:\$PATH CODEX_REPO=$PWD/clone/build/quickstart/repo"

    assert_result "codex-chunk put $PWD/my\\ file" '^zDv'
    assert_result 'codex-ec encode -k 6 -m 3 <plain.cid' '^zDv'
    assert_result 'codex-chunk rm <plain.cid' '^zDv'
    # shellcheck disable=SC2016 # as the step shows it
    assert_result 'codex-ec erase --slots 1,4,7 $(cut -f1 protected.cid)' '^zDv'
    assert_result 'codex-ec status --map <protected.cid' '^zDv.*repairable'
    assert_result 'codex-chunk get <protected.cid | cmp - ' '^identical$'
    assert_result 'codex-ec repair <protected.cid' '^zDv'
    assert_result 'codex-ec erase --random 3' '^zDv'
    assert_result 'codex-chunk verify' '^sound$'
    assert_result 'codex-chunk get -o restored <protected.cid' '^identical$'
    assert_result 'codex-merkle proof --index 0 <protected.cid' $'\t0\t18$'
    assert_result 'codex-prove slots <protected.cid' '^zDv'
    assert_result 'codex-prove setup -o proof_main.zkey' ''
    assert_equal "$(result_of 'for slot in 0 1 2 3 4 5 6 7 8; do' | grep -c '^{"proof":')" 9
    assert_result 'codex-prove batch-verify' '^valid$'
    assert_line --index -1 \
        "quickstart: the file survived. The repo is $PWD/clone/build/quickstart/repo"

    # What it shows can be typed: in another shell, after its cd and export, these say the same again.
    grep -E '^\$ (cd|export|codex-chunk verify|codex-prove batch-verify) ' <<<"$output" |
        sed 's/^\$ //' >typed
    run_split env PATH=/usr/bin:/bin bash -euo pipefail typed
    assert_success
    assert_output $'sound\n9\t0\nvalid'
}

@test "a small file is cut into smaller blocks, and the second time everything starts anew" {
    gen 3 1000 >small
    for _ in first second; do
        quickstart small
        assert_success
        assert_result 'codex-chunk put --block-size 128 ' '^zDv'
        assert_result 'codex-chunk get -o restored <protected.cid' '^identical$'
        refute_line --partial 'codex-prove'
        assert_line --index -1 --partial 'quickstart: the file survived.'
    done
}

@test "a file that is missing or too small, or wrong usage, is refused" {
    quickstart missing
    assert_refused 66 'missing: cannot read it'
    printf 'abc' >tiny
    run_split clone/scripts/quickstart tiny
    assert_failure 65
    assert_stderr --partial '3 bytes are too few'
    quickstart --fast
    assert_failure 64
    quickstart a b
    assert_failure 64
}

@test "a build that fails ends it, with the end of its log" {
    printf '#!/bin/sh\necho "no compiler here"; exit 1\n' >stubs/cmake
    gen 3 1000 >small
    quickstart small
    assert_failure 1
    assert_output --partial 'build release: failed'
    assert_output --partial 'no compiler here'
    refute_output --partial 'codex-chunk put'
}
