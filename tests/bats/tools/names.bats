# Foreign text in messages: names, options, variables, lines of stdin. Nothing of it reaches the terminal
# as a command, and what a hint offers can be pasted.
load ../common

# ESC, a line end, DEL, C1 as an octet and as UTF-8, no UTF-8 at all, a direction override.
nasty=$'a\e]0;x\a\e[2J\nb\x7f\x9b\xc2\x9b\xff\xe2\x80\xaez'

# assert_tame: what the last run_split said on stderr is ASCII that can be seen, a line a message.
assert_tame() {
    [[ -n $stderr ]] || fail 'nothing was said' || return
    ! LC_ALL=C grep -q '[^ -~]' <<<"$stderr" || fail "$(cat -v <<<"$stderr")" || return
    ! grep -qvE '^codex-[a-z]+: (error|warning|hint): ' <<<"$stderr" || fail "$stderr"
}

@test "names on the command line are shown, not obeyed" {
    local tool
    for tool in codex-chunk codex-ec codex-market codex-merkle codex-prove codex-serve; do
        run_split "$tool" "$nasty"
        assert_failure 64
        assert_tame
        run_split "$tool" "--$nasty"
        assert_failure 64
        assert_tame
        run_split "$tool" config "--$nasty=$nasty"
        assert_failure 64
        assert_tame
        run_split "$tool" config "$nasty"
        assert_failure 64
        assert_tame
        run_split "$tool" config --threads "$nasty"
        assert_failure 64
        assert_tame
        run_split "$tool" config --progress "$nasty"
        assert_failure 64
        assert_tame
        run_split "$tool" config --log-level "$nasty"
        assert_failure 64
        assert_tame
        run_split "$tool" config --config-file "$nasty"
        assert_failure 66
        assert_tame
        run_split "$tool" completion "$nasty"
        assert_failure 64
        assert_tame
        run_split env CODEX_PROGRESS="$nasty" "$tool" config
        assert_failure 78
        assert_tame
    done
}

@test "inputs of commands are shown, not obeyed" {
    echo x | codex-chunk put >/dev/null
    local command
    for command in 'codex-chunk put' 'codex-chunk get' 'codex-chunk stat' 'codex-chunk rm' \
        'codex-chunk import' 'codex-chunk export' 'codex-chunk block put' 'codex-chunk block get' \
        'codex-chunk block has' 'codex-chunk block rm' 'codex-chunk keep' 'codex-ec encode -k 2 -m 1' \
        'codex-ec status' 'codex-ec repair' 'codex-ec decode' 'codex-ec verify' \
        'codex-ec erase --random 1' 'codex-merkle root' 'codex-merkle leaves' 'codex-merkle tree' \
        'codex-merkle proof --index 0' 'codex-merkle root --raw' 'codex-merkle root --digests' \
        'codex-merkle verify --root' 'codex-prove slots' 'codex-prove roots' 'codex-prove info' \
        'codex-prove witness' 'codex-prove prove --zkey' 'codex-prove verify --vkey'; do
        # shellcheck disable=SC2086 # words
        run_split $command "$nasty"
        [[ $status -ge 64 && $status -lt 128 ]] || fail "$command: $status"
        assert_tame
    done
    for command in 'codex-chunk get' 'codex-chunk stat' 'codex-ec status' 'codex-merkle root' \
        'codex-prove roots'; do
        # shellcheck disable=SC2086
        run_split $command <<<$'\e[2J\x9b\xff'
        assert_failure 65
        assert_tame
    done
}

@test "repo, output file and configuration file are shown, not obeyed" {
    run_split codex-chunk -r "$nasty" ls
    assert_failure 66
    assert_tame
    cid=$(echo x | codex-chunk put)
    run_split codex-chunk get "$cid" -o "$nasty/x/y"
    assert_tame
    printf 'a\x9b\e = 1\n' >config
    run_split codex-chunk --config-file config ls
    assert_failure 78
    assert_tame
}

@test "a log line is a line" {
    run_split codex-chunk config --log-level $'info;trace:a\e[2J\nb\x9b\xff'
    assert_success
    ! LC_ALL=C grep -q '[^ -~]' <<<"$stderr"
    assert_equal "${#stderr_lines[@]}" 1
}

@test "text columns are escaped, JSON is UTF-8" {
    printf x >"$nasty"
    run_split codex-chunk put "$nasty" "$nasty"
    assert_success
    assert_line --index 0 --partial $'\ta\\x1b]0;x\\x07\\x1b[2J\\nb\\x7f\\x9b\\xc2\\x9b\\xff\\xe2\\x80\\xaez'
    ! LC_ALL=C grep -q $'[^\t -~]' <<<"$output"
    run_split codex-chunk put --json "$nasty"
    assert_success
    assert_equal "$(jq -r .file <<<"${lines[0]}")" $'a\e]0;x\a\e[2J\nb\x7f\xef\xbf\xbd\xc2\x9b\xef\xbf\xbd\xe2\x80\xaez'
    assert_line --index 0 --partial '\u009b'
}

@test "what a hint offers can be pasted" {
    local name
    for name in 'a b' "it's" '$(touch owned)' -rf $'new\nline' $'\e[2J' 'back\slash' '~'; do
        rm -rf -- work && mkdir work && cd work
        mkdir -- "./$name" && printf x >"./$name/file"
        run_split codex-chunk put -- "$name"
        assert_failure 65
        command=$(sed -n 's/^codex-chunk: hint: store it as one file: //p' <<<"$stderr")
        run_split bash -c "$command"
        assert_success
        codex-chunk get "$output" | tar t | grep -q 'file$'
        assert_not_exist owned
        cd ..
    done
}
