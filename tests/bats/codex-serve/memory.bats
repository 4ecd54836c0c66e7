# A limit on memory: whatever is refused because of it ends with 74, and the words are about that.
load ../common
load serve

teardown() {
    local process
    for process in ${node-} ${second-}; do
        kill -s KILL "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
}

# bounded MEGABYTES COMMAND...: with so much address space.
bounded() { prlimit --as="$((10 ** 6 * $1))" "${@:2}"; }

# about_memory: what was said names what was refused.
about_memory() {
    grep -Eq 'out of memory|limit on address space|Cannot allocate memory|no thread to give' <<<"$1" ||
        fail "other words: $1"
}

@test "what has not enough address space ends with 74, however little is missing" {
    skip_with_sanitizers
    start_with 60 3000000
    cp -r "$CODEX_REPO" second
    local size done=0 refused=0
    local -a fetches=()
    for size in {58..97..3}; do
        bounded "$size" codex-serve --version >/dev/null 2>&1 || continue # not even its libraries
        rm -rf codes said.* third ready2
        # The server of a pipe.
        run_split codex-serve -r third fetch "$cid" \
            --via "(ulimit -v $((size * 1000000 / 1024)); exec codex-serve -r second stdio); echo \$? >>codes"
        case $status,$(cat codes) in
        0,0) done=$((done + 1)) ;;
        69,74) about_memory "$stderr" && refused=$((refused + 1)) ;;
        *) fail "$size: stdio $(cat codes), fetch $status: $stderr" ;;
        esac
        # Who fetches, into a repo that there is; beside the rest, for it waits for half a minute where the one
        # connection that it had was given up.
        codex-chunk -r "other$size" init >/dev/null
        bounded "$size" codex-serve -r "other$size" fetch "$cid" --peer "$address" >/dev/null 2>"err$size" 3>&- &
        fetches[size]=$!
        run_split bounded "$size" codex-serve ping -c 1 "$address"
        [[ $status == 0 || $status == 74 ]] || fail "$size: ping $status: $stderr"
        # A node, which serves, or does not.
        prlimit --as="$((10 ** 6 * size))" codex-serve -r second run -i /ip4/127.0.0.1/tcp/0 --ready-file ready2 >said.log 2>said.run 3>&- &
        second=$!
        wait_for "[[ -e ready2 ]] || ! kill -0 $second 2>/dev/null" 60
        kill -s TERM "$second" 2>/dev/null || true
        wait "$second" && status=0 || status=$?
        second=
        case $status in
        0) done=$((done + 1)) ;;
        74) about_memory "$(cat said.run)" && refused=$((refused + 1)) ;;
        *) fail "$size: run $status: $(cat said.log said.run)" ;;
        esac
    done
    for size in "${!fetches[@]}"; do
        wait "${fetches[size]}" && status=0 || status=$?
        case $status in
        0) done=$((done + 1)) ;;
        74) about_memory "$(cat "err$size")" && refused=$((refused + 1)) ;;
        *) fail "$size: fetch $status: $(cat "err$size")" ;;
        esac
    done
    # Both were seen.
    ((done > 0 && refused > 0)) || fail "$done $refused"
    end_node
}
