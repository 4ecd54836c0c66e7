# One --timeout for all that a command waits for: who reads, and a node that does not do as it should.
# At a time: 4
load ../common
load serve

# of_time TEXT COMMAND...: it ends by itself with the error that says so, long before `timeout` ends it.
of_time() {
    run_split timeout 100 "${@:2}"
    assert_refused 75 "$1"
}

@test "a FIFO that nobody reads is waited for no longer than --timeout" {
    start_with 40 3000000
    mkfifo nobody
    of_time 'nobody: is a FIFO, and nobody has begun to read it: the time is over' \
        codex-serve -r other fetch "$cid" --peer "$address" --timeout 1s --to nobody
    of_time 'nobody: is a FIFO, and nobody has begun to read it' codex-serve fetch "$cid" --timeout 1s --to nobody # by the node
    assert_not_exists other
    # Who begins in time gets all of it, from its beginning.
    codex-serve -r other fetch "$cid" --peer "$address" --timeout 100s --to nobody >/dev/null 3>&- &
    local fetch=$!
    cmp nobody file
    wait "$fetch"
    end_node
}

@test "a FIFO of records that nobody writes is waited for no longer than --timeout" {
    mkfifo records
    local missing
    missing=$(gen 5 1000 | codex-chunk -r elsewhere put)
    local command
    for command in find fetch; do
        of_time 'the time is over: records is no regular file, and has not ended' \
            codex-serve "$command" --timeout 1s -b @records "$missing"
    done
    # One that somebody writes is read to its end, however late that comes.
    codex-serve find --timeout 100s -b @records "$missing" >found 2>said 3>&- &
    local find=$!
    printf '# nobody\nspr:nonsense\n' >records
    wait "$find" && fail "$(cat found)"
    grep -q 'bootstrap-node: records:2: spr:nonsense: ' said || fail "$(cat said)"
    # So is a pipe of the shell, which has its writer from the beginning, or had one.
    run_split codex-serve find -b @<(echo spr:nonsense) "$missing"
    assert_refused 78 ':1: spr:nonsense: '
    run_split codex-serve config --config-file <(echo 'threads = 3')
    assert_success
    assert_line $'threads\t3'
    run_split timeout 60 codex-serve config --config-file <(:)
    assert_success
}

@test "records and what follows them have one --timeout" {
    start_with 45 1000
    local missing spr begun all=() one
    missing=$(gen 46 1000 | codex-chunk -r elsewhere put)
    spr=$(codex-serve spr)
    mkfifo records1 records2
    begun=$EPOCHSECONDS
    # Whether the content goes somewhere or not; a command that says nothing is waited for to the end.
    timeout 60 codex-serve -r other fetch "$missing" --timeout 6s -b @records1 --via 'tail -f /dev/null' >>log1 2>&1 3>&- &
    all+=($!)
    timeout 60 codex-serve -r other fetch "$missing" --timeout 6s -b @records2 --via 'tail -f /dev/null' --to copy >>log2 2>&1 3>&- &
    all+=($!)
    exec 8>records1 9>records2 # they have begun to read
    wait_for '((EPOCHSECONDS - begun >= 4))' 60
    echo "$spr" | tee /dev/fd/8 >&9
    exec 8>&- 9>&-
    for one in "${all[@]}"; do
        wait "$one" && fail "$(cat log1 log2)"
    done
    ((EPOCHSECONDS - begun < 9)) || fail "$(cat log1 log2)"
    end_node
}

@test "who reads no more is waited for no longer than --timeout, whoever has the dataset" {
    start_with 41 5000000
    mkfifo slow
    exec 8<>slow # somebody has it open, and takes nothing
    local taken='the time is over: all is here, and who reads the content has not taken it all'
    of_time 'the time is over' codex-serve -r other fetch "$cid" --peer "$address" --timeout 1s --to slow
    refute grep -q cancelled <<<"$stderr"
    codex-serve -r other fetch "$cid" --peer "$address" >/dev/null # all of it is there now
    of_time "$taken" codex-serve -r other fetch "$cid" --peer "$address" --timeout 1s --to slow
    of_time "$taken" codex-serve -r other fetch "$cid" --peer "$address" --timeout 1s --range 9-4000000 --to slow
    assert_stderr --partial 'the same command writes it'
    of_time "$taken" bash -c "codex-serve -r other fetch $cid --peer $address --timeout 1s --to - >slow"
    of_time 'the time is over, and who reads the content has not taken it all' \
        codex-serve fetch "$cid" --timeout 1s --to slow # by the node
    exec 8>&-
    codex-serve -r other fetch "$cid" --peer "$address" --timeout 100s --to - | cmp - file
    end_node
}

@test "a node that is told to end in vain ends once it can" {
    start_with 42 1000
    kill -s STOP "$node"
    of_time 'its node does not answer' codex-serve stop --timeout 1s
    assert_stderr --partial '; it was told to end, and does so once it goes on'
    assert_stderr --partial "kill -KILL $node"
    kill -s CONT "$node"
    wait "$node" && ended=0 || ended=$?
    node=
    assert_equal "$ended" 0
}

# fake ANSWER: a node that writes down what it hears, and says ANSWER five times a second, if it is not empty.
fake() {
    rm -f heard "$CODEX_REPO/node/control.sock"
    perl -MIO::Socket::UNIX -MIO::Select -e '
umask 0077;
my ($path, $answer) = @ARGV;
$SIG{PIPE} = "IGNORE";
open my $heard, ">>", "heard" or die;
$heard->autoflush;
my $all = IO::Select->new(my $server = IO::Socket::UNIX->new(Local => $path, Listen => 9) // die "listen: $!");
while (1) {
    for my $ready ($all->can_read(0.2)) {
        if ($ready == $server) { $all->add(scalar $server->accept); next }
        if (!sysread $ready, my $line, 65536) { $all->remove($ready); next } else { print $heard $line }
    }
    next if $answer eq "";
    for my $one ($all->handles) { syswrite $one, "$answer\n" if $one != $server }
}' "$CODEX_REPO/node/control.sock" "$1" >said 2>&1 3>&- &
    node=$!
    wait_for '[[ -S $CODEX_REPO/node/control.sock ]]' 60 || fail "$(cat said)"
}

@test "a node that does not answer is asked for nothing that takes time" {
    cid=$(codex-chunk put <(gen 42 1000))
    mkdir -p "$CODEX_REPO/node"
    fake ''
    of_time 'its node does not answer' codex-serve fetch "$cid" --timeout 1s
    of_time 'its node does not answer' codex-serve fetch "$cid" --timeout 1s --to copy
    of_time 'its node does not answer' codex-serve connect --timeout 1s /ip4/127.0.0.1/tcp/9/p2p/16Uiu2HAmGZXaEibrp83cpSCtsR6L71fAWe5vLp6DdthHBDHPXEtx
    # Else it would have had some seconds more to say that the time is over.
    assert_equal "$(grep -o '"request":"[a-z]*"' heard | sort | uniq -c | xargs)" '3 request:health'
}

@test "a node that goes on and on with an answer is waited for no longer than was asked for" {
    cid=$(codex-chunk put <(gen 43 1000))
    mkdir -p "$CODEX_REPO/node"
    fake '{"progress":{"done":1,"total":2,"peers":0,"duplicates":0}}'
    local command
    for command in 'health --wait 1s' 'stop --timeout 1s' "fetch --timeout 1s $cid" \
        'connect --timeout 1s /ip4/127.0.0.1/tcp/9/p2p/16Uiu2HAmGZXaEibrp83cpSCtsR6L71fAWe5vLp6DdthHBDHPXEtx'; do
        # shellcheck disable=SC2086 # words
        of_time 'its node does not answer' codex-serve $command
    done
}

@test "a node that is given no time is not said to be silent" {
    start_with 44 1000
    local command
    for command in provide find; do
        run_split codex-serve "$command" --timeout 0s "$cid"
        assert_refused 75 'no node of the DHT was asked in time'
        refute grep -q kill <<<"$stderr"
    done
    end_node
}
