# Lines that are no call: each is told from the others, by every command in one way.
load ../common
load market

setup() {
    codex_setup
    start_market
    document >good
}

# named COMMAND...: of lines that are no call, and say no id, the errors and the answers name the line.
named() {
    local -
    set +T
    printf '%s\n' '{bad' '[1]' '{"x":"é"}' >lines
    [[ $1 != fill && $1 != prove-submit ]] || printf '%s\n' '{"id":5}' 'no JSON' >>lines
    run_split as client "$@" --batch --json <lines
    assert_success
    records <<<"$output" | jq -r '[.error.object, .object, .error.message, .error.hint] | @tsv' >answers
    while IFS=$'\t' read -r object about message hint; do
        [[ $object == "$about" && $hint != '' ]] || fail "$*: $(<answers)"
        ((++number))
        [[ $object == "stdin line $number" || $object == '[1]' ]] || fail "$*: $(<answers)"
        [[ $message != *document* ]] || fail "$*: $(<answers)"
    done <answers
}

@test "a line that is no JSON, or says no id, is named by its number" {
    local command
    for command in fill prove-submit request reserve mark-missing free withdraw 'mint' transfer approve; do
        number=0
        named $command
        assert_equal "$number" "$(wc -l <lines)"
    done
    # Without --batch, too.
    printf '%s\n' '{bad' '{"id":5}' >lines
    run_split as client fill lines
    assert_failure 65
    assert_stderr --partial 'error: lines line 1: '
    assert_stderr --partial 'error: lines line 2: '
    run_split as client reserve <lines
    assert_refused 65 'stdin line 1: not a JSON object'
}

@test "what says its id, and words, are named by that" {
    post
    jq -cn --arg id "$request" '{id: $id, proof: 5}' >lines
    run_split as client fill <lines
    assert_refused 65 "error: $request: "
    run_split as client transfer --batch <<<"$bob 1.5"
    assert_success
    [[ $output == *"$bob 1.5"* ]] || fail "$output"
}
