# What the tests of nodes share.
# shellcheck shell=bash disable=SC2034,SC2154 # variables of the files that load this one, and of bats

# start_node [OPTION...]: `codex-serve run` on loopback, in the background: its process number is $node, its
# address $address, its log the file log, what it says to people the file said.
start_node() {
    rm -f ready
    codex-serve run --listen-addrs /ip4/127.0.0.1/tcp/0 --ready-file ready "$@" >>log 2>said 3>&- &
    node=$!
    wait_for 'test -e ready' 60 || fail "$(cat log said)"
    address=$(cut -f 2 ready)
}

# start_with STREAM BYTES: one that has these bytes of the test byte generator, and so has the file named file; their
# CID is $cid.
start_with() {
    gen "$1" "$2" >file
    cid=$(codex-chunk put file)
    start_node
}

# end_node [SIGNAL]: it ends by itself; its exit status is $ended.
end_node() {
    kill -s "${1:-TERM}" "$node"
    wait "$node" && ended=0 || ended=$?
    node=
}

# start_holders: tests/interop/blockexc-holder.mjs for all tests of a file, in setup_file; end_holders in teardown_file.
start_holders() {
    cd "$BATS_FILE_TMPDIR" || return
    mkfifo hold
    node "$CODEX_SOURCE/tests/interop/blockexc-holder.mjs" <hold >holders 2>&1 3>&- &
    holders_process=$!
    exec 8>hold
    wait_for '[[ -s holders ]]' 60
    read -r holders <holders
    export holders
}

end_holders() {
    exec 8>&-
    kill "$holders_process"
    wait "$holders_process" || true
}

# start_holder FILE HOW MUXER [ARG...]: a node on js-libp2p has FILE, as we do, and its CID is $cid; its address is $theirs,
# what it says the file played.
start_holder() {
    cid=$(codex-chunk put "$1")
    codex-chunk block get "$cid" >manifest
    local IFS=$'\t'
    exec 9<>"/dev/tcp/127.0.0.1/$holders"
    printf '%s\n' "$PWD/played"$'\t'"$2"$'\t'"$PWD/$1"$'\t'"$PWD/manifest"$'\t'"${*:3}" >&9
    wait_for '[[ -s played ]]' 60 || fail "$(cat "$BATS_FILE_TMPDIR/holders")"
    read -r theirs <played
}

end_holder() {
    exec 9>&-
    [[ -z ${holder-} ]] || wait "$holder"
    holder=
}

# together NAME... : these functions, each in a folder of its own, at the same time: what is late is so for seconds.
together() {
    local name
    local -A runs=()
    for name in "$@"; do
        (
            trap teardown EXIT
            mkdir "$name"
            cd "$name" || exit
            export CODEX_REPO=$PWD/repo
            "$name"
        ) >"$name.said" 2>&1 3>&- &
        runs[$name]=$!
    done
    local failed=
    for name in "$@"; do
        wait "${runs[$name]}" || failed+="$name: $(cat "$name.said")"$'\n'
    done
    [[ -z $failed ]] || fail "$failed"
}

teardown() { end_processes; }

end_processes() {
    local process
    for process in ${node-} ${holder-}; do
        kill -s KILL "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
}

# start_theirs: another node, on the repo theirs: its process number is $holder, its id $their_id, its address
# $theirs, without the id.
start_theirs() {
    codex-serve -r theirs run -i /ip4/127.0.0.1/tcp/0 --ready-file theirs.ready >theirs.log 2>&1 3>&- &
    holder=$!
    wait_for 'test -e theirs.ready' 60 || fail "$(cat theirs.log)"
    their_id=$(cut -f 1 theirs.ready)
    theirs=$(cut -f 2 theirs.ready)
    theirs=${theirs%/p2p/*}
}

end_theirs() {
    kill "$holder"
    wait "$holder" || true
    holder=
}

# start_api [OPTION...]: start_node; $api is where it is asked over HTTP.
start_api() {
    start_node "$@"
    api=$(codex-serve health | cut -f 4)/api/codex/v1
}

# ask [CURL-OPTION...] PATH: what curl gets of $api: $code, the head (without carriage returns) and the
# body, where it is short, which is in the file body, too.
ask() {
    local -
    set +T
    local path=${*: -1} line
    : >body # of which curl leaves what there was, when nothing comes
    curl -sS --max-time 60 -D heads -o body "${@:1:$#-1}" "$api$path" || fail "curl: $?"
    IFS= read -r -d '' head <heads || true
    head=${head//$'\r'/}
    while [[ $head == *$'\n' ]]; do head=${head%$'\n'}; done
    while read -r line; do
        [[ $line != HTTP* ]] || { line=${line#* } && code=${line%% *}; } # the last: others are of "100 Continue"
    done <<<"$head"
    IFS= read -r -N 4097 body <body || true # leaves out zeros
    ((${#body} <= 4096)) || body=
    while [[ $body == *$'\n' ]]; do body=${body%$'\n'}; done
}

# assert_answer CODE [TEXT]: of the last ask.
assert_answer() {
    assert_equal "$code" "$1"
    (($# == 1)) || assert_equal "$body" "$2"
}

# assert_field NAME VALUE: of the answer; an empty value: there is none.
assert_field() {
    local -
    set +T
    local got='' line name
    while IFS= read -r line; do
        name=${line%%[[:blank:]]*}
        [[ ${name,,} != "${1,,}:" ]] || got+=${got:+$'\n'}${line#*: }
    done <<<"$head"
    assert_equal "$1: $got" "$1: $2"
}
