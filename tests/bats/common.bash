# What every BATS file loads first (`load ../common`): the tools of the build under test, one fresh
# directory, home and repo per test, and a few helpers beside bats-assert and bats-file.
#
#   CODEX_BIN       where the tools are (default: build/bin of this clone)
#   CODEX_TEST_BIN  where the test programs are (default: test-bin beside it)
#
# A file with a setup() of its own calls codex_setup in it.
# shellcheck shell=bash disable=SC2034 # variables here are used by the files that load this one

bats_require_minimum_version 1.5.0

CODEX_SOURCE=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
CODEX_BIN=${CODEX_BIN:-$CODEX_SOURCE/build/bin}
CODEX_TEST_BIN=${CODEX_TEST_BIN:-$CODEX_BIN/../test-bin}
export CODEX_SOURCE CODEX_BIN CODEX_TEST_BIN

# Not their load.bash, which start a process for each of these: most of what a small test would take.
for library in "${BATS_LIB_PATH:-/usr/lib/bats}"/bats-{support,assert,file}/src/*.bash; do
    # shellcheck disable=SC1090
    source "$library"
done

# bats notes before each command where it stands, for the line of the one that fails. It takes longer than most
# commands do: half of what a test of a few short ones takes. This notes the same, without what other systems and
# options need, and nothing of the libraries, which it does not, either.
if [[ $BATS_VERSION == 1.8.* && ${BATS_TRACE_LEVEL:-0} == 0 ]]; then
    bats_debug_trap() {
        [[ $1 != "${BATS_ROOT-}"/lib* && -z ${BATS_INTERRUPTED-}${BATS_TIMED_OUT-} ]] || return 0
        BATS_DEBUG_LASTLAST_STACK_TRACE=(${BATS_DEBUG_LAST_STACK_TRACE[@]+"${BATS_DEBUG_LAST_STACK_TRACE[@]}"})
        BATS_DEBUG_LAST_LINENO=("${BASH_LINENO[@]}")
        BATS_DEBUG_LAST_SOURCE=("${BASH_SOURCE[@]}")
        BATS_DEBUG_LAST_STACK_TRACE=()
        local i
        for ((i = 1; i < ${#FUNCNAME[@]}; ++i)); do
            BATS_DEBUG_LAST_STACK_TRACE+=("${BASH_LINENO[i - 1]} ${FUNCNAME[i]} ${BASH_SOURCE[i]:-$BATS_TEST_SOURCE}")
            case ${FUNCNAME[i]} in
            "${BATS_TEST_NAME-}" | setup | teardown | setup_file | teardown_file) break ;;
            esac
        done
    }
fi

# Enters the test's own empty directory. Nothing of the caller's environment reaches the tools, and
# nothing they write outlives the test.
codex_setup() {
    PATH=$CODEX_BIN:$CODEX_TEST_BIN:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
    HOME=$BATS_TEST_TMPDIR/home
    CODEX_REPO=$BATS_TEST_TMPDIR/repo
    TMPDIR=$BATS_TEST_TMPDIR
    export PATH HOME CODEX_REPO TMPDIR
    export LC_ALL=C.UTF-8 TZ=UTC
    # Nothing waits for the disk, which takes longer than the work: what is tested here survives processes,
    # and no power loss. A sanitizer wants to be the first library, so its builds do wait.
    [[ ! -e $CODEX_TEST_BIN/libcodex-testdisk.so ]] || export LD_PRELOAD=$CODEX_TEST_BIN/libcodex-testdisk.so
    # A node takes requests over HTTP, and datagrams, at any port that is free: several run at once.
    export CODEX_API_PORT=0 CODEX_DISC_PORT=0
    unset XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME NO_COLOR
    mkdir -p "$HOME" "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work" || return 1
}

setup() { codex_setup; }

# skip_with_sanitizers [SANITIZER]: they take address space for shadow memory, and memory and files of
# their own.
skip_with_sanitizers() {
    ! grep -q -- "-fsanitize=${1:-}" "$CODEX_BIN/../build.ninja" || skip 'not with sanitizers'
}

# gen STREAM BYTES: deterministic bytes on stdout, the test byte generator of tests/vectors/README.md.
gen() { "$CODEX_TEST_BIN/codex-testgen" "$1" "$2"; }

# run_split COMMAND...: `run` with $output and $stderr (and $lines, $stderr_lines) apart. It does what
# `run --separate-stderr` does with one process less, or two, and untraced (-T): there are thousands of these.
run_split() {
    local -
    set +eET
    local said=$BATS_TEST_TMPDIR/stderr.$BASHPID
    if declare -F "$1" >/dev/null; then
        output=$("$@" 2>"$said") && status=0 || status=$?
    else
        output=$(exec "$@" 2>"$said") && status=0 || status=$?
    fi
    IFS= read -r -d '' stderr <"$said" || true
    while [[ $stderr == *$'\n' ]]; do stderr=${stderr%$'\n'}; done
    bats_separate_lines lines output
    bats_separate_lines stderr_lines stderr
    BATS_RUN_COMMAND="$*"
}

# run_json COMMAND...: run_split of a command with --json; the line that ends its output, which must be a
# summary, goes to $summary, and $output and $lines have the rest.
run_json() {
    run_split "$@"
    summary=${lines[-1]:-}
    [[ $summary == '{"type":"summary",'* ]] ||
        batslib_print_kv_single 8 stdout "$output" stderr "$stderr" |
        batslib_decorate 'stdout does not end with a summary' | fail || return
    unset 'lines[-1]'
    output=$(records <<<"$output")
}

# records: NDJSON from stdin without its summary.
records() { sed '/^{"type":"summary",/d'; }

# page_as_read PAGE: man/PAGE.scd with backslashes as man(1) shows them, where scdoc takes one away.
page_as_read() { sed 's/\\\(.\{0,1\}\)/\1/g' "$CODEX_SOURCE/man/$1.scd"; }

# example PAGE TEXT: runs the example of man/PAGE.scd that follows the line that starts with TEXT, as a
# reader sees it, as run_split does. scripts/check-docs wants such a call for every example.
example() {
    page_as_read "$1" | awk -v text="$2" '
        index($0, text) == 1 { found = 1 }
        found && /^```$/ { if (inside) exit; inside = 1; next }
        inside' >"$BATS_TEST_TMPDIR/example"
    [[ -s $BATS_TEST_TMPDIR/example ]] || fail "man/$1.scd: no example after '$2'" || return
    # shellcheck disable=SC2016 # for the inner shell
    run_split bash -c 'set -euo pipefail; source "$1"' example "$BATS_TEST_TMPDIR/example"
}

# transcript PAGE: runs what stands behind "$ " (and, going on, behind "> ") in EXAMPLES of man/PAGE.scd,
# in the order of the page and in one shell, and compares what each prints with what the page shows below
# it. A command that fails is not right, whatever it prints. For scripts/check-docs this runs every
# such example of the page.
transcript() {
    local steps=$BATS_TEST_TMPDIR/transcript
    mkdir -p "$steps"
    page_as_read "$1" | awk -v steps="$steps" '
        /^# / { on = /EXAMPLES/ }
        on && /^```$/ { inside = !inside; name = ""; next }
        !on || !inside { next }
        /^\$ / {
            name = sprintf("%s/%03d", steps, ++count)
            print substr($0, 3) >(name ".command")
            printf "" >(name ".shown")
            begun = 1
            next
        }
        /^> / && name && begun { print substr($0, 3) >(name ".command"); next }
        name { begun = 0; print >(name ".shown") }'
    assert_file_exist "$steps/001.command"
    # shellcheck disable=SC2016 # for the inner shell
    run bash -c 'set -uo pipefail
        for transcript_step in "$1"/*.command; do
            source "$transcript_step" </dev/null >"$transcript_step.printed" 2>&1
            transcript_status=$?
            diff -u "${transcript_step%.command}.shown" "$transcript_step.printed" &&
                ((transcript_status == 0)) && continue
            printf "%s\nended with %s:\n" "the page shows, and it prints, in a step that" "$transcript_status"
            cat "$transcript_step"
            exit 1
        done' transcript "$steps"
    assert_success
}

# wait_for CONDITION [SECONDS]: evaluates CONDITION until it is true, or fails after SECONDS (60: machines may be busy).
wait_for() {
    local condition=$1 end=$((SECONDS + ${2:-60}))
    until eval "$condition"; do
        if ((SECONDS >= end)); then
            echo "not true within ${2:-60} s: $condition" >&2
            return 1
        fi
        sleep 0.02
    done
}

# assert_stderr TEXT, assert_stderr --partial TEXT: what the last run_split said on stderr.
assert_stderr() {
    local -
    set +T
    if [[ $1 == --partial ]]; then
        [[ $stderr == *"$2"* ]] && return
        batslib_print_kv_single 8 substring "$2" stderr "$stderr" |
            batslib_decorate 'stderr does not contain substring' | fail
    else
        [[ $stderr == "$1" ]] && return
        batslib_print_kv_single 8 expected "$1" actual "$stderr" |
            batslib_decorate 'stderr differs' | fail
    fi
}

# refute_stderr: the last run_split said nothing on stderr.
refute_stderr() { assert_stderr ''; }

# assert_refused CODE TEXT: the last run_split ended with exit code CODE, printed nothing on stdout,
# and gave one error line that contains TEXT (a "hint:" line may follow it).
assert_refused() {
    local -
    set +T
    assert_failure "$1"
    assert_output ''
    assert_stderr --partial "$2"
    local line errors=0 others=0
    while IFS= read -r line; do
        [[ $line != *': error: '* ]] || errors=$((errors + 1))
        [[ $line == *': hint: '* ]] || others=$((others + 1))
    done <<<"$stderr"
    assert_equal "$errors error lines, $others that are no hint" '1 error lines, 1 that are no hint'
}

# assert_same FILE FILE: the same bytes.
assert_same() {
    cmp -- "$1" "$2" || fail "files differ: $1 $2"
}
