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

@test "a file survives, and each step is shown with its result, up to nine valid proofs and hosts that are paid for such" {
    gen 7 400000 >'my file'
    quickstart 'my file'
    assert_success
    refute grep -v ': warning: ' <<<"$stderr" # read from parity; a key for tests
    assert_regex "$(<cmake.calls)" '^--preset release
--build --preset release --target tools man completions$'
    assert_line --index 0 'quickstart: my file, 390.7KiB, in 36 steps'
    assert_line --regexp "^Takes about [0-9]+ min and at most [0-9.]+MiB in $PWD/clone/build, and nothing elsewhere,$"
    assert_line --regexp '^\[1/36\] packages: done in [0-9]+ s$'
    assert_line --regexp '^\[2/36\] build release: done in [0-9]+ s$'
    assert_line "\$ cd $PWD/clone/build/quickstart"
    assert_line "\$ export PATH=$PWD/clone/build/bin:\$PATH CODEX_REPO=$PWD/clone/build/quickstart/repo CODEX_API_PORT=0 CODEX_DISC_PORT=0"

    assert_result "codex-chunk put $PWD/my\\ file" '^zDv'
    assert_result 'codex-ec encode -k 6 -m 3 <plain.cid' '^zDv'
    assert_result 'codex-chunk rm <plain.cid' '^zDv'
    # shellcheck disable=SC2016 # as the step shows it
    assert_result 'codex-ec erase --slots 1,4,7 $(cat protected.cid)' '^zDv'
    assert_result 'codex-ec status --map <protected.cid' '^zDv.*repairable'
    assert_result 'codex-chunk get <protected.cid | cmp - ' '^identical$'
    assert_result 'codex-ec repair <protected.cid' '^zDv'
    assert_result 'codex-ec erase --random 3' '^zDv'
    assert_result 'codex-chunk verify' '^sound$'
    assert_result 'codex-chunk get -o restored <protected.cid' '^identical$'
    assert_result 'codex-merkle proof --index 0 <protected.cid' $'\t0\t18$'
    assert_result 'codex-serve run ' $'^16Uiu2HA.*\t/ip4/127.0.0.1/tcp/'
    assert_result 'codex-serve fetch --repo fetched ' $'^zDv.*\t7\t458752$'
    assert_result 'codex-serve run --repo fetched ' $'^16Uiu2HA.*\thttp://127.0.0.1:'
    # shellcheck disable=SC2016 # as the step shows it
    assert_result 'cid=$(curl ' '^identical$'
    # shellcheck disable=SC2016 # as the step shows it
    assert_result 'page=$(codex-serve health ' '^http://127.0.0.1:[0-9]+/$'
    # shellcheck disable=SC2016 # as the step shows it
    assert_result 'page=$(codex-serve health ' '^<title>Codex node</title>$'
    assert_output --regexp '# that is [0-9.]+([KMG]i)?B/s'
    assert_result 'codex-chunk get --repo fetched ' '^identical$'
    assert_result 'codex-prove slots <protected.cid' '^zDv'
    assert_result 'codex-prove setup -o proof_main.zkey' ''
    assert_equal "$(result_of 'for slot in 0 1 2 3 4 5 6 7 8; do' | grep -c '^{"proof":')" 9
    assert_result 'codex-prove batch-verify' '^valid$'
    # The market: nine slots are bought, proven, and paid; one changes hands.
    assert_equal "$(result_of 'for who in client alice bob carol; do' | grep -c '^0x.*\.key$')" 4
    assert_result 'codex-market init -q --circuit-dir . ' '^/.*/ledger'
    assert_result 'codex-market request -n ' $'^zDv[^\t]*\t[0-9]+\t[0-9]+\t[0-9]+\t[0-9]+\t2$'
    assert_equal "$(result_of 'codex-market request --duration' | grep -c $'\tfree\t')" 9
    assert_equal "$(result_of 'sed -n 1,4p open.slots' | grep -c $'\tok$')" 9
    assert_equal "$(result_of 'codex-market ledger advance 1m' | grep -c $'\tok$')" 8
    assert_result 'for minute in 1 2; do' $'^repair\t-\t0\t0$'
    assert_result 'codex-market reserve --eth-private-key alice.key <carol.slots' $'\tok$'
    assert_equal "$(result_of 'codex-market ledger advance 1h' | grep -c $'\tok$')" 10
    assert_result 'codex-market ledger report' $'\trequest\tfinished\t'
    assert_equal "$(result_of 'codex-market ledger report' | grep -c $'\tpaid\t')" 9
    assert_result 'codex-market ledger verify' '^sound$'
    assert_result 'codex-market ledger export' '^0x'
    assert_line --index -3 \
        "quickstart: the file survived. The repo is $PWD/clone/build/quickstart/repo"
    # Each step has its number, in order, and says what its output means.
    assert_equal "$(grep -oE '^(# )?\[[0-9]+/36\]' <<<"$output" | tr -dc '0-9/\n')" "$(seq -f '%g/36' 36)"
    assert_equal "$(grep -c '^# output: ' <<<"$output")" 34

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
        assert_result 'codex-chunk get --repo fetched ' '^identical$'
        refute_line --partial 'codex-prove'
        assert_line --index -3 --partial 'quickstart: the file survived.'
        assert_line --regexp '^# \[20/20\] '
    done
}

@test "a file that is missing or too small, or wrong usage, is refused" {
    quickstart missing
    assert_refused 66 'missing: no such file'
    printf 'abc' >tiny
    quickstart tiny
    assert_refused 65 '3 bytes are too few'
    mkdir 'a folder'
    quickstart 'a folder'
    assert_refused 66 'a folder: is a folder'
    assert_stderr --partial 'hint: tar cf files.tar a\ folder'
    mkfifo pipe
    quickstart pipe
    assert_refused 66 'pipe: is no regular file'
    truncate -s 13G large
    quickstart large
    assert_refused 65 'more than the 12.0GiB'
    if [[ $(id -u) != 0 ]]; then
        gen 3 1000 >secret
        chmod 0 secret
        quickstart secret
        assert_refused 77 'secret: cannot read it'
    fi
    assert_not_exist cmake.calls # all this before anything is built
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

@test "too little space on the disk is said before anything is built" {
    gen 3 1000 >small
    # shellcheck disable=SC2016 # for the stub
    printf '#!/bin/sh\nprintf "Avail\\n1000000\\n"\n' >stubs/df
    chmod +x stubs/df
    quickstart small
    assert_refused 74 'are needed there, 976.6KiB are free'
    assert_not_exist cmake.calls
}

@test "a file that repeats itself is explained, and nothing that cannot be repaired is lost" {
    head -c 4000 /dev/zero >zeros
    quickstart zeros
    assert_success
    assert_line --regexp '^# \[6-11/20\] left out: this file has blocks that are equal'
    assert_line --partial 'of 9 slots any 0 may be lost'
    refute_line --partial 'codex-ec erase'
    assert_result 'codex-chunk get -o restored <protected.cid' '^identical$'
    assert_line --index -3 --partial 'quickstart: the file survived.'
}
