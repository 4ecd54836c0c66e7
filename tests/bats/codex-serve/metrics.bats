# What a node shows to Prometheus, by programs that are not ours (codex-metrics(7)).
load ../common
load serve

# start_shown [OPTION...]: start_node --metrics at any port; $shown is where it shows its figures.
start_shown() {
    start_node --metrics --metrics-port 0 "$@"
    shown=$(codex-serve health | cut -f 5)
}

# scrape: /metrics, into the file metrics.
scrape() { curl -fsS --max-time 60 "$shown/metrics" >metrics; }

# figure NAME: of the last scrape; NAME as it stands there, with labels.
figure() { awk -v name="$1" 'index($0, name " ") == 1 { print $NF }' metrics; }

# answer PATH [CURL-OPTION...]: $code, $type and $body.
answer() {
    rm -f body
    curl -sS --max-time 60 -o body -w '%{http_code} %{content_type}\n' "${@:2}" "$shown$1" >said || fail "curl: $?"
    read -r code type <said
    body=
    [[ ! -s body ]] || body=$(tr -d '\0' <body)
}

@test "two paths, and a hint for all others" {
    start_shown
    answer /metrics
    assert_equal "$code $type" '200 text/plain; version=0.0.4; charset=utf-8'
    answer /health
    assert_equal "$code $body" '200 OK'
    local path
    for path in / /metrics/x /Metrics /api/codex/v1/spr /%zz; do
        answer "$path" --path-as-is
        assert_equal "$path: $code $body" "$path: 404 Try /metrics"
    done
    answer /metrics -X POST
    assert_equal "$code $body" '404 Try /metrics'
    answer /metrics -I
    assert_equal "$code" 200
    run curl -sSI "$shown/health"
    assert_line --partial 'X-Content-Type-Options: nosniff'
    assert_line --partial 'Content-Security-Policy: '
    grep -q "Metrics are shown .*url=$shown" log
    assert_equal "$(codex-serve health --json | jq -r 'select(.type == "health") | .metrics')" "$shown"
    # It has nothing of the interface, and that nothing of it.
    run curl -s -o /dev/null -w '%{http_code}' "$(codex-serve health | cut -f 4)/metrics"
    assert_output 404
    end_node
    assert_equal "$ended" 0
    run curl -s --max-time 5 "$shown/health"
    assert_failure
}

@test "who calls this host by another name is nobody it knows" {
    start_shown
    local name
    for name in elsewhere.example 'localhost.elsewhere.example:8008' 127.0.0.2; do
        answer /metrics -H "Host: $name"
        assert_equal "$name: $code $body" "$name: 421 This node is not called so"
    done
    for name in localhost 'LOCALHOST:1' 127.0.0.1:8008 '[::1]'; do
        answer /health -H "Host: $name"
        assert_equal "$name: $code $body" "$name: 200 OK"
    done
    end_node
    # Names that the interface is called by hold here, too, and at other addresses than this host's any does.
    start_shown --api-bindaddr none --api-allowed-hosts inside.example
    answer /health -H 'Host: inside.example'
    assert_equal "$code" 200
    answer /health -H 'Host: elsewhere.example'
    assert_equal "$code" 421
    end_node
    start_shown --metrics-address 0.0.0.0
    shown=${shown/0.0.0.0/127.0.0.1}
    answer /health -H 'Host: elsewhere.example'
    assert_equal "$code" 200
    end_node
}

@test "how late the node was is there, also of a time that has passed" {
    start_shown
    kill -s STOP "$node"
    # As long as it takes that half a second passes here: what it is late for is at least that.
    local began=${EPOCHREALTIME/./}
    until ((${EPOCHREALTIME/./} - began > 700000)); do :; done
    kill -s CONT "$node"
    answer /health
    scrape
    assert awk "BEGIN { exit !($(figure codex_event_loop_lag_seconds) >= 0.5) }"
    end_node
}

@test "where they are: nowhere by default, by options, environment and file" {
    start_node
    assert_equal "$(codex-serve health | cut -f 5)" -
    end_node
    CODEX_METRICS=true CODEX_METRICS_PORT=0 CODEX_METRICS_ADDRESS=::1 start_node
    [[ $(codex-serve health | cut -f 5) == 'http://[::1]:'* ]] || fail "$(codex-serve health)"
    end_node
    printf 'metrics = true\nmetrics-port = 0\n' >config.toml
    start_node --config-file config.toml
    [[ $(codex-serve health | cut -f 5) == 'http://127.0.0.1:'* ]] || fail "$(codex-serve health)"
    local port
    port=$(codex-serve health | cut -f 5)
    port=${port##*:}
    run_split codex-serve -r other run -i /ip4/127.0.0.1/tcp/0 --metrics --metrics-port "$port"
    assert_equal "$status" 78
    assert_stderr --partial "127.0.0.1:$port"
    assert_stderr --partial ': --metrics-port 0'
    # What is not asked for is in nobody's way.
    run_split codex-serve -r other run -i nonsense --metrics-port "$port"
    assert_equal "$status" 64
    refute_regex "$stderr" metrics-port
    end_node
    run_split codex-serve -r other run --metrics --metrics-address nonsense
    assert_equal "$status" 64
    assert_stderr --partial '--metrics-address: nonsense'
    run_split codex-serve -r other run --metrics-port 65536
    assert_equal "$status" 64
    assert_stderr --partial '--metrics-port: 65536'
}

@test "every figure of the page is there from the start, and no other" {
    start_shown
    scrape
    end_node
    # NAME (TYPE; LABEL, LABEL): one line each.
    sed -n 's/^\*\([a-z0-9_]*\)\* (\([a-z]*\);\{0,1\}\(.*\))$/\1 \2\3/p' "$CODEX_SOURCE/man/codex-metrics.7.scd" |
        sed 's/ _\([a-z]*\)_,\{0,1\}/ \1/g' | sort >written
    assert [ "$(wc -l <written)" -gt 75 ]
    awk '
        /^# TYPE / { type[$3] = $4; name = $3; next }
        /^#/ { next }
        {
            sample = $1
            sub(/[{ ].*/, "", sample)
            labels = ""
            if (match($1, /[{].*/)) {
                labels = substr($1, RSTART)
                gsub(/"[^"]*"/, "", labels)
                gsub(/[^a-z=]/, "", labels)
                gsub(/=/, " ", labels)
                sub(/ $/, "", labels)
                sub(/ ?le$/, "", labels)
            }
            if (labels != "") of[name] = " " labels
        }
        END { for (name in type) if (name !~ /_created$/) print name " " type[name] of[name] }' metrics | sort >shown
    diff written shown || fail 'the page and the node differ'
    # Whatever is counted says since when.
    awk '/^# TYPE / && ($4 == "counter" || $4 == "histogram") && $3 != "process_cpu_seconds_total" { print $3 }' metrics |
        sed '/_total_total$/!s/_total$//; s/_total_total$/_total/' | sort -u >counted
    awk '/^# TYPE .*_created gauge$/ { sub(/_created$/, "", $3); print $3 }' metrics | sort -u >created
    # The three of which the name itself ends in _total are there under that name, too.
    sed -i '/^codex_block_exchange_\(discovery_requests\|peer_timeouts\|requests_failed\)$/d' counted
    diff counted created || fail 'not all that counts says since when'
    assert_equal "$(figure codex_purchases_pending_total)" 0
    assert_equal "$(figure codex_block_exchange_discovery_requests_total_total)" 0
    # One for each limit.
    start_node
    codex-serve peers --limits | cut -f 1 | sort >limits
    end_node
    sed -n 's/^codex_limit_hits_total{limit="\([a-z_]*\)"} .*/\1/p' metrics | sort | diff limits - || fail 'limits differ'
}

@test "promtool finds nothing but a name that is as it is" {
    start_shown
    scrape
    end_node
    run_split promtool check metrics <metrics
    # Another unit in the name would be another name.
    assert_equal "$(sort -u <<<"$output$stderr")" \
        'codex_block_exchange_retrieval_time_us metric names should not contain abbreviated units'
}

@test "the process and the repo, as the system and the tools see them" {
    gen 1 1000000 >file
    codex-chunk put file >/dev/null
    start_shown
    scrape
    local rss
    rss=$(awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$node/status")
    assert [ "$(figure process_resident_memory_bytes | cut -d . -f 1)" -gt $((rss / 2)) ]
    assert [ "$(figure process_resident_memory_bytes | cut -d . -f 1)" -lt $((rss * 2)) ]
    assert [ "$(figure process_open_fds)" -gt 5 ]
    assert [ "$(figure process_max_fds)" -ge "$(figure process_open_fds)" ]
    local began
    began=$(($(date +%s) - $(figure process_start_time_seconds | cut -d . -f 1)))
    assert [ "$began" -ge -2 ]
    assert [ "$began" -lt 600 ]
    assert_equal "$(figure codex_repostore_blocks)" 17
    assert_equal "$(figure codex_repostore_datasets)" 1
    assert_equal "$(figure codex_repostore_quota_bytes)" 21474836480
    assert [ "$(figure codex_repostore_bytes_used)" -gt 1000000 ]
    [[ $(grep codex_build_info{ metrics) == *"version=\"$(codex-serve --version | cut -d ' ' -f 2)\""* ]] || fail "$(grep build metrics)"
    # What another program stores is there at the next look.
    gen 2 100000 | codex-chunk put - >/dev/null
    scrape
    assert_equal "$(figure codex_repostore_datasets)" 2
    end_node
}

@test "what the allocator has" {
    skip_with_sanitizers # which have one of their own
    start_shown
    scrape
    local heap used
    heap=$(figure codex_allocator_heap_bytes)
    used=$(figure codex_allocator_used_bytes)
    assert [ "$used" -gt 100000 ]
    assert [ "$heap" -ge "$used" ]
    assert [ "$heap" -ge "$(figure codex_allocator_mapped_bytes)" ]
    end_node
}

@test "uploads, downloads, peers and blocks are counted" {
    start_shown
    api=$(codex-serve health | cut -f 4)/api/codex/v1
    gen 3 300000 >file
    cid=$(curl -fsS --data-binary @file -H 'Content-Type:' "$api/data")
    curl -fsS "$api/data/$cid" | cmp file -
    curl -fsS "$api/data/$cid" | cmp file -
    address=$(codex-serve health | cut -f 3)
    codex-serve -r other fetch "$cid" --peer "$address" >/dev/null
    scrape
    assert_equal "$(figure codex_api_uploads_total)" 1
    assert_equal "$(figure codex_api_downloads_total)" 2
    assert_equal "$(figure codex_block_exchange_blocks_sent_total)" 6
    assert [ "$(figure 'libp2p_protocols_bytes_total{protocol="/codex/blockexc/1.0.0",direction="out"}')" -gt 300000 ]
    assert [ "$(figure 'libp2p_network_bytes_total{direction="out"}')" -gt 300000 ]
    end_node
}

@test "an example" {
    example codex-metrics.7 'Figures of a node'
    assert_success
    assert_output --partial 'libp2p_peers 0'
}

@test "who sends slowly, much or nothing holds up nobody" {
    start_shown
    local host=${shown#http://} i
    for i in {1..30}; do
        exec {slow}<>"/dev/tcp/${host%:*}/${host##*:}"
        printf 'GET /metrics HT' >&"$slow"
    done
    answer /health
    assert_equal "$code $body" '200 OK'
    for i in {1..100}; do curl -sS "$shown/metrics" -o /dev/null; done
    head -c 20000 /dev/zero | tr '\0' a >long
    answer /metrics -H @<(printf 'X: '; cat long) -D refused
    assert_equal "$code" 431
    grep -q '^X-Content-Type-Options: nosniff' refused
    answer /health
    assert_equal "$code $body" '200 OK'
    end_node
    assert_equal "$ended" 0
}
