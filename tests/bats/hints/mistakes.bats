# What somebody types who comes from other tools: one thing in the place of another, words in another order.
# Each error names thing, cause and way out, and what it offers works.
load ../common
load hints

setup() {
    codex_setup
    gen 1 300000 >file
    plain=$(codex-chunk put file | cut -f1)
}

@test "a CID where a file is wanted" {
    block=$(codex-merkle leaves "$plain" | head -1)
    local command
    for command in 'codex-chunk put' 'codex-chunk import' 'codex-chunk block put' 'codex-merkle root --raw' \
        'codex-merkle root --digests' 'codex-prove info' 'codex-prove witness' 'codex-prove contribute' \
        'codex-prove calldata' 'codex-prove verify --vkey'; do
        # shellcheck disable=SC2086 # words
        run_split $command "$plain"
        assert_refused 66 "$plain: is a CID, and no file is called so"
        hint "write what it names to a file: codex-chunk get $plain -o FILE"
        part 'write what it names to a file: codex-chunk {} {} -o FILE' 'get it: codex-chunk get CID'
    done
    pasted 'codex-chunk get'
    assert_success
    cmp file FILE
    run_split codex-chunk put "$block"
    hint "write what it names to a file: codex-chunk block get $block -o FILE"
    pasted 'codex-chunk block get'
    assert_success
    # A file of that name is one.
    cp file "$plain"
    codex-chunk put "$plain"
}

@test "a file to write to, behind the CID" {
    run_split codex-chunk get "$plain" back.bin
    assert_failure 65
    assert_stderr --partial '"back.bin" is not a CID'
    hint "to write to a file of that name: codex-chunk get $plain -o back.bin"
    part 'for example: {}'
    pasted 'codex-chunk get'
    assert_success
    cmp file back.bin
    run_split codex-chunk block get "./my block" "$plain@1"
    hint "to write to a file of that name: codex-chunk block get $plain@1 -o './my block'"
    pasted 'codex-chunk block get'
    assert_success
    # What cannot be written to a file of -o says how text is.
    run_split codex-ec decode "$plain" -o back
    assert_refused 64 '-o means nothing to codex-ec decode: redirect what it prints, with >'
}

@test "arguments the other way round" {
    run_split codex-chunk label 'my photos' "$plain"
    assert_refused 65 '"my photos" is not a CID'
    hint "the CID comes first: codex-chunk label $plain 'my photos'"
    pasted 'codex-chunk label'
    assert_success
    assert_equal "$(codex-chunk ls | cut -f7)" 'my photos'
    run_split codex-chunk label "$plain"
    assert_refused 64 "TEXT is missing: at most 255 bytes; '' takes the label away"
    hint 'for example: codex-chunk label '
    for words in "4 2 $plain" "$plain 4 2"; do
        # shellcheck disable=SC2086 # words
        run_split codex-ec encode $words
        hint "for example: codex-ec encode -k 4 -m 2 $plain"
    done
    pasted 'codex-ec encode'
    assert_success
    for words in "$plain 3" "$plain@3"; do
        # shellcheck disable=SC2086 # words
        run_split codex-merkle proof $words
        assert_refused 64 '--index is missing: which leaf?'
        hint "for example: codex-merkle proof $plain --index 3"
        part 'for example: {}{} --index {}'
        pasted 'codex-merkle proof'
        assert_success
    done
    run_split codex-merkle proof --raw file
    hint 'for example: codex-merkle proof --raw file --index 0'
    pasted 'codex-merkle proof'
    assert_success
    run_split codex-merkle verify proof
    hint 'the tree of a dataset is printed so: codex-merkle root CID'
    run_split codex-merkle leaves "$plain" "$plain"
    assert_refused 64 'one CID at a time'
    hint 'call it once for each'
}

@test "a folder, or a CID, where no argument is" {
    run_split codex-chunk init 'new repo'
    assert_refused 64 "unexpected argument 'new repo'"
    hint "did you mean: codex-chunk init --repo 'new repo'"
    part '{} --repo {}' 'init'
    pasted 'codex-chunk init'
    assert_success
    for command in ls gc space; do
        run_split codex-chunk $command 'new repo'
        hint "did you mean: codex-chunk $command --repo 'new repo'"
        pasted "codex-chunk $command"
        assert_success
        run_split codex-chunk $command "$plain"
        assert_refused 64 "unexpected argument '$plain'"
        hint "it takes no CID; look at this one: codex-chunk stat $plain"
        part 'it takes no CID; look at this one: codex-chunk stat {}'
        pasted 'codex-chunk stat'
        assert_success
    done
    run_split codex-chunk ls file
    assert_refused 64 "unexpected argument 'file'"
    [[ $stderr != *'--repo'* ]] || fail "$stderr"
}

@test "help, behind the command and before it" {
    local command
    for command in 'codex-chunk get' 'codex-ec status' 'codex-prove roots'; do
        # shellcheck disable=SC2086 # words
        run_split $command help
        assert_refused 65 '"help" is not a CID'
        hint "what the command takes: $command --help"
        pasted "$command"
        assert_success
        assert_output --partial "usage: $command"
        for words in "${command%% *} help ${command#* }" "$command -h" "${command%% *} -h ${command#* }" \
            "$command --json --help" "${command%% *} --json help ${command#* }"; do
            # shellcheck disable=SC2086
            run_split $words
            assert_success
            assert_output --partial "usage: $command"
        done
    done
    for words in '--version' 'ls --version' '--json --version' '--version --json'; do
        # shellcheck disable=SC2086
        run_split codex-chunk $words
        assert_success
        assert_output --partial codex-chunk
    done
}

@test "completion for no shell, and for one that is not known" {
    local tool
    for tool in codex-chunk codex-ec codex-merkle codex-prove; do
        run_split "$tool" completion
        assert_refused 64 'SHELL is missing: bash, zsh or fish'
        hint "for example: $tool completion bash > "
        run_split env -u SHELL "$tool" completion
        assert_refused 64 'SHELL is missing: bash, zsh or fish'
        for shell in tcsh '' /bin/bash; do
            run_split "$tool" completion "$shell"
            assert_failure 64
            [[ -z $shell ]] || assert_refused 64 "'$shell' is none of bash, zsh, fish"
            [[ -z $shell ]] || hint "name one of them: $tool completion bash"
        done
        part 'name one of them: ' ' completion bash'
        run_split "$tool" completion tcsh
        pasted "$tool completion"
        assert_success
    done
    run_split codex-prove contribute
    assert_refused 64 'ZKEY is missing: the key'
    hint 'for example: codex-prove contribute '
}

@test "the name of an option as a command, and options of other commands" {
    run_split codex-ec map
    assert_refused 64 "unknown command 'map'"
    hint 'that is an option: codex-ec status --map'
    part 'that is an option: {}{}' '; and of others'
    pasted 'codex-ec status' || true
    for words in 'map' '--map' 'ls --map' 'help map'; do
        # shellcheck disable=SC2086 # words
        run_split codex-chunk $words
        assert_failure 64
        hint 'that is an option: codex-ec status --map'
    done
    run_split codex-ec status --range 1-2
    assert_refused 64 'unknown option --range'
    hint 'that is an option: codex-chunk get --range'
    run_split codex-chunk rebuild-index
    hint 'that is an option: codex-chunk verify --rebuild-index'
    run_split codex-chunk ls --codec raw
    hint 'that is an option: codex-chunk block put --codec'
    run_split codex-chunk json
    hint 'did you mean: --json'
    run_split codex-merkle samples
    hint 'that is an option: codex-prove prove --samples; or: codex-prove sample --samples'
    run_split codex-merkle expires
    hint '; and of others'
}

@test "a text without quotes in the settings" {
    echo 'nat = none' >settings
    run_split codex-serve config --config-file settings
    assert_refused 78 'settings:1: nat: none: a text stands in quotes'
    hint 'for example: {} = "{}"'
    echo "${stderr##*: for example: }" >settings
    run_split codex-serve config --config-file settings
    assert_success
}

@test "an option in the place of a value" {
    run_split codex-chunk put --name --quiet file
    assert_refused 64 '--name needs a value: --name NAME; what stands behind it is the option --quiet'
    hint 'if that is the value, join them: {}={}'
    run_split codex-chunk put --name=--quiet file
    assert_success
    run_split codex-serve run --api-port --disc-port 0
    assert_refused 64 '--api-port needs a value: --api-port PORT; what stands behind it is the option --disc-port'
    run_split codex-serve run --net-privkey --metrics
    assert_refused 64 '--net-privkey needs a value: --net-privkey FILE; what stands behind it is the option --metrics'
    assert_not_exists --metrics
}

@test "options before their command" {
    local tool command options
    for tool in codex-chunk codex-ec codex-market codex-merkle codex-prove codex-serve; do
        while IFS=$'\t' read -r command options; do
            # shellcheck disable=SC2086 # words
            run_split "$tool" $options ${command#* }
            assert_refused 64 "${options%% *} stands before its command"
            hint "options of a command stand behind it: $command $options; see: $command --help"
        done < <("$tool" --dump-commands | jq -r '.commands[] | select(.runs and .options != [])
            | [.name, ([.options[] | .names[-1] + if .value then " 7" else "" end] | join(" "))] | @tsv')
    done
    part 'options of a command stand behind it: {}'
    codex-market key new one.key >made
    run_split codex-market -r "$CODEX_REPO" --ledger 'a ledger' init --verifier=test --period 60
    hint "options of a command stand behind it: codex-market init -r $CODEX_REPO --ledger 'a ledger' --verifier=test --period 60"
    pasted 'codex-market init'
    assert_success
    run_split codex-market --eth-private-key one.key balance --ledger 'a ledger'
    pasted 'codex-market balance'
    assert_success
    # A key in the place of its file is said nowhere.
    for word in "--eth-private-key $(<one.key)" "--eth-private-key=$(<one.key)"; do
        # shellcheck disable=SC2086 # words
        run_split codex-market $word balance
        hint 'options of a command stand behind it: codex-market balance --eth-private-key FILE'
        [[ $stderr != *"$(<one.key)"* ]] || fail "$stderr"
    done
}

@test "commands at another place" {
    run_split codex-ec ls
    hint 'that is a command of another tool: codex-chunk ls'
    run_split codex-chunk block ls
    hint 'did you mean: codex-chunk ls'
    run_split codex-chunk has
    hint 'did you mean: codex-chunk block has'
    run_split codex-chunk dump
    hint 'did you mean: codex-chunk get'
    run_split codex-market report
    hint 'did you mean: codex-market ledger report'
    run_split codex-market key verify
    hint 'did you mean: codex-market ledger verify'
    run_split codex-market list request
    hint 'did you mean: codex-market get request; or: codex-market request'
    run_split codex-chunk stats
    hint 'did you mean: codex-chunk space'
    run_split codex-ec pull
    hint 'did you mean: codex-chunk import'
    local word
    for word in serve start daemon; do
        run_split codex-serve $word
        hint 'did you mean: codex-serve run'
    done
    run_split codex-serve status
    hint 'did you mean: codex-serve health'
    run_split codex-serve router list
    hint 'did you mean: codex-serve router show'
    for word in pull clone download get; do
        run_split codex-serve $word
        hint 'did you mean: codex-serve fetch'
    done
}

@test "each option of each tool is known to the others" {
    local tool other option commands
    for tool in codex-chunk codex-ec codex-merkle codex-prove; do
        other=codex-chunk
        [[ $tool != codex-chunk ]] || other=codex-ec
        "$other" --dump-commands | jq -r '.commands[].options[].names[]' >known
        while IFS=$'\t' read -r option commands; do
            ! grep -Fqx -e "$option" known || continue
            run_split "$other" "$option"
            assert_refused 64 "unknown option $option"
            # Of those that are named, each has it.
            if [[ $stderr != *'did you mean'* ]]; then
                [[ $stderr == *': hint: that is an option: '* ]] || fail "$option: $stderr"
                while read -r named; do
                    [[ $'\n'$(printf '%b' "$commands")$'\n' == *$'\n'"${named% "$option"}"$'\n'* || $named != "$tool "* ]] ||
                        fail "$option: $named"
                done < <(grep -o 'codex-[a-z]* [a-z0-9 -]*' <<<"${stderr%%; see: *}" | grep -e " $option\$")
            fi
        done < <("$tool" --dump-commands | jq -r '[.commands[] | select(.name | test(" (help|config|completion)$") | not)
            | .name as $name | .options[].names[] | {option: ., $name}] | group_by(.option)[]
            | [.[0].option, (map(.name + "\\n") | add)] | @tsv' | sed 's/\\\\n/\\n/g')
    done
}

@test "slots that there are not" {
    gen 3 20000 >small
    coded=$(codex-chunk put --block-size 512 small | codex-ec encode -k 2 -m 1)
    run_split codex-ec erase --slots 9 "$coded"
    assert_refused 65 'slot 9: the dataset has slots 0 to 2'
    hint "slots count from 0; see what each of them has: codex-ec status --map $coded"
    part 'slots count from 0; see what each of them has: codex-ec status --map CID'
    pasted 'codex-ec status'
    assert_success
    assert_equal "$(grep -c '^  slot [012] ' <<<"$output")" 3
    slots=$(codex-prove slots --cell-size 128 "$coded")
    for command in 'sample --entropy 1' 'input --entropy 1 --max-depth 8 --max-log2-slots 3 --block-depth 2 --cell-elements 5'; do
        # shellcheck disable=SC2086 # words
        run_split codex-prove $command --slot 9 "$slots"
        assert_refused 65 'slot 9: the dataset has slots 0 to 2'
        hint 'name one of these; slots count from 0'
        [[ $stderr != *codex-chunk* ]] || fail "$stderr"
    done
    # Where the command that is offered tells it, it still is.
    run_split codex-chunk block get "$coded@999"
    hint "see what it has: codex-chunk stat $coded"
}

@test "files of the wrong kind, for codex-prove" {
    local circuit=(--max-depth 8 --max-log2-slots 3 --block-depth 2 --cell-elements 5 --samples 2)
    codex-prove setup --quiet "${circuit[@]}" -o key.zkey
    codex-prove r1cs "${circuit[@]}" -o key.r1cs
    echo '{"entropy":"1"}' >input.json
    mkdir folder
    # What is said begins with what was given.
    for name in key.zkey key.r1cs; do
        run_split codex-prove info $name
        assert_success
        assert_equal "${output%%	*}" "$name"
    done
    for name in input.json file folder nothing -; do
        run_split codex-prove info "$name"
        assert_failure
        [[ $stderr == "codex-prove: error: $name: "* ]] || fail "$stderr"
        [[ $stderr == *': hint: '* ]] || fail "$stderr"
    done
    run_split codex-prove info -
    assert_refused 64 'info reads files, and not stdin'
    hint 'keep what comes in a file, and name that'
    run_split codex-prove info input.json
    assert_refused 65 'input.json: is JSON, and no .r1cs, .wtns, .zkey or .ptau file'
    hint 'an input is tried so: codex-prove witness --check input.json; a proof so: codex-prove verify --zkey FILE input.json'
    part 'an input is tried so: codex-prove witness --check {}; a proof so: codex-prove verify --zkey FILE {}'
    run_split codex-prove verify --vkey key.zkey input.json
    assert_refused 65 'key.zkey: is a .zkey file, and no key in JSON'
    hint 'that is a key, too, and taken so: --zkey key.zkey'
    part 'that is a key, too, and taken so: --zkey {}'
    run_split codex-prove verify --vkey input.json input.json
    assert_failure 65
    hint 'a key in JSON is JSON, as this prints it: codex-prove vkey --zkey FILE'
    part 'a {} is JSON, as this prints it: codex-prove vkey --zkey FILE'
    for name in key.zkey key.r1cs file input.json; do
        for command in 'verify --zkey key.zkey' calldata; do
            # shellcheck disable=SC2086 # words
            run_split codex-prove $command $name
            assert_refused 65 "$name: "
            hint 'a proof is JSON, as this prints it: codex-prove prove --zkey FILE CID --slot I --challenge 0x...'
        done
    done
    run_split codex-prove calldata key.zkey
    assert_refused 65 'key.zkey: is a .zkey file, and no proof'
    run_split codex-merkle leaves --digests input.json
    assert_refused 65 'input.json line 1: no "cid" in the object'
    hint 'a list has one {} a line, or the lines that --json prints'
    run_split codex-chunk stat <file
    assert_failure 65
}

@test "a repo that is there is said once" {
    run_split codex-chunk init
    assert_refused 73 "$CODEX_REPO: is a repo already"
    assert_equal "${stderr_lines[1]}" 'codex-chunk: hint: change its settings: codex-chunk init --set'
}

@test "what a user may not read or write" {
    only_root
    chmod 600 file
    mkdir closed open
    chmod 777 open
    echo x >closed/file
    chmod 700 closed
    run_split as_stranger codex-chunk -r "$PWD/closed/repo" ls
    assert_failure 77
    assert_stderr --partial "$PWD/closed/repo/: Permission denied"
    hint 'give this user the right to it, or be a user who has it'
    for words in 'codex-chunk put file' 'codex-chunk put closed/file' 'codex-chunk import file' \
        'codex-merkle root --raw file' 'codex-prove info file'; do
        # shellcheck disable=SC2086 # words
        run_split as_stranger env HOME="$PWD/none" CODEX_REPO="$PWD/open/repo" $words
        assert_failure 77
        [[ $stderr == *file*': Permission denied'* && $stderr == *': hint: '* ]] || fail "$words: $stderr"
    done
}
