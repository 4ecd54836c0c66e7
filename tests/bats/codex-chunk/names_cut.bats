# CIDs by their beginning, in every tool, as arguments and on stdin.
load ../common

setup() {
    codex_setup
    cid=$(gen 1 400000 | codex-chunk put)
    coded=$(codex-ec encode -k 2 -m 1 "$cid" | cut -f1)
    short=${cid:0:12}
    short_coded=${coded:0:16}
}

# gives COMMAND...: succeeds, and the first column of its first line is the whole CID.
gives() {
    run_split "$@"
    assert_success
    assert_equal "$(head -n1 <<<"$output" | cut -f1)" "$whole"
}

@test "codex-chunk takes the beginning of a CID wherever it takes one" {
    codex-chunk get "$short" | cmp - <(gen 1 400000)
    codex-chunk get <<<"$short" | cmp - <(gen 1 400000)
    whole=$cid
    gives codex-chunk stat "$short"
    gives codex-chunk keep --until never "$short"
    gives codex-chunk label "$short" thing
    run_split codex-chunk verify "$short"
    assert_success
    codex-chunk export "$short" -o a.car
    codex-chunk -r other import a.car
    assert_equal "$(codex-chunk block get "$short@1" | sha256sum)" "$(gen 1 131072 | tail -c 65536 | sha256sum)"
    run_split codex-chunk block has "$short@1"
    assert_output "$short@1	present"
    block=$(codex-merkle leaves "$cid" | sed -n 2p)
    whole=$block
    gives codex-chunk stat "${block:0:20}"
    run_split codex-chunk block has "${block:0:20}"
    assert_output "${block:0:20}	present"
    run_split codex-chunk rm "$short@1"
    assert_output "$cid@1	removed	65536"
    run_split codex-chunk rm - <<<"{\"cid\":\"$short\"}"
    assert_output "$cid	removed	400000"
    head -c 30 /dev/urandom >loose
    whole=$(codex-chunk block put loose)
    gives codex-chunk block rm "${whole:0:20}"
}

@test "and so do codex-ec, codex-merkle and codex-prove" {
    whole=$coded
    gives codex-ec encode -k 2 -m 1 "$short"
    gives codex-ec erase --blocks 0 "$short_coded"
    run_split codex-ec status "$short_coded"
    assert_failure 1
    assert_output --partial "$coded	repairable"
    gives codex-ec repair "$short_coded"
    gives codex-ec verify - <<<"$short_coded"
    whole=$cid
    gives codex-ec decode "$short_coded"
    tree=$(codex-merkle root "$cid")
    assert_equal "$(codex-merkle root "$short")" "$tree"
    assert_equal "$(codex-merkle root "${tree:0:14}")" "$tree"
    assert_equal "$(codex-merkle leaves "$short" | wc -l)" 7
    assert_equal "$(codex-merkle proof --index 3 "$short")" "$(codex-merkle proof --index 3 "$cid")"
    verifiable=$(codex-prove slots "$short_coded" | cut -f1)
    assert_equal "$(codex-prove roots "${verifiable:0:14}" | wc -l)" 3
    run_split codex-prove sample --slot 0 --entropy 7 "${verifiable:0:14}"
    assert_success
}

@test "what begins more than one is refused, and they are listed" {
    # These two blocks' CIDs share twelve characters.
    one=$(printf 1353 | codex-chunk block put)
    two=$(printf 3462 | codex-chunk block put)
    assert_equal "${one:0:12}" "${two:0:12}"
    run_split codex-chunk stat "${one:0:12}"
    assert_refused 65 "${one:0:12}: begins more than one CID: "
    assert_stderr --partial "$one"
    assert_stderr --partial "$two"
    assert_stderr --partial 'hint: write more of it'
    run_split codex-chunk stat --json "${one:0:12}"
    assert_equal "$(jq -r .code <<<"$stderr")" cid.invalid
    run_split codex-chunk block has --batch - <<<"${one:0:12}"
    assert_success
    assert_output "${one:0:12}	invalid"
    run_split codex-chunk block rm "${one:0:12}" "${one:0:13}"
    assert_failure 65
    assert_output "$one	removed"
    run_split codex-chunk stat "${two:0:12}"
    assert_success
}

@test "too short is 65, and none is 1, with the repo that was asked" {
    run_split codex-chunk get "${cid:0:11}" -o out
    assert_refused 65 "is too short for the beginning of a CID"
    assert_stderr --partial 'at least 12 characters'
    run_split codex-chunk stat zDvZRwzm1111111
    assert_failure 1
    assert_stderr --partial "zDvZRwzm1111111: no dataset in the repo $CODEX_REPO begins so"
    run_split codex-ec status zDvZRwzm1111111
    assert_failure 1
    assert_stderr --partial "no dataset in the repo $CODEX_REPO begins so"
}

@test "not in the repo names the repo, and hints carry -r when it was given" {
    codex-chunk -r 'my repo' init >/dev/null
    run_split codex-chunk -r 'my repo' get "$cid" -o out
    assert_refused 1 "dataset $cid: not in the repo my repo"
    assert_stderr --partial "hint: list what is here: codex-chunk -r 'my repo' ls"
    run_split codex-chunk ls --repo='my repo' --json
    # Its hints can be typed.
    run_split codex-chunk get -r 'my repo' --json "$cid" -o out
    hint=$(jq -r .hint <<<"$stderr")
    run bash -c "${hint#*: }"
    assert_success
    # The environment is the hint's, too.
    run_split codex-ec status "${cid%?}2"
    assert_failure 1
    assert_stderr --partial "not in the repo $CODEX_REPO"
    assert_stderr --partial 'hint: list what is here: codex-chunk ls'
    block=$(codex-merkle leaves "$cid" | head -n1)
    for command in 'stat' 'block get'; do
        # shellcheck disable=SC2086 # words
        run_split codex-chunk -r 'my repo' $command "$block"
        assert_failure 1
        assert_stderr --partial 'not in the repo my repo'
        assert_stderr --partial "codex-chunk -r 'my repo' ls --blocks"
    done
}

@test "a file in the place of a CID is told from a CID" {
    echo "$cid" >photo.cid
    local command
    for command in 'codex-chunk get' 'codex-chunk stat' 'codex-ec status' 'codex-merkle leaves' \
        'codex-prove sample --slot 0 --entropy 1' 'codex-chunk export' 'codex-chunk verify'; do
        # shellcheck disable=SC2086
        run_split $command photo.cid
        assert_failure 65
        assert_stderr --partial 'error: photo.cid: is a file, not a CID'
        assert_stderr --partial "hint: take CIDs from it: $command <photo.cid; "
        if [[ $command == codex-merkle* ]]; then
            assert_stderr --partial "cut it into blocks: $command --raw photo.cid"
        else
            assert_stderr --partial 'store it: codex-chunk put photo.cid'
        fi
    done
    codex-chunk stat <photo.cid >/dev/null
    run_split codex-chunk stat no-such-file
    assert_failure 65
    [[ $stderr != *'is a file'* ]]
}
