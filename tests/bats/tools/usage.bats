# What a command line that is not understood gets, from every command of every tool: 64, one line in our
# own words and where to read on, and not a byte on stdout. The commands are those that the tools name.
load ../common

tools=(codex-chunk codex-ec codex-market codex-merkle codex-prove codex-serve)

# commands TOOL JQ: the commands that run and for which the filter holds, each with what its required
# arguments need.
commands() {
    "$1" --dump-commands | jq -r ".commands[] | select(.runs) | select($2)"' | .name
        + (if .name | endswith("completion") then " bash"
           else ([.arguments[] | select(.required) | " x"] | add // "") end)'
}

# refuses COMMAND [WORD...]: ends with 64 as it should.
refuses() {
    local -
    set +T
    local command=$1
    shift
    # shellcheck disable=SC2086 # words
    run_split $command "$@" </dev/null
    assert_refused 64 "${command%% *}: error: " || fail "$command $*"
    assert_stderr --partial ' --help' || fail "$command $*"
    # Not the words of the library below: it writes sentences.
    [[ ! $stderr =~ error:\ [A-Z][a-z]|The\ following|Run\ with|was\ not\ expected|[A-Z][a-z]+Error ]] ||
        fail "$command $*: $stderr"
    [[ $stderr$'\n' != *.$'\n'* ]] || fail "$command $*: $stderr"
}

@test "an option that is none" {
    local tool command
    for tool in "${tools[@]}"; do
        while read -r command; do
            refuses "$command" --nonsense
            # shellcheck disable=SC2086 # words
            run_split $command --json --nonsense
            assert_failure 64
            assert_output ''
            echo "$stderr" >>objects
        done < <(commands "$tool" true)
        assert_equal "$(jq -r '.code + " " + (.exit | tostring)' objects | sort -u)" 'usage 64'
        assert_equal "$(jq -s length objects)" "$(commands "$tool" true | wc -l)"
        rm objects
        refuses "$tool" --nonsense
        refuses "$tool" nonsense
        refuses "$tool"
    done
}

@test "an option that means nothing to the command" {
    local tool command
    for tool in "${tools[@]}"; do
        while read -r command; do refuses "$command" -o out; done < <(commands "$tool" '.output | not')
        while read -r command; do refuses "$command" -n; done < <(commands "$tool" '.dryRun | not')
        while read -r command; do refuses "$command" --unordered; done < <(commands "$tool" '.unordered | not')
        while read -r command; do refuses "$command" --batch; done < <(commands "$tool" '.batch | not')
        while read -r command; do refuses "$command" --buffer; done < <(commands "$tool" true)
    done
}

@test "an option without its value, twice, or with a value that it does not take" {
    local tool command
    for tool in "${tools[@]}"; do
        while read -r command; do
            refuses "$command" --threads
            refuses "$command" --threads many
            refuses "$command" --threads 1025
            refuses "$command" --threads 1 --threads 2
            refuses "$command" --progress loud
            refuses "$command" --quiet=yes
            refuses "$command" --lock-timeout soon
            refuses "$command" --log-level loud
            refuses "$command" --repo ''
            refuses "$command" --config-file ''
        done < <(commands "$tool" '.name | endswith(" config")')
    done
}

@test "the options of each command" {
    local tool line command option value
    for tool in "${tools[@]}"; do
        while IFS=$'\t' read -r command option value; do
            if [[ -z $value ]]; then # a flag
                refuses "$command" "$option=1"
            else
                refuses "$command" "$option"
            fi
            case $value in
            N | K | M | T | I | S | L | D | B | SIZE | DURATION | WHEN) refuses "$command" "$option" '?' ;;
            *'|'*) refuses "$command" "$option" neither ;;
            esac
        done < <("$tool" --dump-commands | jq -r '.commands[] | select(.runs) | .name as $name
            | ([.arguments[] | select(.required) | " x"] | add // "") as $words
            | .options[] | [$name + $words, .names[-1], .value // ""] | @tsv')
    done
}

@test "an argument too many, and one too few" {
    local tool command
    for tool in "${tools[@]}"; do
        while read -r command; do
            refuses "$command" x x x
        done < <(commands "$tool" '[.arguments[] | select(.many)] == []')
        while read -r command; do
            refuses "${command% x}"
        done < <(commands "$tool" '[.arguments[] | select(.required)] != [] and (.name | endswith("completion") | not)')
    done
}

@test "nothing is out before it is known that the command line is wrong" {
    gen 1 300000 >file
    cid=$(codex-chunk put file)
    mkdir folder
    refuses "codex-chunk get $cid $cid" --range 0-9
    run_split codex-chunk get --range 0-9 < <(printf '%s\n%s\n' "$cid" "$cid")
    assert_refused 64 '--range is for one dataset'
    refuses "codex-chunk get $cid" --range 9-1
    refuses 'codex-chunk get zzz' --range x
    refuses "codex-ec erase $cid" --blocks 0,x
    refuses "codex-ec erase $cid zzz" --slots 2-1
    refuses "codex-chunk put file file" --name one
    refuses "codex-chunk put file" --block-size 1GiB
    refuses "codex-chunk put - -"
    refuses "codex-chunk block put file" --codec nonsense
    refuses "codex-merkle leaves $cid" --raw file
    refuses "codex-merkle root" --raw file --digests file
    refuses "codex-prove prove $cid" --zkey none
    # What only one of several inputs does not fit is no usage error, and the others are done.
    run_split codex-chunk put file folder file
    assert_failure 65
    assert_equal "${#lines[@]}" 2
    assert_stderr --partial 'folder: is a folder'
    run_split codex-ec erase -n --blocks 99999 "$cid"
    assert_failure 65
}

@test "the exit codes that all tools share" {
    cid=$(gen 1 300000 | codex-chunk put)
    mkdir folder
    local tool
    # expect CODE WORD...
    expect() {
        run_split "${@:2}"
        [[ $status == "$1" ]] || fail "${*:2}: $status, not $1: $stderr"
    }
    for command in 'codex-chunk get' 'codex-chunk stat' 'codex-chunk rm' 'codex-chunk keep --until 30d' \
        'codex-chunk export' 'codex-chunk block get' 'codex-chunk block rm' 'codex-ec encode -k 2 -m 1' \
        'codex-ec decode' 'codex-ec status' 'codex-ec repair' 'codex-ec verify' 'codex-ec erase --random 1' \
        'codex-merkle root' 'codex-merkle tree' 'codex-merkle leaves' 'codex-merkle proof --index 0' \
        'codex-prove slots' 'codex-prove roots' 'codex-prove status' \
        'codex-prove input --slot 0 --entropy 1' 'codex-prove sample --slot 0 --entropy 1'; do
        # shellcheck disable=SC2086
        expect 65 $command zzz
        # shellcheck disable=SC2086
        expect 66 $command -r none "$cid"
    done
    for command in 'codex-chunk put' 'codex-chunk import' 'codex-chunk block put' 'codex-merkle root --raw' \
        'codex-merkle root --digests' 'codex-merkle verify --root '"$cid"' --leaf' 'codex-prove info' \
        'codex-prove witness' 'codex-prove verify --vkey' 'codex-prove prove --wtns x --zkey' \
        'codex-prove vkey --zkey' 'codex-prove setup --ptau'; do
        # shellcheck disable=SC2086
        run_split $command missing
        [[ $status == 66 || $command == *--root* ]] || fail "$command: $status $stderr"
        [[ $command != *--root* ]] || continue
        # shellcheck disable=SC2086
        run_split $command folder
        assert_refused 65 'folder: is a folder'
        assert_stderr --partial ' hint: '
    done
    for tool in "${tools[@]}"; do
        expect 66 "$tool" config --config-file missing
        expect 78 env CODEX_LOG=loud "$tool" config
        expect 74 bash -c "$tool config >/dev/full"
        expect 74 bash -c "$tool --help >/dev/full"
        expect 73 "$tool" completion bash -o missing/out
        expect 0 "$tool" --help
        expect 0 "$tool" --version
    done
}
