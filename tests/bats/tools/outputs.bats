# Where -o leads: every command of every tool, and all kinds of places.
load ../common

# output_commands TOOL: the commands that take -o, each with what it needs to be understood.
output_commands() {
    "$1" --dump-commands | jq -r '.commands[] | select(.output and .runs)
        | .name + (if .name | endswith("completion") then " bash"
                   else ([.arguments[] | select(.required) | " x"] | add // "") end)'
}

@test "a place that is not there is 73, before anything else is looked at" {
    local tool command count=0
    printf x >file
    for tool in codex-chunk codex-ec codex-market codex-merkle codex-prove codex-serve; do
        while read -r command; do
            for place in missing/out file/out "$(printf '%256s' '' | tr ' ' n)"; do
                # shellcheck disable=SC2086 # words
                run_split $command -o "$place" </dev/null
                assert_refused 73 'cannot create '
            done
            # shellcheck disable=SC2086
            run_split $command -o . </dev/null
            assert_refused 73 'is a folder'
            count=$((count + 1))
        done < <(output_commands "$tool")
    done
    ((count > 15))
    assert_equal "$(ls -A)" file
}

@test "a folder that may not be written to is 77" {
    ((EUID != 0)) || skip 'root may write everywhere'
    mkdir -m 555 closed
    cid=$(echo x | codex-chunk put)
    run_split codex-chunk get "$cid" -o closed/out
    assert_refused 77 'cannot create closed/out'
}

@test "a folder that may be written to but not be listed will do" {
    ((EUID != 0)) || skip 'root may list everything'
    mkdir -m 333 drop
    cid=$(echo x | codex-chunk put)
    run_split codex-chunk get "$cid" -o drop/out
    assert_success
    chmod 700 drop
    assert_equal "$(cat drop/out)" x
}

@test "no half of two outputs stays, and devices stay devices" {
    run_split codex-prove prove --zkey none --wtns none --proof proof.json --public missing/public.json
    assert_refused 73 'cannot create missing/public.json: No such file or directory'
    [[ $stderr != *.tmp* ]]
    assert_not_exist proof.json
    mkdir folder
    run_split codex-prove prove --zkey none --wtns none --proof proof.json --public folder
    assert_refused 73 'is a folder'
    run_split codex-prove prove --zkey none --wtns none --proof /dev/null --public /dev/null
    assert_failure 66
    [[ -c /dev/null ]]
    assert_equal "$(ls -A)" folder
}

@test "what is in the repo is the repo's own, whatever names a place in it" {
    cid=$(gen 2 1000 | codex-chunk put)
    index=$CODEX_REPO/index.mdb
    cp "$index" before
    ln -s "$index" link
    ln -s "$CODEX_REPO" folder
    local tool command place count=0
    for tool in codex-chunk codex-ec codex-market codex-merkle codex-prove codex-serve; do
        while read -r command; do
            for place in "$index" "$CODEX_REPO/new" link folder/segments/new "$CODEX_REPO/../repo/new"; do
                # shellcheck disable=SC2086 # words
                run_split $command -o "$place" </dev/null
                assert_refused 73 "$place: is in the repo"
                assert_stderr --partial 'name a file outside of it'
            done
            count=$((count + 1))
        done < <(output_commands "$tool")
    done
    ((count > 15))
    # Also a name alone of what is not there yet, from within.
    for place in . segments node writers; do
        [[ -d $CODEX_REPO/$place ]] || continue
        run_split env -C "$CODEX_REPO/$place" codex-chunk -r "$CODEX_REPO" get "$cid" -o 00000009.seg
        assert_refused 73 '00000009.seg: is in the repo'
        run_split env -C "$CODEX_REPO/segments" codex-chunk -r .. get "$cid" -o 00000009.seg
        assert_refused 73 '00000009.seg: is in the repo'
    done
    env -C "$CODEX_REPO/segments" codex-chunk -r .. get "$cid" -o - | cmp - <(gen 2 1000)
    run_split codex-serve key new "$CODEX_REPO/segments/key"
    assert_refused 73 "$CODEX_REPO/segments/key: is in the repo"
    assert_not_exist "$CODEX_REPO/segments/key" "$CODEX_REPO/segments/00000009.seg"
    # And the options that are places for results, each of its command.
    for command in 'codex-prove prove --zkey none --wtns none --public out --proof' \
        'codex-prove prove --zkey none --wtns none --proof out --public' \
        'codex-serve run -i /ip4/127.0.0.1/tcp/0 --ready-file' "codex-serve fetch $cid --via false --to" \
        "codex-chunk export $cid --to-nim" \
        "codex-prove fetch-circuit --archive none --hash 0x$(printf '%064d' 0) --circuit-dir"; do
        # shellcheck disable=SC2086
        run_split timeout 60 $command "$index"
        assert_refused 73 "$index: is in the repo"
    done
    cmp before "$index"
    assert_not_exists "$CODEX_REPO/new"
    # Another repo has its own, too, wherever it is; what is beside one is in none.
    codex-chunk -r other init >/dev/null
    cp other/index.mdb before
    ln -s other/segments into
    for place in other/index.mdb other/segments/00000009.seg other/new into/new; do
        run_split codex-chunk get "$cid" -o "$place"
        assert_refused 73 "$place: is in another repo"
        assert_stderr --partial 'name a file outside of it'
    done
    run_split codex-serve run -i /ip4/127.0.0.1/tcp/0 --ready-file other/new
    assert_refused 73 'other/new: is in another repo'
    cmp before other/index.mdb
    codex-chunk get "$cid" -o "$CODEX_REPO-copy"
    cmp "$CODEX_REPO-copy" <(gen 2 1000)
}

@test "beside the bytes of a result stdout has nothing: records and summary are on stderr" {
    cid=$(gen 3 100000 | codex-chunk put)
    codex-merkle tree "$cid" --format binary >tree
    codex-chunk export "$cid" >archive
    local where
    for where in '' '-o -' '-o /dev/stdout' '-o /proc/self/fd/1'; do
        # shellcheck disable=SC2086 # words
        codex-chunk get "$cid" --json $where 2>said | cmp - <(gen 3 100000)
        jq -e '.type == "summary" and .bytes == 100000' said
        # shellcheck disable=SC2086
        codex-merkle tree "$cid" --format binary --json $where 2>said | cmp - tree
        jq -e '.type == "summary"' said
        # shellcheck disable=SC2086
        codex-chunk export "$cid" --json $where 2>said | cmp - archive
        jq -e '.type == "summary" and .datasets == 1' said
        # shellcheck disable=SC2086
        codex-chunk get "$cid" $where 2>said | cmp - <(gen 3 100000)
        assert_equal "$(cat said)" ''
        # shellcheck disable=SC2086
        codex-serve -r other fetch "$cid" --via "codex-serve stdio -r $CODEX_REPO" --json --to "${where:3}" \
            2>said | cmp - <(gen 3 100000) || [[ -z $where ]]
        [[ -z $where ]] || jq -se --arg cid "$cid" \
            'map(.type) == ["fetched", "summary"] and .[0].cid == $cid and .[1].records == 1' said
    done
    # The same file as stdout, and one that swallows all.
    codex-chunk get "$cid" --json -o file >file 2>said
    cmp file <(gen 3 100000)
    jq -e '.type == "summary"' said
    run_split codex-chunk get "$cid" --json -o /dev/null
    assert_stderr ''
    assert_output --partial '"type":"summary"'
    # What is not whole has none.
    run_split codex-chunk get "$cid" zDvZRwzmBnoRSWDhPF3jrkUV5X9raFZkX6TW9VYeAaSX1YX2vxK2 --json
    assert_failure 1
    assert_equal "$(jq -r .type <<<"$stderr")" error
}

@test "names as long as a file may have" {
    cid=$(gen 1 100000 | codex-chunk put)
    local length name
    for length in 200 243 244 250 255; do
        name=$(printf "%${length}s" '' | tr ' ' n)
        codex-chunk get "$cid" -o "$name" # a new one
        codex-chunk get "$cid" -o "$name" # in its place
        assert_same "$name" <(gen 1 100000)
    done
    assert_equal "$(ls -A | wc -l)" 5
}

@test "devices, pipes and open descriptors are written to" {
    cid=$(gen 1 100000 | codex-chunk put)
    codex-chunk get "$cid" -o /dev/null
    [[ -c /dev/null ]]
    run_split codex-chunk get "$cid" -o /dev/full
    assert_failure 74
    assert_stderr --partial 'No space left on device'
    mkfifo pipe
    codex-chunk get "$cid" -o pipe &
    assert_same pipe <(gen 1 100000)
    wait "$!"
    [[ -p pipe ]]
    { printf before; codex-chunk get "$cid" -o /dev/stdout; printf behind; } >all
    assert_same all <(printf before; gen 1 100000; printf behind)
    printf before >all
    codex-chunk get "$cid" -o /dev/fd/7 7>>all
    assert_same all <(printf before; gen 1 100000)
    codex-chunk get "$cid" -o /dev/stdout | cmp - <(gen 1 100000)
    codex-prove r1cs --samples 1 -o /dev/stdout | cmp - <(codex-prove r1cs --samples 1)
}
