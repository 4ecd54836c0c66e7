# Hints of the interface over HTTP.
load ../common
load hints
load ../codex-serve/serve

@test "no address to bind the interface to" {
    run_split codex-serve run -i /ip4/127.0.0.1/tcp/0 --api-bindaddr localhost
    assert_equal "$status" 64
    hint 'for this host alone: --api-bindaddr 127.0.0.1; without REST: --api-bindaddr none'
    run_split codex-serve run -i /ip4/127.0.0.1/tcp/0 --metrics --metrics-address localhost
    assert_equal "$status" 64
    hint 'for this host alone: --metrics-address 127.0.0.1'
    part 'for this host alone: {} 127.0.0.1{}{}'
    start_node --metrics --metrics-address 127.0.0.1 --metrics-port 0
    end_node
    start_node --api-bindaddr 127.0.0.1
    end_node
    start_node --api-bindaddr none
    end_node
}

@test "an address that is not this host's" {
    run_split codex-serve run -i /ip4/127.0.0.1/tcp/0 --api-bindaddr 192.0.2.1
    assert_equal "$status" 78
    hint 'take requests of this host alone: --api-bindaddr 127.0.0.1'
    run_split codex-serve run -i /ip4/127.0.0.1/tcp/0 --metrics --metrics-port 0 --metrics-address 192.0.2.1
    assert_equal "$status" 78
    hint 'take requests of this host alone: --metrics-address 127.0.0.1'
    part 'take requests of this host alone: {} 127.0.0.1'
    start_node --api-bindaddr 127.0.0.1
    end_node
}

@test "a port that another one has" {
    start_node
    local taken
    taken=$(codex-serve health | cut -f 4)
    taken=${taken#http://127.0.0.1:}
    run_split codex-serve -r other run -i /ip4/127.0.0.1/tcp/0 --api-port "${taken%%/*}"
    assert_equal "$status" 78
    hint 'name another port, or 0 for any that is free: --api-port 0'
    assert_equal "$(grep -o "127.0.0.1:${taken%%/*}" <<<"${stderr_lines[0]}" | wc -l)" 1 # said once
    run_split codex-serve -r other run -i /ip4/127.0.0.1/tcp/0 --metrics --metrics-port "${taken%%/*}"
    assert_equal "$status" 78
    hint 'name another port, or 0 for any that is free: --metrics-port 0'
    part 'name another port, or 0 for any that is free: {} 0'
    end_node
    start_node --api-port 0
    end_node
}

@test "a port that is for root alone" {
    only_root
    (($(</proc/sys/net/ipv4/ip_unprivileged_port_start) == 1024)) || skip 'other ports are free to all here'
    mkdir -m 777 theirs
    local options instead
    while IFS='|' read -r options instead; do
        # shellcheck disable=SC2086 # words
        run_split as_stranger codex-serve -r theirs/repo run $options
        assert_refused 77 ' at 127.0.0.1:81: Permission denied'
        hint 'name a port of {} or more, which all users may take: {}'
        assert_stderr --partial "1024 or more, which all users may take: $instead"
    done <<<'-i /ip4/127.0.0.1/tcp/81|--listen-addrs /ip4/127.0.0.1/tcp/8070
-i /ip4/127.0.0.1/tcp/0 --disc-port 81|--disc-port 8090
-i /ip4/127.0.0.1/tcp/0 --api-port 81|--api-port 8080
-i /ip4/127.0.0.1/tcp/0 --metrics --metrics-port 81|--metrics-port 8008'
}

@test "a token that others may read" {
    echo secret >'my token'
    chmod 644 'my token'
    run_split codex-serve run -i /ip4/127.0.0.1/tcp/0 --api-token-file 'my token'
    assert_refused 77 '--api-token-file: my token: others may read the token'
    hint 'make it yours alone: chmod 600 {}'
    pasted chmod
    start_node --api-token-file 'my token'
    end_node
    mkdir folder
    mkfifo -m 600 fifo
    for token in folder fifo; do
        run_split timeout 20 codex-serve run -i /ip4/127.0.0.1/tcp/0 --api-token-file "$token"
        assert_refused 65 "--api-token-file: $token: a token is in a regular file, which this is not"
        hint 'it is a file for its owner alone, with one line of letters, digits and marks'
    done
    run_split codex-serve run -i /ip4/127.0.0.1/tcp/0 --api-token-file none
    assert_refused 66 '--api-token-file: open none'
    hint 'it is a file for its owner alone, with one line of letters, digits and marks'
    echo 'two words' >token
    chmod 600 token
    run_split codex-serve run -i /ip4/127.0.0.1/tcp/0 --api-token-file token
    assert_refused 65 '--api-token-file: token: no token'
    hint 'it is a file for its owner alone, with one line of letters, digits and marks'
}

@test "what no host is called" {
    local host
    for host in http://a.example a.example:80 a.example/x '[::1]:80' ::1 '[a.example]'; do
        run_split codex-serve run -i /ip4/127.0.0.1/tcp/0 --api-allowed-hosts "$host"
        assert_refused 64 "--api-allowed-hosts: $host: no host"
        hint 'it is the name of a host or its IP address (of IPv6 between brackets), and holds with any port: for example node.example.org'
    done
    start_node --api-allowed-hosts 'node.example.org, [2001:db8::1],node_1'
    end_node
}

@test "an origin that no page has" {
    local origin
    for origin in https://example.org/x example.org/ https:// 'https://a.example, https://b.example' https://me@a.example; do
        run_split codex-serve run -i /ip4/127.0.0.1/tcp/0 --api-cors-origin "$origin"
        assert_refused 64 "--api-cors-origin: $origin: no origin"
        hint 'it is a scheme and a host, and perhaps a port, with no path behind: for example https://example.org'
    done
    for origin in https://example.org 'http://[::1]:80' example.org:8 '*'; do
        start_node --api-cors-origin "$origin"
        end_node
    done
}
