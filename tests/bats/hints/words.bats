# Hints about what else is typed: commands, options, sizes, times, settings.
load ../common
load hints

setup() {
    codex_setup
    gen 1 300000 >file
    plain=$(codex-chunk put file | cut -f1)
}

@test "sizes, durations, times" {
    run_split codex-chunk put --block-size many file
    hint 'write bytes or a binary multiple: 65536, 64KiB, 1.5GB'
    codex-chunk put --block-size 64KiB file
    run_split codex-chunk ls --lock-timeout soon
    hint 'write a number and a unit of s, m, h, d, w: 90s, 1d12h'
    codex-chunk ls --lock-timeout 1d12h
    run_split codex-chunk init --set --ttl soon
    hint 'write a number and a unit of s, m, h, d, w, or never: 30d, 1d12h'
    run_split codex-chunk init --set --ttl 0s
    hint 'for ever is: --ttl never'
    codex-chunk init --set --ttl never
    run_split codex-chunk put --expires 2027-31-01 file
    hint 'write a duration (30d), a date (2027-01-31), a date-time (2027-01-31T12:00:00Z), @ and Unix seconds, or never'
    codex-chunk put --expires 30d file
    for when in tomorrow 30x ' ' -5s; do
        run_split codex-chunk put --expires "$when" file
        assert_refused 64 "--expires: time \"$when\""
        hint 'write a duration (30d), a date (2027-01-31), a date-time (2027-01-31T12:00:00Z), @ and Unix seconds, or never'
    done
    run_split codex-chunk keep "$plain"
    hint 'say until when: --until 30d, --until 2027-01-31, --until never'
    codex-chunk keep --until never "$plain"
}

@test "what get and put take" {
    run_split codex-chunk get --range 5 "$plain" -o back
    hint 'A-B with both ends included, A- to the end, or -N for the last N'
    codex-chunk get --range 5-7 "$plain" -o back
    mkdir "a folder"
    cp file "a folder"
    run_split codex-chunk put "a folder"
    hint 'store it as one file: tar c {} | codex-chunk put -'
    pasted 'tar c'
    assert_success
    run_split codex-chunk block put "a folder"
    assert_refused 65 'a folder: is a folder'
    hint 'cut it into blocks: tar c {} | codex-chunk put -'
    pasted 'tar c'
    assert_success
    run_split codex-merkle root --raw "a folder"
    assert_refused 65 'a folder: is a folder'
    hint "make one file of it: tar c 'a folder' | codex-merkle root --raw -"
    part 'make one file of it: {}'
    pasted 'tar c'
    assert_success
    run_split codex-merkle proof --index 0 --raw='a folder' --block-size 512
    hint "make one file of it: tar c 'a folder' | codex-merkle proof --index 0 --raw - --block-size 512"
    pasted 'tar c'
    assert_success
    run_split codex-prove info 'a folder'
    assert_refused 65 'a folder: is a folder'
    hint 'name a file in it'
    run_split codex-chunk put --mime 'text/plain; charset=utf-8' file
    hint "leave the parameters after ';' out"
    codex-chunk put --mime text/plain file
}

@test "single blocks" {
    run_split codex-chunk block put --codec stone file
    hint 'codex-block, codex-manifest, raw, dag-pb ...'
    codex-chunk block put --codec raw file
    truncate -s 65M large
    run_split codex-chunk block put large
    hint 'files are cut into blocks so: codex-chunk put FILE'
    codex-chunk put large
}

@test "words that are no commands" {
    run_split codex-chunk encode
    hint 'that is a command of {}: {}'
    part 'another tool' 'other tools' '; or: '
    codex-ec encode --help >help
    run_split codex-chunk file
    hint 'that is a file; store it: {} put {}'
    pasted 'codex-chunk put file'
    assert_success
    run_split codex-chunk "$plain"
    hint 'that is a CID; get it: {0} get {1}; look at it: {0} stat {1}' || hint 'that is a CID; get it: codex-chunk get {}; look at it: codex-chunk stat {}'
    pasted 'codex-chunk stat'
    assert_success
    run_split codex-chunk help nothing
    hint 'list them: '
    part ' --help'
    pasted 'codex-chunk --help'
    assert_success
    run_split codex-chunk -V
    hint 'did you mean: {}'
    part '--version' '--help'
    codex-chunk --version
    run_split codex-chunk '-?'
    hint 'did you mean: --help'
    codex-chunk --help >help
    run_split codex-chunk ls --range 1-2
    hint 'that is an option: codex-chunk get --range'
    codex-chunk get --range 1-2 "$plain" -o back
    run_split codex-chunk
    hint 'for example: '
    pasted 'codex-chunk put' || true
}

@test "nothing is given on a terminal" {
    on_terminal "codex-chunk get -o back"
    hint 'name one on the command line, pipe it in, or type it after -'
    [[ $stderr == *'error: no CID is given'* ]]
    echo "$plain" | codex-chunk get -o back
    on_terminal "codex-chunk put"
    hint 'name a file, or - for what is typed here'
    codex-chunk put - <file
    on_terminal "codex-chunk block put"
    hint 'name a file, or pipe a block in'
    codex-chunk block put <file
    on_terminal "codex-chunk import"
    hint 'name an archive, or pipe one in'
    codex-chunk export "$plain" | codex-chunk import
}

@test "bytes for a terminal" {
    on_terminal "codex-chunk get $plain"
    hint 'use -o FILE or a pipe; -o - forces it'
    on_terminal "codex-chunk get $plain -o -"
    assert_success
    codex-chunk get "$plain" -o back
}

@test "logs" {
    run_split codex-chunk ls --log-level loud
    hint 'one of trace, debug, info, notice, warn, error or fatal'
    codex-chunk ls --log-level error
}

@test "the configuration file" {
    echo 'speed = 3' >config
    run_split codex-chunk --config-file config ls
    hint 'there are {}'
    hint 'there are {}{}'
    echo 'max-pears = 3' >config
    local command
    for command in 'codex-chunk ls' 'codex-serve run'; do
        # shellcheck disable=SC2086 # words
        run_split $command --config-file config
        hint 'max-peers{}; did you mean: max-peers'
    done
    echo '[repo]' >config
    run_split codex-chunk --config-file config ls
    hint "settings are written 'name = value', without sections"
    echo 'threads.a = 1' >config
    run_split codex-chunk --config-file config ls
    hint "settings are written 'name = value'"
    printf 'threads = 1\nthreads = 2\n' >config
    run_split codex-chunk --config-file config ls
    hint 'codex-pipes(7) describes the file'
    echo 'threads = 2' >config
    codex-chunk --config-file config ls
}

@test "variables that say nothing" {
    run_split env CODEX_CPU=fast codex-chunk ls
    hint 'portable, ssse3, avx2, gfni256 or avx512; and behind the last three -nosha'
    CODEX_CPU=portable codex-chunk ls
    CODEX_CPU=avx2-nosha codex-chunk ls
    run_split env CODEX_NOW=today codex-chunk ls
    hint 'it takes Unix seconds'
    CODEX_NOW=1800000000 codex-chunk ls
    run_split env -u CODEX_REPO -u XDG_DATA_HOME -u HOME codex-chunk ls
    hint 'name one with --repo DIR, or set CODEX_REPO or HOME'
    env -u CODEX_REPO -u XDG_DATA_HOME -u HOME codex-chunk ls -r "$CODEX_REPO"
}

@test "a name in another encoding" {
    gen 1 1000 >file
    run_split codex-chunk put file --name $'r\xe9sum\xe9.txt'
    assert_failure 64
    assert_stderr --partial 'is no portable file name: its byte 1 is no UTF-8'
    hint 'name it in UTF-8'
    codex-chunk put file --name 'résumé.txt'
}

@test "a list that is empty" {
    run_split codex-chunk stat - </dev/null
    hint 'perhaps what writes to the pipe failed, or found nothing'
    codex-chunk ls | codex-chunk stat -
}

@test "times to expire that are past" {
    run_split codex-chunk keep "$plain" --until 0s
    hint 'the next gc would remove it; if you mean that, add --force'
    CODEX_NOW=1790000000 codex-chunk keep "$plain" --until 0s --force
    CODEX_NOW=1790000001 codex-chunk gc >/dev/null
    assert_equal "$(codex-chunk ls | wc -l)" 0
}
