# What the environment lacks or says wrongly: homes, variables, streams that are closed or in odd modes.
load ../common

tools=(codex-chunk codex-ec codex-market codex-merkle codex-prove codex-serve)

@test "without a home there is no repo in the folder where one stands" {
    unset CODEX_REPO
    local home command
    printf x >file
    for home in unset '' relative .; do
        if [[ $home == unset ]]; then unset HOME; else export HOME=$home; fi
        for command in 'codex-chunk put file' 'codex-chunk init' 'codex-chunk ls' 'codex-chunk gc' \
            'codex-chunk verify --rebuild-index' \
            'codex-ec status zDvZRwzmDuQbnyDzCerF4uRQkEkS18vUj4WCJMwmjLgD752tQrKc' \
            'codex-merkle root zDvZRwzmDuQbnyDzCerF4uRQkEkS18vUj4WCJMwmjLgD752tQrKc' \
            'codex-prove roots zDvZRwzmDuQbnyDzCerF4uRQkEkS18vUj4WCJMwmjLgD752tQrKc'; do
            # shellcheck disable=SC2086 # words
            XDG_DATA_HOME=relative/too run_split $command
            assert_refused 78 'no repo is named'
            assert_stderr --partial 'hint: name one with --repo DIR'
        done
        assert_equal "$(ls -A)" file
        # What needs no repo works.
        run_split codex-merkle root --raw file
        assert_success
        run_split codex-chunk -r "$BATS_TEST_TMPDIR/named" put file
        assert_success
        refute_stderr
    done
}

@test "a home that cannot be used is a repo that cannot be made, and no more" {
    unset CODEX_REPO
    printf x >file
    HOME=/dev/null run_split codex-chunk ls
    [[ $status == 66 || $status == 74 ]] || fail "$status"
    HOME=/dev/null run_split codex-chunk put file
    [[ $status == 73 || $status == 74 ]] || fail "$status"
    HOME=/dev/null XDG_DATA_HOME=$PWD/data run_split codex-chunk put file
    assert_success
    assert_file_exists data/codex/version
}

@test "a home of somebody else hides the configuration file, and no more" {
    ((EUID != 0)) || skip 'root may look everywhere'
    mkdir -p closed/.config/codex
    printf 'threads = 3' >closed/.config/codex/config.toml
    chmod 000 closed
    HOME=$PWD/closed run_split codex-chunk config
    assert_success
    assert_line $'threads\t0'
    chmod 700 closed
}

@test "a wrong variable is 78 in every tool and named, a slip is a warning" {
    local tool
    for tool in "${tools[@]}"; do
        CODEX_NOW=soon run_split "$tool" config
        assert_refused 78 '$CODEX_NOW'
        CODEX_CPU=fast run_split "$tool" config
        assert_refused 78 '$CODEX_CPU'
        CODEX_THREADS=-1 run_split "$tool" config
        assert_refused 78 '$CODEX_THREADS'
        CODEX_NOW=4503599627370496 run_split "$tool" config
        assert_refused 78 "\$CODEX_NOW: '4503599627370496' is too large"
        CODEX_REOP=x run_split "$tool" config
        assert_success
        assert_stderr --partial 'is $CODEX_REPO meant?'
        CODEX_NOW=soon run_split "$tool" --help
        assert_success
    done
}

@test "the latest time that a variable may say is one as any other" {
    export CODEX_NOW=4503599627370495
    cid=$(echo x | codex-chunk put --expires 1d)
    run_split codex-chunk ls --json
    assert_equal "$(head -n 1 <<<"$output" | jq .expiry)" 4503599627456895
    run_split codex-chunk gc
    assert_line $'expiredDatasets\t0'
    codex-chunk get "$cid" | grep -qx x
}

@test "a wrong value says what to do about it, whatever has it" {
    local case tool variable value
    for case in codex-chunk:CODEX_{THREADS=x,THREADS=-1,THREADS=99999999,PROGRESS=x,LOG=x,LOG_FORMAT=x,CPU=x,NOW=x,CONFIG=x} \
        codex-serve:CODEX_{LISTEN_ADDRS=x,LISTEN_ADDRS=/ip4/1.2.3.4/udp/1,PEER=x,MAX_PEERS=x,MAX_PEERS=0,LIMIT=x,LIMIT=x=1,LIMIT=connections=x} \
        codex-serve:CODEX_AGENT_STRING="$(printf '%0300d' 0)"; do
        tool=${case%%:*} variable=${case#*:}
        value=${variable#*=} variable=${variable%%=*}
        if [[ $tool == codex-serve ]]; then tool='timeout 60 codex-serve run'; else tool='codex-chunk ls'; fi
        # shellcheck disable=SC2086 # words
        run_split env "$variable=$value" $tool
        [[ $status == 78 || $status-$variable == 66-CODEX_CONFIG ]] || fail "$case: $status $stderr"
        [[ $stderr == *"$variable"* || $variable == CODEX_CONFIG ]] || fail "$case: $stderr"
        assert_stderr --partial ': hint: '
        [[ $variable == CODEX_CONFIG || $variable == CODEX_AGENT_STRING || $variable == CODEX_LISTEN_ADDRS ]] && continue
        name=$(tr A-Z_ a-z- <<<"${variable#CODEX_}")
        [[ $name != log ]] || name=log-level
        [[ $name != cpu && $name != now ]] || continue
        echo "$name = \"$value\"" >config
        # shellcheck disable=SC2086
        run_split $tool --config-file config
        assert_refused 78 'config:1: '
        assert_stderr --partial ': hint: '
    done
    CODEX_THREADS=x run_split codex-chunk ls
    assert_stderr --partial 'give it another value, or none: unset CODEX_THREADS'
}

@test "streams that are closed never become files of the repo" {
    gen 1 200000 >file
    cid=$(codex-chunk put file)
    local closed
    for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
        gen 2 "$((300000 + ${#closed}))" >other
        status=0
        eval "codex-chunk put other other $closed" >/dev/null || status=$?
        [[ $closed != *'>&-'* || $closed == '2>&-' || $closed == '<&- 2>&-' ]] || assert_equal "$status" 74
        eval "codex-chunk verify $closed" || true
        eval "codex-chunk get $cid $closed" >/dev/null || true
        eval "codex-ec encode -k 2 -m 1 $cid $closed" >/dev/null || true
        eval "codex-merkle leaves $cid $closed" >/dev/null || true
        eval "codex-prove slots $cid $closed" >/dev/null || true
        eval "codex-chunk gc $closed" >/dev/null || true
        run_split codex-chunk verify
        assert_success
        assert_output ''
        codex-chunk get "$cid" | cmp - file
    done
    run_split bash -c 'codex-chunk stat <&-'
    assert_failure 74
}

@test "streams that a shell left non-blocking are waited for" {
    gen 1 3000000 >file
    cid=$(codex-chunk put file)
    # shellcheck disable=SC2016 # this is Perl
    local nonblocking='
        use Fcntl;
        for my $stream (*STDIN, *STDOUT, *STDERR) {
            my $flags = fcntl($stream, F_GETFL, 0) or die "fcntl: $!";
            fcntl($stream, F_SETFL, $flags | O_NONBLOCK) or die "fcntl: $!";
        }
        exec { $ARGV[0] } @ARGV or die "exec: $!"'
    mkfifo in out
    # The reader and the writer are slow to come: until then there is nothing to read, and no room.
    perl -e "$nonblocking" codex-chunk get - <in >out &
    local tool=$!
    exec 7>in 8<out
    wait_for "[[ \$(cut -d ' ' -f 3 /proc/$tool/stat) == S ]]" 60
    echo "$cid" >&7
    exec 7>&-
    cmp - file <&8
    exec 8<&-
    wait "$tool"
    perl -e "$nonblocking" codex-chunk put - <in >cid &
    tool=$!
    cat file >in
    wait "$tool"
    assert_equal "$(cat cid)" "$cid"
    perl -e "$nonblocking" codex-merkle root --raw - <in >root &
    tool=$!
    cat file >in
    wait "$tool"
    assert_equal "$(cat root)" "$(codex-merkle root "$cid")"
}

@test "without /proc a repo is made and used, and outputs appear whole" {
    skip_with_sanitizers # they read /proc themselves
    local user=()
    [ "$(id -u)" = 0 ] || user=(--map-root-user)
    unshare "${user[@]}" --mount mount -t tmpfs tmpfs /proc 2>/dev/null || skip 'nothing can be mounted here'
    gen 1 390000 >data
    cat >script <<'SCRIPT'
set -euo pipefail
mount -t tmpfs tmpfs /proc
cid=$(codex-chunk put data)
codex-chunk put data script >/dev/null
coded=$(codex-ec encode -q -k 2 -m 1 "$cid" | cut -f1)
codex-ec erase "$coded" --slots 1 >/dev/null
codex-ec repair "$coded" >/dev/null
codex-chunk get "$coded" -o back
codex-chunk get "$cid" -o back # which is there
codex-chunk export "$cid" -o archive.car
codex-chunk -r other import archive.car >/dev/null
codex-merkle proof "$cid" --index 2 -o proof
codex-chunk rm "$cid" "$coded" >/dev/null
codex-chunk gc >/dev/null
codex-chunk verify -q --rebuild-index >/dev/null
codex-chunk verify >/dev/null
codex-chunk ls | wc -l
SCRIPT
    run_split unshare "${user[@]}" --mount bash script
    assert_success
    assert_output 1
    refute_stderr
    cmp back data
    assert_equal "$(ls | tr '\n' ' ')" 'archive.car back data other proof script '
}
