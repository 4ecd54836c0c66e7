# What --help, help and hints say, for every command of every tool.
load ../common

tools() { ls "$CODEX_SOURCE/tools"; }

# What each tool says of its commands: TOOL.json; and their names: TOOL.names.
setup_file() {
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR codex_setup
    local tool
    for tool in $(tools); do
        "$tool" --dump-commands >"$tool.json"
        jq -r '.commands[].name' "$tool.json" >"$tool.names"
    done
}

setup() {
    codex_setup
    dumps=$BATS_FILE_TMPDIR/work
}

# commands TOOL: "TOOL", "TOOL put", "TOOL block get" ...
commands() { cat "$dumps/$1.names"; }

@test "no line of any help is longer than 80 columns" {
    local tool command count=0
    for tool in $(tools); do
        while read -r command; do
            # shellcheck disable=SC2086 # its words
            $command --help >>helps
            ((++count))
        done < <(commands "$tool")
    done
    run awk 'length > 80' helps
    assert_output ''
    assert [ "$count" -gt 50 ]
}

@test "examples that are broken into lines are still one command line" {
    local tool command
    for tool in $(tools); do
        # All commands of a tool at once, each behind a line with its name.
        while read -r command; do
            echo "= $command"
            # shellcheck disable=SC2086
            $command --help
        done < <(commands "$tool") >texts
        jq -r '.commands[] | "= " + .name, .examples[]' "$dumps/$tool.json" | tr -s ' ' >expected
        # What the shell sees: a backslash or a pipe at the end takes the next line in.
        sed '/^= codex-/,/^EXAMPLES$/{/^= codex-/!d}' texts |
            sed -E ':a; /(\\|\|)$/{N; s/ *\\?\n */ /; ta}; s/^  //' | tr -s ' ' >joined
        assert_same joined expected
    done
}

@test "help COMMAND says what COMMAND --help says" {
    local tool command
    for tool in $(tools); do
        while read -r command; do
            # shellcheck disable=SC2086
            assert_equal "$($tool help ${command#"$tool"})" "$($command --help)"
        done < <(commands "$tool")
    done
    run_split codex-chunk help blok
    assert_refused 64 "unknown command 'blok'"
    assert_stderr --partial 'did you mean: codex-chunk block'
    run_split codex-chunk help nonsense
    assert_refused 64 "unknown command 'nonsense'"
    assert_stderr --partial 'hint: list them: codex-chunk --help'
}

@test "a tool knows the commands of the others: each is suggested where it is not" {
    local tool command word other
    for tool in $(tools); do
        while read -r command; do
            word=${command#"$tool "}
            [[ $word != "$tool" && $word != *' '* ]] || continue
            [[ ! $word =~ ^(help|completion|config)$ ]] || continue
            for other in $(tools); do
                [[ $'\n'$(<"$dumps/$other.names")$'\n' != *$'\n'"$other $word"$'\n'* ]] || continue
                run_split "$other" "$word"
                assert_refused 64 "unknown command '$word'"
                assert_stderr --partial "$command"
            done
        done < <(commands "$tool")
    done
}

@test "what other programs call a command is understood" {
    local words
    while read -r words; do
        run_split codex-chunk "${words%% *}"
        assert_refused 64 "unknown command '${words%% *}'"
        assert_stderr --partial "did you mean: codex-chunk ${words#* }"
    done <<'EOF'
list ls
add put
cat get
version --version
remove rm
delete rm
show stat
check verify
prune gc
du space
EOF
    run_split codex-ec recover
    assert_stderr --partial 'did you mean: codex-ec repair'
    run_split codex-ec list
    assert_stderr --partial 'did you mean: codex-market list; or: codex-chunk ls'
    run_split codex-chunk encode
    assert_stderr --partial 'that is a command of another tool: codex-ec encode'
}

@test "no arguments at all: an error that shows a first command" {
    local tool
    for tool in $(tools); do
        run_split "$tool"
        assert_refused 64 "$tool: a command is missing"
        assert_stderr --partial "hint: for example: "
        assert_stderr --partial "see: $tool --help"
    done
}

@test "a file or a CID in the place of the command is recognised" {
    : >photo.jpg
    run_split codex-chunk photo.jpg
    assert_refused 64 "unknown command 'photo.jpg'"
    assert_stderr --partial 'that is a file; store it: codex-chunk put photo.jpg'
    local cid
    cid=$(gen 1 10 | codex-chunk put)
    run_split codex-chunk "$cid"
    assert_failure 64
    assert_stderr --partial "that is a CID; get it: codex-chunk get $cid; look at it: codex-chunk stat $cid"
}

@test "a file in the place of an option's value is recognised by the end of its name" {
    : >key.zkey
    : >'two words.zkey'
    run_split codex-prove vkey key.zkey
    assert_refused 64 "unexpected argument 'key.zkey'"
    assert_stderr --partial 'did you mean: --zkey key.zkey'
    run_split codex-prove vkey 'two words.zkey'
    assert_stderr --partial "did you mean: --zkey 'two words.zkey'"
    run_split codex-prove vkey none.zkey
    assert_refused 64 "unexpected argument 'none.zkey'"
    assert_stderr --partial 'did you mean: --zkey none.zkey' # that it is not there is said then
    run_split codex-prove vkey key.other
    [[ $stderr != *'did you mean'* ]] || fail "$stderr"
}

@test "with --json version and help are objects, too" {
    local tool
    for tool in $(tools); do
        run_json "$tool" --json --version
        assert_success
        assert_equal "$(jq -r '[.type, .tool] | @tsv' <<<"$output")" "$(printf 'version\t%s' "$tool")"
        assert_equal "$(jq -r '"\(.tool) \(.version) (\(.revision), \(.compiler), cpu: \(.cpu))"' <<<"$output")" \
            "$("$tool" --version)"
        run_json "$tool" help --json
        assert_equal "$(jq -r .text <<<"$output")" "$("$tool" --help)"
        run_json "$tool" --help --json
        assert_equal "$(jq -r .text <<<"$output")" "$("$tool" --help)"
    done
    run_json codex-chunk --json help block get
    assert_equal "$(jq -r .command <<<"$output")" 'codex-chunk block get'
}
