# scripts/container/codex: the command line, the variables and the settings file of the reference node, and what becomes of
# each.
load ../common
load ../codex-serve/serve

codex=$CODEX_SOURCE/scripts/container/codex

setup() {
    codex_setup
    unset CODEX_REPO CODEX_API_PORT CODEX_DISC_PORT
    # What stands in for the programs: their words, one a line.
    mkdir bin
    # shellcheck disable=SC2016 # for the scripts
    printf '#!/bin/sh\nprintf "%%s\\n" "$@"\nenv | grep "^CODEX_" | grep -v "^CODEX_.*\\(BIN\\|SOURCE\\)=" >environment\n:\n' >bin/codex-serve
    # shellcheck disable=SC2016
    printf '#!/bin/sh\necho "$@" >>chunk\n' >bin/codex-chunk
    chmod +x bin/*
}

# begin [WORD...]: with those programs.
begin() {
    rm -f chunk environment
    PATH=$PWD/bin:$PATH run_split dash "$codex" "$@"
}

# assert_words WORD...: of codex-serve, behind run and the data folder.
assert_words() {
    assert_success
    assert_equal "${lines[0]} ${lines[1]}" 'run --data-dir'
    assert_equal "$(printf '%s\n' "${lines[@]:3}")" "$(printf '%s\n' "$@")"
}

@test "options in each form" {
    begin --nat:none --api-port=8081 --max-peers 7 --agent-string="it's a 'name'" --api-cors-origin='*'
    assert_words --nat=none --api-port=8081 --max-peers=7 "--agent-string=it's a 'name'" '--api-cors-origin=*'
    begin --nat=extip:1.2.3.4 --nat-not
    assert_failure 64
    begin --nat:extip:1.2.3.4
    assert_words --nat=extip:1.2.3.4
    assert_stderr ''
}

@test "options of one letter" {
    begin -d:data -i /ip4/0.0.0.0/tcp/1 -i=/ip4/0.0.0.0/tcp/2 -u8090 -b spr:AAA -p=8081
    assert_words --listen-addrs=/ip4/0.0.0.0/tcp/1 --listen-addrs=/ip4/0.0.0.0/tcp/2 --disc-port=8090 \
        --bootstrap-node=spr:AAA --api-port=8081
    assert_equal "${lines[2]}" data
    begin -q 20gb -t=30d -c 5mb
    assert_equal "$(<chunk)" "init --repo $HOME/.cache/codex/repo --quota 20gb --ttl 30d"
    assert_stderr 'codex: warning: --cache-size: cache-size has no meaning here, and is passed over'
}

@test "the data folder is that of the reference where none is said" {
    begin
    assert_words
    assert_equal "${lines[2]}" "$HOME/.cache/codex"
    CODEX_REPO=elsewhere begin
    refute grep CODEX_REPO environment
}

@test "a data folder that others may enter, as volumes are, is restricted, which is said" {
    mkdir -m 755 data
    begin --data-dir=data
    assert_words
    assert_equal "$(stat -c %a data)" 700
    assert_stderr 'codex: warning: data: others may enter it; it is restricted to its owner'
    begin --data-dir=data
    assert_stderr ''
}

# assert_variables WORD...: those that codex-serve finds in its environment, beside the folders of tests.
assert_variables() {
    assert_equal "$(grep -v '^CODEX_TEST' environment | sort)" "$(printf '%s\n' "$@" | sort)"
}

@test "variables are settings, and the command line is before them" {
    CODEX_NAT=none CODEX_API_PORT=1 CODEX_BOOTSTRAP_NODE=spr:AAA,spr:BBB CODEX_DATA_DIR=d CODEX_LOG_LEVEL='INFO;warn:discv5' \
        begin --api-port=2 --bootstrap-node=spr:CCC
    assert_words --api-port=2 --bootstrap-node=spr:CCC
    # What is said on the command line goes before them there, too.
    assert_variables CODEX_NAT=none CODEX_API_PORT=1 CODEX_BOOTSTRAP_NODE=spr:AAA,spr:BBB 'CODEX_LOG_LEVEL=INFO;warn:discv5'
    assert_equal "${lines[2]}" d
}

@test "the settings file is behind both" {
    cat >settings.toml <<'TOML'
# settings
nat = "none" # not 'any'
api-port = 3
max-peers = 4
listen-addrs = ["/ip4/0.0.0.0/tcp/1", # the first
    '/ip4/0.0.0.0/tcp/2']
metrics = true
bootstrap-node = ["spr:AAA"]
storage-quota = "11gb"
"agent-string" = "a # b"
[persistence]
eth-provider = "http://x"
TOML
    CODEX_CONFIG_FILE=settings.toml CODEX_MAX_PEERS=5 begin --api-port 2 --bootstrap-node=spr:BBB
    assert_words --api-port=2 --bootstrap-node=spr:BBB --metrics
    assert_variables CODEX_MAX_PEERS=5 CODEX_NAT=none CODEX_LISTEN_ADDRS=/ip4/0.0.0.0/tcp/1,/ip4/0.0.0.0/tcp/2 \
        'CODEX_AGENT_STRING=a # b'
    assert_equal "$(<chunk)" "init --repo $HOME/.cache/codex/repo --quota 11gb"
    assert_stderr --partial 'passed over are eth-provider'
}

@test "mistakes in the settings file are named" {
    echo 'nat none' >settings.toml
    begin --config-file=settings.toml
    assert_failure 78
    assert_stderr 'codex: error: settings.toml:1: no setting that is understood here'
    printf 'nat = "none"\nlisten-addrs = [\n' >settings.toml
    begin --config-file settings.toml
    assert_failure 78
    echo 'nut = "none"' >settings.toml
    begin --config-file settings.toml
    assert_failure 78
    assert_stderr 'codex: error: settings.toml:1: nut: no setting of the reference node'
    begin --config-file nowhere
    assert_failure 66
    begin --config-file "$PWD"
    assert_failure 66
    assert_stderr "codex: error: $PWD: is a folder"
    # Strings that are not of one line, not closed, or have escapes, which are not understood.
    local wrong
    for wrong in '"""none"""' '"none' "none'" '"a\"b"' '["a", "b]' '["a" "b"]'; do
        printf '\nnat = %s\n' "$wrong" >settings.toml
        begin --config-file settings.toml
        assert_failure 78
        assert_stderr 'codex: error: settings.toml:2: no setting that is understood here'
    done
    echo "listen-addrs = ['/ip4/0.0.0.0/tcp/1,/ip4/0.0.0.0/tcp/2', \"/ip4/0.0.0.0/tcp/3\"]" >settings.toml
    begin --config-file settings.toml
    assert_variables CODEX_LISTEN_ADDRS=/ip4/0.0.0.0/tcp/1,/ip4/0.0.0.0/tcp/2,/ip4/0.0.0.0/tcp/3
}

@test "mistakes on the command line are named" {
    begin --nut=none
    assert_failure 64
    assert_stderr 'codex: error: --nut: no option of the reference node'
    begin run
    assert_failure 64
    begin --nat
    assert_failure 64
    assert_stderr 'codex: error: --nat: its value is missing'
}

@test "persistence and prover are passed over, which is said once" {
    begin --nat=none persistence --eth-provider=http://x --eth-private-key eth.key --validator prover --circuit-dir=c \
        --api-port=1
    assert_words --nat=none --api-port=1
    assert_stderr 'codex: warning: the market is not served yet: passed over are persistence prover eth-provider eth-private-key validator circuit-dir, and calls of the market answer 503'
    CODEX_ETH_ACCOUNT=0x1 begin
    assert_stderr --partial 'passed over are eth-account'
    # The relic of a compose file selects nothing.
    CODEX_PERSISTENCE=true begin
    assert_words
}

@test "what has no meaning here is passed over, each with a word" {
    begin --repo-kind=fs --block-mi=10m --block-mn=1000 --block-retries=3
    assert_words
    for name in repo-kind block-mi block-mn block-retries; do
        assert_stderr --partial "codex: warning: --$name: $name has no meaning here, and is passed over"
    done
}

@test "threads, the form of the log, and where it goes" {
    begin --num-threads=0
    assert_words
    begin --num-threads=4 --log-format=json
    assert_words --threads=4 --log-format=json
    begin --num-threads=1
    assert_failure 78
    assert_stderr 'codex: error: Invalid number of threads: 1'
    begin --log-format=colors
    assert_words --log-format=text --color=always
    begin --log-format=nocolors
    assert_words --log-format=text --color=never
    begin --log-format=auto
    assert_words
    begin --log-format=none
    assert_success
    assert_output ''
    begin --log-format=xml
    assert_failure 78
    begin --log-file=here.log --metrics=true
    assert_success
    assert_output ''
    assert_equal "$(tail -n 1 here.log)" --metrics
    begin --log-file=nowhere/here.log
    assert_failure 73
    assert_stderr 'codex: error: nowhere/here.log: the log cannot be written there'
}

@test "quota and expiry of a repo that is there are changed" {
    mkdir -p data/repo
    begin --data-dir=data --storage-quota=1gb
    assert_equal "$(<chunk)" 'init --repo data/repo --set --quota 1gb'
    begin --data-dir=data --block-ttl=0 # for ever
    assert_equal "$(<chunk)" 'init --repo data/repo --set --ttl never'
    # By the programs themselves: a value that is none is called as it is here.
    rm -r bin data
    begin --data-dir=data --block-ttl=1x
    assert_failure 78
    assert_stderr --partial 'error: --block-ttl: duration "1x"'
    CODEX_STORAGE_QUOTA=much begin --data-dir=data
    assert_failure 78
    assert_stderr --partial 'error: --storage-quota: size "much"'
    CODEX_NAT=folly begin --data-dir=data
    assert_refused 78 '$CODEX_NAT: folly'
    begin --data-dir=data --nat=folly
    assert_refused 64 '--nat: folly'
}

@test "the data folder is made with all folders above it, for its owner alone" {
    rm -r bin "$HOME"
    begin --api-port=folly # what comes behind it
    assert_failure 64
    assert_equal "$(stat -c %a "$HOME/.cache/codex")" 700
    touch file
    begin --data-dir=file/data
    assert_failure 73
    assert_stderr 'codex: error: file/data: it cannot be made'
}

@test "the example of the page, with a node that serves" {
    PATH=$CODEX_SOURCE/scripts/container:$PATH example codex-container.7 'As scripts of the reference'
    assert_success
    assert_equal "$(codex-chunk init --repo data/repo --set --json | head -n 1 | jq -c '[.quotaMaxBytes, .ttl]')" \
        '[11811160064,2592000]'
    assert_file_exist data/key
}

@test "a container: the entrypoint, its variables, and a node behind it" {
    mkdir there
    cat >vars <<'VARS'
CODEX_DATA_DIR=there/data
CODEX_LISTEN_ADDRS=/ip4/127.0.0.1/tcp/0
CODEX_DISC_PORT=0
CODEX_API_PORT=0
CODEX_LOG_LEVEL=info
CODEX_METRICS=false
CODEX_BLOCK_TTL=1d
NAT_IP_AUTO=true
VARS
    mkdir -p shims
    printf '#!/bin/sh\necho 127.0.0.1\n' >shims/hostname
    chmod +x shims/hostname
    PATH=$PWD/shims:$CODEX_SOURCE/scripts/container:$PATH ENV_PATH=vars \
        dash "$CODEX_SOURCE/scripts/container/entrypoint.sh" codex >log 2>said 3>&- &
    node=$!
    codex-serve health --repo there/data/repo --wait 60s >health || fail "$(cat log said)"
    assert_equal "$(grep -c '^Run Codex node$' log)" 1
    run curl -sS "$(cut -f4 health)/api/codex/v1/debug/info"
    assert_success
    assert_equal "$(jq -r '.announceAddresses[0]' <<<"$output")" "$(cut -f3 health | sed 's,/p2p/.*,,')"
    end_node
    assert_equal "$ended" 0
}
