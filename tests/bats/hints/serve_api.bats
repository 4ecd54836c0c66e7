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

@test "a token that others may read" {
    echo secret >token
    chmod 644 token
    run_split codex-serve run -i /ip4/127.0.0.1/tcp/0 --api-token-file token
    assert_equal "$status" 77
    hint 'make it yours alone: chmod 600 {}'
    pasted chmod
    start_node --api-token-file token
    end_node
    run_split codex-serve run -i /ip4/127.0.0.1/tcp/0 --api-token-file none
    assert_refused 66 '--api-token-file: open none'
    hint 'it is a file for its owner alone, with one line of letters, digits and marks'
    echo 'two words' >token
    run_split codex-serve run -i /ip4/127.0.0.1/tcp/0 --api-token-file token
    assert_refused 65 '--api-token-file: token: no token'
    hint 'it is a file for its owner alone, with one line of letters, digits and marks'
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
