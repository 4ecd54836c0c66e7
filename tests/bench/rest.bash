# Section of tests/bench/run.sh: a node asked over HTTP, beside the same jobs by codex-chunk.
# shellcheck shell=bash disable=SC2016,SC2154 # commands are text that expands when it runs; run.sh sets what is read

# serve_api NAME: serve(), and where it is asked in $api.
serve_api() {
    serve "$1"
    api=$(codex-serve -r "$1" health | cut -f 4)/api/codex/v1
}
anonymous_mib() { awk '/^RssAnon/ { print int($2 / 1024) }' "/proc/$1/status"; }

# Both ends of each are files, which takes most of the time; through a pipe it is the processes alone.
rest_section() {
    local run cid
    rm -rf repo rest
    serve_api rest
    for ((run = 0; run < runs; ++run)); do
        once 'codex-chunk put' 'rm -rf repo; sync' 'codex-chunk put data >cid'
        once 'REST upload' "forget_all rest $api; sync" "curl -fsS -X POST -T data $api/data >rest.cid"
        cid=$(<rest.cid)
        once 'codex-chunk get' 'rm -f back; sync' "codex-chunk get $cid >back"
        once 'REST download' 'rm -f back; sync' "curl -fsS $api/data/$cid >back"
        once 'codex-chunk get, a pipe' : "codex-chunk get $cid | cat"
        once 'REST download, a pipe' : "curl -fsS $api/data/$cid | cat"
    done
    cmp data back || refuse 1 'what came back is something else'
    heading 'over HTTP beside'
    row 'codex-chunk put' "$bytes"
    row 'REST upload' "$bytes" "$(ratio "${wall['REST upload']}" "${wall['codex-chunk put']}") of codex-chunk put"
    row 'codex-chunk get' "$bytes"
    row 'REST download' "$bytes" "$(ratio "${wall['REST download']}" "${wall['codex-chunk get']}") of codex-chunk get"
    row 'codex-chunk get, a pipe' "$bytes"
    row 'REST download, a pipe' "$bytes" \
        "$(ratio "${wall['REST download, a pipe']}" "${wall['codex-chunk get, a pipe']}") of codex-chunk get"
    small_requests "$cid"
    [[ -z ${CODEX_BENCH_REST_GIB:-} ]] || large_files "$CODEX_BENCH_REST_GIB"
    end "${served[rest]}"
    rm -rf repo rest back rest.cid half.cid again
}

# forget_all REPO API: what was uploaded, so that it is stored anew.
forget_all() {
    [[ ! -s rest.cid ]] || curl -fsS -X DELETE "$2/data/$(<rest.cid)"
    codex-chunk -r "$1" gc
}
export -f forget_all

# small_requests CID: how many there can be, and how long one takes while the node and its repo are busy.
small_requests() {
    local path percentile job busy=()
    if command -v wrk >/dev/null; then
        for path in /peerid /debug/info; do
            wrk -t 1 -c 32 -d "${CODEX_BENCH_WRK_SECONDS:-5}" "$api$path" >wrk.out
            figure "$path, kept alive" "$(awk '/^Requests\/sec/ { print int($2) }' wrk.out)" 'requests/s'
        done
    else
        note 'no wrk: no rate of small requests'
    fi
    # An upload, an erasure encoding and the slots of a protected dataset at once, again and again.
    codex-ec -r rest encode -k 3 -m 2 "$1" >coded
    : >busy
    busily upload "curl -sS -X DELETE $api/data/\$(cat half.cid); codex-chunk -r rest gc; curl -fsS -X POST -T half $api/data >half.cid" & busy+=($!)
    busily encoding "codex-chunk -r rest rm \$(cut -f 1 again); codex-ec -r rest encode -k 4 -m 2 $1 >again" & busy+=($!)
    busily slots "codex-prove -r rest slots $(cut -f 1 coded)" & busy+=($!)
    curl -fsS -o /dev/null -w '%{time_total}\n' "$api/debug/info?[1-${CODEX_BENCH_ASKS:-2000}]" >asked
    percentile=$(awk '/\./ { print $1 * 1000 }' asked | sort -g | awk '{ all[NR] = $1 } END { print all[int((NR * 99 + 99) / 100)] }')
    rm -f busy
    wait "${busy[@]}"
    for job in upload encoding slots; do
        [[ -s $job.done ]] || refuse 1 "$job: $(tail -n 3 $job.err)"
    done
    figure '/debug/info while it is busy' "$(calc "$percentile")" 'ms, p99'
}

# busily NAME COMMAND: as long as there is the file busy; a line for each time that it went well in NAME.done.
busily() {
    : >"$1.done"
    while [[ -e busy ]]; do
        if bash -c "$2" >/dev/null 2>"$1.err"; then echo >>"$1.done"; fi
    done
}

# large_files GIB: there and back, for memory; it needs three times that of disk.
large_files() {
    local i before cid large=$(($1 << 30))
    for ((i = 0; i < $1; ++i)); do codex-testgen "$i" $((1 << 30)); done >large
    before=$(anonymous_mib "${served[rest]}")
    once "upload of $1 GiB" : "curl -fsS -X POST -T large $api/data >rest.cid"
    row "upload of $1 GiB" "$large" "the node's own memory is $(anonymous_mib "${served[rest]}") MiB, before $before"
    cid=$(<rest.cid)
    once "download of $1 GiB" : "curl -fsS $api/data/$cid | cmp - large"
    row "download of $1 GiB" "$large" "then $(anonymous_mib "${served[rest]}") MiB"
    rm -f large
}
