# Debian's Prometheus, begun by the test, watches nodes with our rules and is asked what our dashboard asks. There are
# three; as many as CODEX_WATCHED says in scripts/test --full.
load ../common

nodes=()

teardown() {
    local process
    for process in ${prometheus-} "${nodes[@]}"; do
        kill -s TERM "$process" 2>/dev/null || true
    done
    for process in ${prometheus-} "${nodes[@]}"; do
        wait "$process" 2>/dev/null || true
    done
}

# node NAME OPTION...: one that is watched; $shown is the host and port of its figures.
node() {
    local name=$1
    codex-serve -r "$name" run -i /ip4/127.0.0.1/tcp/0 --metrics --metrics-port 0 --ready-file "$name.ready" "${@:2}" \
        >"$name.log" 2>&1 3>&- &
    nodes+=($!)
    wait_for "test -e $name.ready" 60 || fail "$(cat "$name.log")"
    shown=$(codex-serve -r "$name" health | cut -f 5)
    shown=${shown#http://}
}

# begin_prometheus: it reads prometheus.yml, which is made of our example; its address is $watcher.
begin_prometheus() {
    cp "$CODEX_SOURCE/scripts/prometheus/codex.rules.yml" .
    # As it stands, but for how often, and that no node is at the port of the example.
    sed -e 's/_interval: 15s/_interval: 1s/' -e 's/targets: \[localhost:8008\]/targets: []/' \
        "$CODEX_SOURCE/scripts/prometheus/prometheus.yml" >prometheus.yml
    assert_equal "$(grep -c 'interval: 1s' prometheus.yml)$(grep -c 'targets: \[\]' prometheus.yml)" 21
    promtool check config prometheus.yml >checked 2>&1 || fail "$(cat checked)"
    prometheus --config.file prometheus.yml --storage.tsdb.path tsdb --web.listen-address 127.0.0.1:0 \
        --log.format json >watched 2>&1 3>&- &
    prometheus=$!
    wait_for "grep -q '\"msg\":\"Listening on\"' watched" 60 || fail "$(cat watched)"
    watcher=$(jq -r 'select(.msg == "Listening on") | .address' watched | head -n 1)
}

# ask EXPRESSION: the answer is in the file queried.
ask() {
    curl -sS --max-time 30 --data-urlencode "query=$1" "http://$watcher/api/v1/query" >queried
    grep -q '^{"status":"success",' queried || fail "$1: $(cat queried)"
}

# query EXPRESSION: how many series there are.
query() { ask "$1" && jq -r '.data.result | length' queried; }

# has_data EXPRESSION: a series at least. Hundreds of these are asked, and jq takes longer to start than all else.
has_data() { ask "$1" && grep -q '"result":\[[^]]' queried; }

# panels: the expressions of the dashboard, as Grafana asks them of all nodes.
panels() {
    # shellcheck disable=SC2016 # variables of the dashboard
    jq -r '.panels[] | (.targets // [])[].expr' "$CODEX_SOURCE/scripts/grafana/codex.json" |
        sed -e 's/\$job/codex/g; s/\$instance/.*/g; s/\$__rate_interval/1m/g'
}

@test "the configuration and the rules are well" {
    cd "$CODEX_SOURCE/scripts/prometheus"
    run promtool check rules codex.rules.yml
    assert_success
    cp "$CODEX_SOURCE/tests/bats/codex-serve/rules.yml" codex.rules.yml "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work"
    run promtool test rules rules.yml
    assert_success
    # Each alert is shown, firing.
    sed -n 's/^ *- alert: //p' codex.rules.yml | sort >alerts
    sed -n 's/^ *alertname: //p' rules.yml | sort -u | diff alerts - || fail 'alerts are not shown'
}

@test "the dashboard is one that Grafana takes" {
    local board=$CODEX_SOURCE/scripts/grafana/codex.json
    # Every panel has its own number and place, and asks the data source that is chosen at the import.
    run jq -e '
        ([.panels[].id] | length == (unique | length)) and
        ([.panels[].gridPos | [.x, .y]] | length == (unique | length)) and
        all(.panels[].gridPos; .x + .w <= 24) and
        all(.panels[] | select(.type != "row"); .title != "" and .datasource.uid == "${DS_PROMETHEUS}" and
            (.targets | length > 0) and ([.targets[].refId] | length == (unique | length)) and
            all(.targets[]; .datasource.uid == "${DS_PROMETHEUS}")) and
        (.__inputs | map(.name) == ["DS_PROMETHEUS"]) and
        ([.templating.list[].name] == ["job", "instance"]) and .uid == "codex-nodes"' "$board"
    assert_success
    # What it asks for is of the page, and so in every node.
    panels | grep -oE '\b(codex|libp2p|dht|process)_[a-z0-9_]+' |
        sed 's/_\(bucket\|sum\|count\)$//' | sort -u >asked
    sed -n 's/^\*\([a-z0-9_]*\)\* (.*/\1/p' "$CODEX_SOURCE/man/codex-metrics.7.scd" | sort >written
    run comm -23 asked written
    assert_output ''
}

@test "nodes are watched: every rule and every panel has data" {
    local wanted=${CODEX_WATCHED:-3} i first seed targets=
    begin_prometheus
    gen 1 2000000 >file
    cid=$(codex-chunk -r node1 put file)
    for ((i = 1; i <= wanted; ++i)); do
        if ((i == 1)); then
            node node1
            first=$(head -n 1 node1.ready | cut -f 2)
            seed=$(curl -fsS -H 'Accept: text/plain' "$(codex-serve -r node1 health | cut -f 4)/api/codex/v1/spr")
        else
            node "node$i" --peer "$first" --bootstrap-node "$seed"
        fi
        targets+="\"$shown\","
    done
    printf '[{"targets": [%s], "labels": {"network": "test"}}]\n' "${targets%,}" >new
    mv new codex-targets.json
    wait_for '(($(query "up{job=\"codex\"} == 1") == wanted))' 60 || fail "$(tail -n 5 watched; cat queried)"
    codex-serve -r node2 fetch "$cid" >/dev/null
    curl -fsS --data-binary @file -H 'Content-Type:' \
        "$(codex-serve -r node3 health | cut -f 4)/api/codex/v1/data" >/dev/null

    # What happened is there to be seen.
    wait_for 'has_data "codex_block_exchange_blocks_received_total > 30"' 60 || fail "$(cat queried)"
    wait_for 'has_data "codex_api_uploads_total == 1"' 60 || fail "$(cat queried)"
    wait_for "has_data 'sum(libp2p_peers) >= 2 * ($wanted - 1)'" 60 || fail "$(cat queried)"
    wait_for "has_data 'count(libp2p_peers) == $wanted'" 60 || fail "$(cat queried)"
    wait_for "has_data 'sum(dht_routing_table_nodes{state=\"\"}) >= 2 * ($wanted - 1)'" 60 || fail "$(cat queried)"
    wait_for 'has_data "sum(dht_message_requests_outgoing_total) > 2"' 60 || fail "$(cat queried)"

    # Rates want two looks, and rules a turn.
    panels >panels
    assert [ "$(wc -l <panels)" -gt 60 ]
    local expression
    while IFS= read -r expression; do
        wait_for 'has_data "$expression"' 60 || fail "no data: $expression"
    done <panels
    curl -sS "http://$watcher/api/v1/rules" >rules
    jq -r '.data.groups[].rules[] | select(.type == "recording") | .name' rules >recorded
    assert_equal "$(wc -l <recorded)" "$(grep -c -- '- record:' codex.rules.yml)"
    while IFS= read -r expression; do
        wait_for 'has_data "$expression"' 60 || fail "no data: $expression"
    done <recorded
    # An alert compares a figure with a number: that figure is there.
    jq -r '.data.groups[].rules[] | select(.type == "alerting") | .query' rules >alerting
    assert_equal "$(wc -l <alerting)" "$(grep -c -- '- alert:' codex.rules.yml)"
    while IFS= read -r expression; do
        [[ $expression =~ ^(.*)\ (==|[<>])\ [0-9.e+]+$ ]] || fail "compares nothing with a number: $expression"
        expression=${BASH_REMATCH[1]}
        wait_for 'has_data "$expression"' 60 || fail "no data: $expression"
    done <alerting
    wait_for 'curl -sS "http://$watcher/api/v1/rules" | jq -e "[.data.groups[].rules[].health] | all(. == \"ok\")" >/dev/null' 60 ||
        fail "$(curl -sS "http://$watcher/api/v1/rules")"

    # A node that ends is down.
    kill "${nodes[1]}"
    wait_for '(($(query "up{job=\"codex\"} == 0") == 1))' 60 || fail "$(cat queried)"
}
