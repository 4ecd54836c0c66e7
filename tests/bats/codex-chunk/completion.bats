# codex-chunk completion, --help, --version
load ../common

# complete WORD...: what bash offers for the last word.
complete_words() {
    eval "$(codex-chunk completion bash)"
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _codex_chunk
    printf '%s\n' "${COMPREPLY[@]}"
}

@test "bash completes commands, options, choices" {
    run complete_words codex-chunk ''
    assert_line put
    assert_line block
    run complete_words codex-chunk block ''
    assert_output "$(printf 'put\nget\nhas\nrm')"
    run complete_words codex-chunk put --m
    assert_output --mime
    run complete_words codex-chunk -r somewhere put --layout ''
    assert_output "$(printf 'classic\nv0-2026')"
    run complete_words codex-chunk get --progress a
    assert_output "$(printf 'auto\nalways')"
}

@test "bash completes what stands in each place, and what stands behind =" {
    gen 1 10 | codex-chunk put >cid
    run complete_words codex-chunk label ''
    assert_output "$(<cid)"
    run complete_words codex-chunk label "$(<cid)" ''
    assert_output ''
    run complete_words codex-chunk rm "$(<cid)" ''
    assert_output "$(<cid)"
    run complete_words codex-chunk block rm ''
    assert_output ''
    run complete_words codex-chunk block put --codec dag
    assert_output "$(printf 'dag-pb\ndag-cbor\ndag-json')"
    # As bash cuts it.
    run complete_words codex-chunk put --progress = ''
    assert_output "$(printf 'auto\nalways\nnever\njson')"
    run complete_words codex-chunk put --progress = al
    assert_output always
    run complete_words codex-chunk put --progress =
    assert_output "$(printf 'auto\nalways\nnever\njson')"
    codex-chunk -r other label "$(gen 2 10 | codex-chunk -r other put)" x
    run complete_words codex-chunk --repo = other get ''
    assert_output "$(codex-chunk -r other ls | cut -f1)"
}

@test "bash completes the commands that help explains" {
    run complete_words codex-chunk help ''
    assert_line put
    assert_line block
    run complete_words codex-chunk help block ''
    assert_output "$(printf 'put\nget\nhas\nrm')"
    run complete_words codex-chunk help block get ''
    assert_output ''
    run complete_words codex-chunk help put ''
    assert_output ''
    run complete_words codex-chunk help block --js
    assert_output --json
}

@test "bash completes the CIDs of the repo that is named" {
    local here there
    here=$(gen 1 10 | codex-chunk put)
    there=$(gen 2 10 | codex-chunk -r other put)
    run complete_words codex-chunk get zDv
    assert_output "$here"
    local named
    for named in '-r other' '--repo other' '--repo=other' -rother; do
        # shellcheck disable=SC2086 # words
        run complete_words codex-chunk $named rm zDv
        assert_output "$there"
    done
}

@test "scripts for all three shells come out whole" {
    local shell
    for shell in bash zsh fish; do
        run_split codex-chunk completion "$shell"
        assert_success
        refute_stderr
        assert_output --partial 'codex-chunk'
        assert_output --partial 'repair-counters'
    done
    codex-chunk completion bash | bash -n
    run_split codex-chunk completion tcsh
    assert_refused 64 tcsh
}

@test "every help fits a screen, begins with usage and ends with an example" {
    local name count=0
    while read -r name; do
        run_split $name --help
        assert_success
        refute_stderr
        assert_line --index 0 --partial "usage: $name"
        assert [ "${#lines[@]}" -le 40 ]
        assert_output --partial EXAMPLES
        count=$((count + 1))
    done < <(codex-chunk --dump-commands | jq -r '.commands[] | select(.runs or .name == "codex-chunk") | .name')
    assert_equal "$count" 21
}

@test "version" {
    run_split codex-chunk --version
    assert_success
    assert_output --regexp '^codex-chunk [0-9]+\.[0-9]+\.[0-9]+ \([0-9a-z]+, (gcc|clang) [0-9.]+, cpu: .+\)$'
    CODEX_CPU=portable codex-chunk --version | grep -q 'cpu: portable)$'
}

@test "misuse is 64 with a place to read" {
    run_split codex-chunk
    assert_refused 64 'a command is missing'
    assert_stderr --partial "see: codex-chunk --help"
    run_split codex-chunk put --nonsense
    assert_refused 64 'unknown option --nonsense'
    assert_stderr --partial "see: codex-chunk put --help"
    run_split codex-chunk pit
    assert_refused 64 "unknown command 'pit'"
    assert_stderr --partial 'did you mean: codex-chunk put'
}

@test "zsh completes as bash does" {
    codex-chunk completion zsh >script
    gen 1 10 | codex-chunk -r other put >cid
    cat >try <<'END'
compdef() { :; }
compadd() { shift; print -l -- "$@"; }
_files() { print files; }
source ./script
offer() { words=("$@"); CURRENT=$#; _codex_chunk | sort | tr '\n' ' '; }
print "$(offer codex-chunk block '')"
print "$(offer codex-chunk put --layout '')"
print "$(offer codex-chunk put '')"
print "$(offer codex-chunk -r other get '')"
print "$(offer codex-chunk -r other label zDv '')"
compset() { :; }
print "$(offer codex-chunk put --layout=)"
END
    run_split zsh -f try
    assert_success
    refute_stderr
    assert_output "get has put rm 
classic v0-2026 
files 
$(cat cid) 

classic v0-2026 "
}

@test "fish completes as bash does" {
    codex-chunk completion fish >script
    gen 1 10 | codex-chunk put >cid
    gen 2 10 | codex-chunk -r other put >other.cid
    cat >try <<'END'
source ./script
for line in 'codex-chunk block ' 'codex-chunk put --layout ' 'codex-chunk -r x block h' \
    'codex-chunk get ' 'codex-chunk -r other get ' 'codex-chunk get --repo other zDv' \
    'codex-chunk --repo=other get ' 'codex-chunk -rother get ' 'codex-chunk -r other label ' \
    'codex-chunk -r other label zDv ' 'codex-chunk rm zDv '
    complete -C $line | cut -f1 | sort | tr '\n' ' '
    echo
end
END
    run_split fish --no-config try
    assert_success
    assert_output "get has put rm 
classic v0-2026 
has 
$(cat cid) 
$(cat other.cid) 
$(cat other.cid) 
$(cat other.cid) 
$(cat other.cid) 
$(cat other.cid) 

$(cat cid) "
}

@test "what the scripts are made of are scripts, and no name in them stays empty" {
    cd "$CODEX_SOURCE/scripts/completion"
    bash -n words.sh
    bash -n completion.bash
    zsh -n completion.zsh
    fish -n completion.fish
    local tool shell
    for tool in codex-chunk codex-ec codex-merkle codex-prove; do
        for shell in bash zsh fish; do
            run_split "$tool" completion "$shell"
            refute_output --regexp '@[A-Z_]+@'
        done
    done
}
