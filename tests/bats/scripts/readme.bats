# README.md's commands, block by block, as they stand there.
load ../common

# block HEADING: the first ```sh block below that heading.
block() {
    awk -v heading="## $1" '
        $0 == heading { found = 1 }
        found && /^```$/ && inside { exit }
        found && inside
        found && /^```sh$/ { inside = 1 }' "$CODEX_SOURCE/README.md" >block.sh
    assert [ -s block.sh ]
}

# run_block: as typed into a shell, where a command that fails does not end the session. $stderr has a
# line "ended with CODE: COMMAND" for each that did.
run_block() {
    # shellcheck disable=SC2016 # for the inner shell
    run_split bash -c 'set -uo pipefail
        trap '\''echo "ended with $?: $BASH_COMMAND" >&2'\'' ERR
        source ./block.sh'
}

setup() {
    codex_setup
    mkdir -p "$HOME/Pictures" bin build
    gen 1 700000 >"$HOME/Pictures/a"
    gen 2 300000 >"$HOME/Pictures/b"
    ln -s "$CODEX_BIN" build/bin
    # shellcheck disable=SC2016
    printf '#!/bin/sh\ntest "$1" = other-host && shift && HOME=$HOME/there CODEX_REPO= exec "$@"\n' >bin/ssh
    chmod +x bin/ssh
    PATH=$PWD/bin:$PATH
    unset CODEX_REPO
}

@test "the short tour" {
    block 'A short tour'
    run_block
    assert_success
    refute grep '^ended with' <<<"$stderr"
    refute grep ': error: ' <<<"$stderr"

    cid=$(CODEX_REPO=$HOME/my-repo codex-chunk ls | awk '$3 == "protected" { print $1 }')
    assert_regex "$cid" '^zDvZRwz'
    assert_line --regexp "^$cid	[0-9]+	[0-9]+	[0-9]" # erase
    assert_line --regexp "^$cid	repairable	"          # status
    assert_line --regexp '^  slot 1 data +\.'          # and its map
    assert_equal "$(grep -cx "$cid" <<<"$output")" 2  # repair, import
    assert_line --regexp '/Pictures/a$'               # get | tar t
    assert_line --regexp "^$cid	[0-9]+	protected	"    # ls
    assert_line --regexp "^zDxW[^	]*	7	[0-9]+\$"      # the proof of block 7
    assert_file_not_empty block7
    HOME=$HOME/there codex-chunk get "$cid" | tar t | grep -q '/Pictures/b$'
    assert_line --regexp '^16U[A-Za-z0-9]+	0	/ip4/127\.0\.0\.1/tcp/[0-9]+/p2p/16U' # health
    assert_line --regexp "^$cid	[0-9]+	[0-9]+\$"                                 # fetch
    codex-chunk -r fetched get "$cid" | tar t | grep -q '/Pictures/b$'
    grep -q 'Exited codex' node.log
}

@test "build and install: what it calls is there, and the installed copy runs" {
    block 'Build and install'
    local build
    build=$(realpath "$CODEX_BIN/..")
    rm -r build
    mkdir scripts
    ln -s "$build" build
    cp "$CODEX_SOURCE/CMakePresets.json" .
    local stub
    for stub in scripts/packages bin/ninja bin/cpack; do
        printf '#!/bin/sh\necho "%s $*" >>%q/calls\n' "${stub##*/}" "$PWD" >"$stub"
    done
    # The build of this test is the one that is installed, into this test's folder.
    # shellcheck disable=SC2016
    printf '#!/bin/sh\ncase $1 in --install) exec /usr/bin/cmake "$@" ;; esac
echo "cmake $*" >>%q/calls\n' "$PWD" >bin/cmake
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nDESTDIR=%q/root exec "$@"\n' "$PWD" >bin/sudo
    chmod +x scripts/packages bin/*
    run_block
    assert_success
    assert_equal "$(<calls)" $'packages \ncmake --preset release\nninja -C build\ncpack '
    run cmake --list-presets
    run jq -r '.configurePresets[].name' CMakePresets.json
    assert_line release
    run find root -name codex-chunk -type f -perm -u+x -exec {} --version ';'
    assert_output --partial 'codex-chunk '
    run find root -name codex-chunk.1
    assert_output --partial '/share/man/man1/codex-chunk.1'
}

@test "the scripts that the first block names are there and say how they are called" {
    block 'Two commands'
    local script
    while read -r script; do
        run_split "$CODEX_SOURCE/$script" --no-such-option
        assert_failure 64
        assert_stderr --partial "usage: $script"
    done < <(grep -oE '^\./scripts/[a-z]+' block.sh | cut -c3-)
    assert_equal "$(grep -c '^\./scripts/' block.sh)" 2
}
