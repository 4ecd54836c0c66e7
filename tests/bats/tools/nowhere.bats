# What is given in the place of a CID and names nothing here: one code and one wording, whatever the tool and
# command (codex-exit(7)). The commands are those that the tools name.
load ../common

tools=(codex-chunk codex-ec codex-market codex-merkle codex-prove)

# What the commands need beside a CID; "{}" is its place where it is not the last word.
declare -gA needs=(
    ['codex-chunk keep']='--until 30d'
    ['codex-chunk label']='{} text'
    ['codex-ec encode']='-k 2 -m 1'
    ['codex-ec erase']='--blocks 0'
    ['codex-market request']='--duration 1h --price 1 --collateral 1'
    ['codex-merkle proof']='--index 0'
    ['codex-prove sample']='--slot 0 --entropy 1'
    ['codex-prove input']='--slot 0 --entropy 1'
    ['codex-prove prove']='--slot 0 --entropy 1 --zkey key.zkey --max-depth 8 --max-log2-slots 3 --block-depth 2 --cell-elements 5 --samples 1'
)

setup_file() {
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR codex_setup
    codex-prove setup --quiet --max-depth 8 --max-log2-slots 3 --block-depth 2 --cell-elements 5 --samples 1 -o key.zkey
    gen 1 300000 | codex-chunk put - --label photo >plain
    gen 2 1000 | codex-chunk -r elsewhere put - >foreign
    local tool
    for tool in "${tools[@]}"; do
        "$tool" --dump-commands | jq -r '.commands[] | select(.runs)
            | select(.arguments[0].name // "" | test("^(CID|BLOCK)")) | .name'
    done >commands
}

setup() {
    codex_setup
    CODEX_REPO=$BATS_FILE_TMPDIR/repo
    cp -r "$BATS_FILE_TMPDIR"/work/* .
    foreign=$(cut -f1 foreign)
    mapfile -t commands <commands
}

# command_line COMMAND WORD: $line, with WORD as its CID.
command_line() {
    local needed=${needs[$1]:-}
    [[ $needed == *'{}'* ]] || needed+=' {}'
    # shellcheck disable=SC2206 # words
    line=($1 ${needed})
    line=("${line[@]/#\{\}/$2}")
}

# same_everywhere WORD CODE TEXT [COMMAND...]: from every command but these, given as an argument, and from
# stdin where one comes from there, WORD has this code and text.
same_everywhere() {
    local word=$1 code=$2 text=$3 command line
    shift 3
    for command in "${commands[@]}"; do
        [[ " $* " != *" $command "* ]] || continue
        command_line "$command" "$word"
        run_split "${line[@]}" </dev/null
        assert_refused "$code" ': error: ' || fail "${line[*]}"
        assert_equal "$command: ${stderr_lines[0]#*: error: }" "$command: $text"
        [[ ${stderr_lines[1]:-} == *': hint: '* ]] || fail "no hint: ${line[*]}: $stderr"
        command_line "$command" -
        run_split "${line[@]}" <<<"${word%% *}"
        [[ $word == *' '* ]] || assert_equal "$command -: ${stderr_lines[0]#*: error: }" "$command -: $text"
        [[ $word == *' '* ]] || assert_equal "$command -: $status" "$command -: $code"
    done
}

@test "the commands that take a CID are known" {
    assert [ "${#commands[@]}" -gt 25 ]
}

@test "a word that is no CID is 65" {
    same_everywhere nosuch 65 '"nosuch" is not a CID'
    assert_stderr --partial 'list what is here: codex-chunk ls'
    same_everywhere no-such.thing 65 '"no-such.thing" is not a CID'
}

@test "the beginning of a CID that is nowhere is 1, and named by its kind" {
    same_everywhere zDvNoSuchDataset 1 "zDvNoSuchDataset: no dataset in the repo $CODEX_REPO begins so"
    assert_stderr --partial 'list what is here: codex-chunk ls'
    same_everywhere zDzNoSuchTree 1 "zDzNoSuchTree: no tree in the repo $CODEX_REPO begins so"
    same_everywhere zDxNoSuchBrick 1 "zDxNoSuchBrick: no block in the repo $CODEX_REPO begins so"
    assert_stderr --partial 'list what is here: codex-chunk ls --blocks'
    same_everywhere zDvNo 65 '"zDvNo" is too short for the beginning of a CID'
}

@test "a whole CID of what is not here is 1" {
    # Those that are about blocks call it that; one asks, one removes what may be gone.
    same_everywhere "$foreign" 1 "dataset $foreign: not in the repo $CODEX_REPO" \
        'codex-chunk block get' 'codex-chunk block has' 'codex-chunk block rm'
    run_split codex-chunk block get "$foreign"
    assert_refused 1 "block $foreign: not in the repo $CODEX_REPO"
    run_split codex-chunk block has "$foreign"
    assert_failure 1
    assert_output "$foreign	missing"
    run_split codex-chunk block rm "$foreign"
    assert_success
    assert_output "$foreign	missing"
}

@test "a label is 65, and leads to the dataset" {
    same_everywhere photo 65 '"photo" is a label, and labels name nothing'
    local command
    for command in "${commands[@]}"; do
        command_line "$command" photo
        run_split "${line[@]}" </dev/null
        assert_stderr --partial ": hint: name the dataset of this label by its CID: $command "
        assert_stderr --partial " $(cut -f1 plain)"
    done
}
