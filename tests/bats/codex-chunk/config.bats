# codex-chunk config: flag > environment > configuration file > default
load ../common

setup() {
    codex_setup
    mkdir -p "$HOME/.config/codex"
    file=$HOME/.config/codex/config.toml
}

@test "shows every setting and where it comes from" {
    unset CODEX_REPO
    run_split codex-chunk config --show-origin
    assert_success
    refute_stderr
    assert_line "config-file	$file	default	"
    assert_line "repo	$HOME/.local/share/codex	default	"
    cat >"$file" <<END
repo = "$PWD/from-file"
threads = 2   # of many
END
    CODEX_THREADS=3 run_split codex-chunk config --show-origin --log-level debug
    assert_line "repo	$PWD/from-file	file	$file:1"
    assert_line "threads	3	environment	CODEX_THREADS"
    assert_line "log-level	debug	flag	--log-level"
    assert_line "lock-timeout	10s	default	"
    run_split codex-chunk config
    assert_line "threads	2"
}

@test "the tools use what the file says, unless something stronger says otherwise" {
    unset CODEX_REPO
    echo "repo = \"$PWD/filed\"" >"$file"
    gen 1 1000 | codex-chunk put >/dev/null
    assert_file_exists filed/version
    CODEX_REPO=$PWD/named codex-chunk init >/dev/null
    assert_file_exists named/version
    CODEX_REPO=$PWD/named codex-chunk -r flagged init >/dev/null
    assert_file_exists flagged/version
    echo 'progress = "always"' >"$file"
    run_split codex-chunk put "$BASH" -r filed
    assert_stderr --partial put
    CODEX_PROGRESS=never run_split codex-chunk put "$BASH" -r filed
    refute_stderr
}

@test "another file, by environment and by option" {
    echo 'threads = 2' >"$file"
    echo 'threads = 5' >five
    CODEX_CONFIG=five run_split codex-chunk config --show-origin
    assert_line "threads	5	file	five:1"
    CODEX_CONFIG=/dev/null run_split codex-chunk config
    assert_line "threads	0"
    CODEX_CONFIG=/dev/null run_split codex-chunk config --config-file "$file"
    assert_line "threads	2"
    CODEX_CONFIG=nothing run_split codex-chunk config
    assert_refused 66 nothing
}

@test "a mistake is named with its line and ends with 78" {
    printf 'threads = 2\nthread = 3\n' >"$file"
    run_split codex-chunk ls
    assert_refused 78 "$file:2: there is no setting 'thread'"
    assert_stderr --partial 'hint: there are repo, threads'
    printf 'threads = many\n' >"$file"
    run_split codex-chunk ls
    assert_refused 78 "$file:1: "
    head -c 70000 /dev/zero >"$file"
    run_split codex-chunk ls
    assert_refused 65 "codex-chunk: error: configuration file: $file: larger than"
    rm "$file"
    CODEX_THREADS=x run_split codex-chunk ls
    assert_refused 78 "\$CODEX_THREADS: 'x' is no whole number"
    CODEX_LOG=loud run_split codex-chunk ls
    assert_refused 78 CODEX_LOG
    run_split codex-chunk --log-level loud ls
    assert_refused 64 --log-level
    CODEX_THREADS=x run_split codex-chunk --help
    assert_success
}

@test "every tool has it" {
    local tool
    for tool in codex-chunk codex-ec codex-merkle codex-prove; do
        CODEX_THREADS=2 run_split $tool config --show-origin
        assert_line "threads	2	environment	CODEX_THREADS"
    done
}

@test "settings of a command are passed over by all others, of this tool and of the others" {
    local tool name count=0
    codex-chunk config | cut -f 1 | sort >common
    for tool in $(ls "$CODEX_SOURCE/tools"); do
        while read -r name; do
            echo "$name = \"one\"" >"$file"
            run_split codex-serve id # has settings of another command
            assert_failure 66
            run_split codex-merkle config
            assert_success
            refute_stderr
            ((++count))
        done < <("$tool" config --config-file /dev/null | cut -f 1 | sort | comm -23 - common)
    done
    assert [ "$count" -gt 15 ] # there are some
    echo 'disc-prot = 1' >"$file"
    run_split codex-chunk ls
    assert_refused 78 "$file:1: there is no setting 'disc-prot'"
    assert_stderr --partial 'did you mean: disc-port'
}

@test "config shows what holds where nobody says anything" {
    run_split env -u CODEX_API_PORT -u CODEX_DISC_PORT -u CODEX_API_BINDADDR codex-serve config --config-file /dev/null
    assert_success
    local line
    for line in 'disc-port	8090' 'api-port	8080' 'api-bindaddr	127.0.0.1' 'nat	any' 'max-peers	160' 'agent-string	Codex' \
        'metrics	false' 'metrics-port	8008'; do
        assert_line "$line"
    done
}
