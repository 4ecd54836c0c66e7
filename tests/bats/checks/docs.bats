# scripts/check-docs fails when a page, section, option, completion, test or example is missing.
load ../common

# A tree with one tool, whose every command is written about; each test takes one thing away.
setup() {
    codex_setup
    mkdir -p tools/codex-x man tests/bats/codex-x bin
    cat >dump.json <<'JSON'
{"tool": "codex-x",
 "globalOptions": [{"names": ["-r", "--repo"], "help": "h", "value": "DIR"}],
 "commands": [
  {"name": "codex-x", "runs": false, "options": [], "examples": ["codex-x put a", "codex-x config"]},
  {"name": "codex-x config", "runs": true, "examples": ["codex-x config", "codex-x config --origin"],
   "options": [{"names": ["--origin"], "help": "h"}]},
  {"name": "codex-x block", "runs": false, "options": [],
   "examples": ["codex-x block get A", "codex-x block get --raw A"]},
  {"name": "codex-x put", "runs": true, "examples": ["codex-x put a", "codex-x put -k 2 a | cut -f1"],
   "options": [{"names": ["-k", "--data"], "help": "h", "value": "K"}]},
  {"name": "codex-x block get", "runs": true, "examples": ["codex-x block get CID", "codex-x block get A"],
   "options": [{"names": ["--raw"], "help": "h"}]}]}
JSON
    cat >bin/codex-x <<'TOOL'
#!/bin/sh
case $1 in
--dump-commands) cat dump.json ;;
completion) cat completion ;;
esac
TOOL
    chmod +x bin/codex-x
    printf 'echo put block get config --data --raw data raw\n' >completion
    printf 'codex-x put f\ncodex-x block get c\n' >tests/bats/codex-x/all.bats
    printf "example codex-x.1 'Put a file'\n" >tests/bats/codex-x/examples.bats
    cat >man/codex-x.1.scd <<'PAGE'
codex-x(1)

# NAME

codex-x - does things

# SYNOPSIS

*codex-x*

# DESCRIPTION

It does things.

# COMMANDS

## put [_FILE_]

*-k*, *--data* _K_
	Data.

## block get _CID_

*--raw*
	Raw.

*-r* _DIR_
	Again.

# OPTIONS

Those of all.

# OUTPUT

Nothing.

# EXIT STATUS

Zero.

# ENVIRONMENT

None.

# FILES

None.

# EXAMPLES

Put a file:

```
codex-x put --data 2 a \\
    | while read -r cid; do codex-x block get "$cid"; done
```

# SEE ALSO

*codex-pipes*(7)
PAGE
    cat >man/codex-pipes.7.scd <<'PAGE'
codex-pipes(7)

# NAME

codex-pipes - what all have

# OPTIONS

*-r*, *--repo* _DIR_
	The repo.

Each tool has the commands *help*, *completion* and *config*.

*--origin*
	Where from.

# SEE ALSO

*sh*(1)
PAGE
}

check() { run "$CODEX_SOURCE/scripts/check-docs" . bin; }

# misses TEXT: the check fails for this reason alone.
misses() {
    check
    assert_failure 1
    assert_line --partial "$1"
    assert_line 'check-docs: 1 gaps'
}

@test "a tool that is all written about passes" {
    check
    assert_success
    assert_output 'check-docs: 1 tools, all right'
}

@test "a missing man page is a gap" {
    rm man/codex-x.1.scd
    misses 'man/codex-x.1.scd: there is no such page'
}

@test "a missing section is a gap" {
    sed -i 's/^## put.*/## other/; /^\*-k/d' man/codex-x.1.scd
    check
    assert_failure
    assert_line 'man/codex-x.1.scd: no section "## put"'
    assert_line 'man/codex-x.1.scd: no line for option --data of codex-x put'
}

@test "an option missing in the man page is a gap" {
    sed -i 's/^\*--raw\*/_--raw_/' man/codex-x.1.scd
    misses 'man/codex-x.1.scd: no line for option --raw of codex-x block get'
}

@test "an option that only the man page has is a gap" {
    sed -i 's/^\*--raw\*/*--raw*, *--cooked*/' man/codex-x.1.scd
    misses 'man/codex-x.1.scd: codex-x block get has no option --cooked'
}

@test "an option under the wrong command is a gap" {
    sed -i 's/^\*--raw\*/*--raw*, *--data*/' man/codex-x.1.scd
    misses 'man/codex-x.1.scd: codex-x block get has no option --data'
}

@test "a page that does not lead to what all tools share is a gap" {
    sed -i 's/codex-pipes/other/' man/codex-x.1.scd
    misses 'man/codex-x.1.scd: does not refer to codex-pipes(7)'
}

@test "a global option missing in codex-pipes is a gap" {
    sed -i 's/--repo/--depot/' man/codex-pipes.7.scd
    misses 'man/codex-pipes.7.scd: no line for option --repo'
}

@test "no word about what every tool has in codex-pipes is a gap" {
    sed -i 's/\*completion\*/nothing/' man/codex-pipes.7.scd
    misses 'man/codex-pipes.7.scd: nothing on the command *completion*'
    sed -i 's/nothing/*completion*/; s/\*--origin\*/That/' man/codex-pipes.7.scd
    misses 'man/codex-pipes.7.scd: no line for option --origin'
}

@test "a section that is missing or out of order is a gap" {
    sed -i '/^# FILES/,/^None/d' man/codex-x.1.scd
    misses 'man/codex-x.1.scd: no section FILES'
    printf '\n# FILES\n\nNone.\n' >>man/codex-x.1.scd
    misses 'man/codex-x.1.scd: FILES comes after SEE ALSO'
}

@test "a page that scdoc or mandoc complains about is a gap" {
    printf '\n*a*\n\tIndented to the end.\n' >>man/codex-x.1.scd
    misses 'missing end of block: RS'
    printf 'no title\n' >man/codex-other.7.scd
    check
    assert_failure
    assert_line --partial 'man/codex-other.7.scd: '
}

@test "a command or option missing in a completion is a gap in each shell" {
    printf 'echo put block get config --data data\n' >completion
    check
    assert_failure
    for shell in bash zsh fish; do
        assert_line --regexp "codex-x completion $shell: nothing for (--)?raw of codex-x block get"
    done
    printf 'echo put block config --data --raw data raw\n' >completion
    check
    assert_line 'codex-x completion bash: nothing for get of codex-x block get'
}

@test "a completion that the shell cannot parse is a gap" {
    printf 'if put block get config --data --raw data raw\n' >completion
    check
    assert_failure
    for shell in bash zsh fish; do
        assert_line --partial "codex-x completion $shell: "
    done
}

@test "a command that no BATS file runs is a gap" {
    printf 'codex-x put f\n' >tests/bats/codex-x/all.bats
    misses 'tests/bats/codex-x: no file runs codex-x block get'
}

@test "a command, tool or group without two examples is a gap" {
    sed -i 's/"codex-x block get CID", //' dump.json
    misses 'codex-x block get --help: 1 examples, not two'
    sed -i 's/"codex-x put a", "codex-x config"//' dump.json
    check
    assert_line 'codex-x --help: 0 examples, not two'
}

@test "an example with an option or command that there is not is a gap" {
    sed -i 's/--data 2 a/--data 2 --nodes a/' man/codex-x.1.scd
    misses 'codex-x put has no option --nodes'
    sed -i 's/ --nodes//; s/block get "/block drop "/' man/codex-x.1.scd
    misses 'codex-x block has no command drop'
    sed -i 's/block drop "/block get "/' man/codex-x.1.scd
    sed -i 's/codex-x put -k 2 a/codex-x put -m 2 a/' dump.json
    misses 'codex-x put --help: codex-x put has no option -m'
    sed -i 's/codex-x put -m 2 a/codex-x put -k 2 a/' dump.json
    printf 'Run\n\n```sh\ncodex-x frob\n```\n' >README.md
    misses 'README.md:4: codex-x has no command frob'
}

@test "an example of a page that no test runs is a gap" {
    sed -i 's/Put a/Store a/' man/codex-x.1.scd
    misses 'no test runs the example: Store a file:'
}

@test "an example that is not shell is a gap" {
    sed -i 's/; done$//' man/codex-x.1.scd
    misses 'not shell: '
}

# Gives the page an example that shows what its commands print.
add_transcript() {
    sed -i '/^# SEE ALSO/,$d' man/codex-x.1.scd
    printf '%s\n' "What it prints:" '' '```' '$ for a in 1 2; do' '>     codex-x put "$a"' '> done' 'one' \
        '> two' '```' '' '# SEE ALSO' '' '*codex-pipes*(7)' >>man/codex-x.1.scd
}

@test "an example that shows what is printed is run by a transcript of its page" {
    add_transcript
    misses 'man/codex-x.1.scd:61: no test runs the example: What it prints:'
    printf 'transcript codex-y.1\n' >tests/bats/codex-x/transcript.bats
    misses 'no test runs the example: What it prints:'
    printf 'transcript codex-x.1\n' >tests/bats/codex-x/transcript.bats
    check
    assert_success
    sed -i 's/^>     codex-x put/>     codex-x frob/' man/codex-x.1.scd
    misses 'man/codex-x.1.scd:62: codex-x has no command frob'
}
