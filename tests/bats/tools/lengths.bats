# What a message or an answer repeats of arguments and lines is bounded, however long they are: of each
# command of each tool. The longest path is shown whole.
load ../common

setup() {
    codex_setup
    long=$(head -c 100000 /dev/zero | tr '\0' a)
    # It is on a line of its own, and so long that it is still taken for one.
    { head -c 900000 /dev/zero | tr '\0' b && echo; } >line
    { printf '{"%s":"' id && head -c 900000 /dev/zero | tr '\0' c && echo '"}'; } >object
    echo x | codex-chunk put -q >stored
    codex-market init -q --verifier test --mint "$(codex-market key new | cut -f 1)=1tst" >made
}

# short COMMAND...: it is refused, and says so in little.
short() {
    run_split "$@" </dev/null
    ((status >= 64 && ${#stderr} < 6000 && ${#output} < 6000)) ||
        fail "${*:0:5}"$'\n'"${status}, ${#output} and ${#stderr} bytes"
}

@test "arguments" {
    local tool command option
    for tool in codex-chunk codex-ec codex-market codex-merkle codex-prove codex-serve; do
        short "$tool" "$long"
        short "$tool" --json "--$long=x"
        short "$tool" "-x$long"
        short "$tool" config --lock-timeout "$long"
        while read -r command; do
            # shellcheck disable=SC2086 # words
            short $command --json "$long" "$long" "$long" "$long"
        done < <("$tool" --dump-commands | jq -r '.commands[] | select(.runs) | .name')
    done
    short codex-market get slot "$long"
    [[ $stderr == *': error: "aaaaaaaa'*'aaa...aaa'*'aaa" is not a slot'* ]] || fail "$stderr"
    assert_stderr --partial ' hint: '
    # A word without end is no way out, and help is one.
    short codex-chunk ls "$long"
    assert_equal "${stderr_lines[1]}" 'codex-chunk: hint: see: codex-chunk ls --help'
}

@test "lines that are answered" {
    local tool command file
    for tool in codex-chunk codex-market; do
        while read -r command; do
            for file in line object; do
                # shellcheck disable=SC2086 # words
                run_split $command --batch <"$file"
                [[ $status == 0 && ${#output} -lt 6000 && ${#stderr} -lt 6000 ]] ||
                    fail "$command <$file: $status, ${#output} and ${#stderr} bytes"
                assert_equal "$(wc -l <<<"$output")" 1
            done
        done < <("$tool" --dump-commands | jq -r '.commands[] | select(.batch) | .name')
    done
    run_split codex-market fill <object
    assert_failure 65
    ((${#stderr} < 6000)) || fail "${#stderr} bytes"
}

@test "the longest path is said whole" {
    local path
    printf -v path '%0200d/' {1..20}
    path=${path:0:4000}none
    run_split codex-merkle root --raw "$path"
    assert_refused 66 "$path: No such file or directory"
    run_split codex-chunk put --json "$path"
    assert_equal "$(jq -r .object <<<"$stderr")" "$path"
}

# nowhere CODE COMMAND...: of a name that leads to no file, it says so, and what to name instead.
nowhere() {
    run_split "${@:2}" </dev/null
    assert_equal "$status: ${*:2}" "$1: ${*:2}"
    [[ ${stderr_lines[1]} == *': hint: '*name* ]] || fail "${*:2}"$'\n'"$stderr"
}

@test "a name that leads to no file is as good as none" {
    local name
    echo x >file
    ln -s circle circle
    printf -v long '%0300d' 0
    for name in "$long" file/below circle; do
        nowhere 66 codex-chunk put "$name"
        nowhere 66 codex-chunk ls --config-file "$name"
        nowhere 66 codex-prove info "$name"
        nowhere 66 codex-market time --ledger "$name"
        nowhere 66 codex-market balance --eth-private-key "$name"
        nowhere 73 codex-prove r1cs -o "$name"
        nowhere 73 codex-market init --verifier test --ledger "$name"
        nowhere 73 codex-serve run --data-dir "$name"
    done
    for name in "$long" file/below; do
        nowhere 73 codex-market key new "$name"
    done
}
