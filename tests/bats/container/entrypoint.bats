# scripts/container/entrypoint.sh: each variable that images of the reference node take, with a server that answers as a
# test says. No pause is slept.
load ../common

entrypoint=$CODEX_SOURCE/scripts/container/entrypoint.sh

setup() {
    codex_setup
    unset CODEX_REPO CODEX_API_PORT CODEX_DISC_PORT
    mkdir answers bin
    printf '#!/bin/sh\necho "$@" >>paused\n' >bin/sleep
    # What stands in for a node: its words, one a line, and its environment.
    printf '#!/bin/sh\nprintf "word: %%s\\n" "$@"\nenv | grep "^[A-Z_]*=" >environment\n' >bin/node-here
    chmod +x bin/*
}

teardown() {
    [[ -z ${server-} ]] || kill "$server"
}

# serve_answers: $url is where the folder answers is asked.
serve_answers() {
    node "$CODEX_SOURCE/tests/interop/answers.mjs" answers >port 2>said 3>&- &
    server=$!
    wait_for '[[ -s port ]]' || fail "$(cat said)"
    url=http://127.0.0.1:$(<port)
}

# variable NAME: what the node had.
variable() { sed -n "s/^$1=//p" environment; }

# enter [WORD...]: of the command node-here.
enter() {
    rm -f environment
    PATH=$PWD/bin:$PATH run_split dash "$entrypoint" node-here "$@"
}

@test "the command is executed as it is, after the words that others look for" {
    export CODEX_AGENT_STRING='a b'
    enter --option="it's two words" '' "*"
    assert_success
    assert_output "Run Codex node
CODEX_AGENT_STRING=a b
CODEX_BIN=$CODEX_BIN
CODEX_SOURCE=$CODEX_SOURCE
CODEX_TEST_BIN=$CODEX_TEST_BIN
word: --option=it's two words
word: 
word: *"
    # The process is the node itself, which signals reach, and its exit status is ours.
    run_split dash "$entrypoint" sh -c 'exit 78'
    assert_failure 78
}

@test "ENV_PATH: a file of variables" {
    printf 'CODEX_LOG_LEVEL=debug\nCODEX_NAT="none"\n' >vars
    ENV_PATH=vars enter
    assert_success
    assert_equal "$(variable CODEX_LOG_LEVEL) $(variable CODEX_NAT)" 'debug none'
}

@test "ENV_PATH: a folder of such files" {
    mkdir 'vars here'
    echo 'CODEX_NAT=none' >'vars here/a'
    echo 'CODEX_MAX_PEERS=7' >'vars here/b'
    mkdir 'vars here/folder'
    ENV_PATH=$PWD/'vars here' enter
    assert_success
    assert_equal "$(variable CODEX_MAX_PEERS) $(variable CODEX_NAT)" '7 none'
    assert_equal "$(variable file)" '' # of the script, and nobody's else
    ENV_PATH=nowhere enter
    assert_failure 1
    assert_stderr 'entrypoint: error: ENV_PATH: nowhere: there is no such file or folder'
}

@test "ENV_PATH comes first: what it says has its effect" {
    serve_answers
    echo 5.6.7.8 >answers/ip
    echo "NAT_PUBLIC_IP_AUTO=$url/ip" >vars
    ENV_PATH=vars enter
    assert_success
    assert_equal "$(variable CODEX_NAT)" extip:5.6.7.8
}

@test "NETWORK: bootstrap nodes of the network" {
    serve_answers
    printf 'spr:AAA spr:BBB\n' >answers/testnet
    # The address is that of others: it leads to ours.
    cat >bin/curl <<CURL
#!/bin/sh
for word; do
    shift
    case \$word in https://spr.codex.storage/*) word=$url/\${word##*/} ;; esac
    set -- "\$@" "\$word"
done
exec /usr/bin/curl "\$@"
CURL
    chmod +x bin/curl
    NETWORK=testnet enter --option
    assert_success
    assert_equal "$(grep '^word' <<<"$output")" 'word: --option
word: --bootstrap-node=spr:AAA
word: --bootstrap-node=spr:BBB'
    NETWORK=mainnet enter
    assert_failure 1
    assert_stderr 'entrypoint: error: NETWORK: mainnet: is neither testnet nor devnet'
}

@test "BOOTSTRAP_NODE_URL: the record of another node, once that answers" {
    serve_answers
    echo 'spr:CiUIAhIh_A-9' >answers/api_codex_v1_spr
    echo 3 >answers/api_codex_v1_spr.after
    BOOTSTRAP_NODE_URL=$url/ enter
    assert_success
    assert_equal "$(variable CODEX_BOOTSTRAP_NODE)" spr:CiUIAhIh_A-9
    assert_equal "$(cut -f2 answers/asked)" "$(printf 'text/plain\n%.0s' 1 2 3 4)"
    assert_equal "$(<paused)" "$(printf '1\n%.0s' 1 2 3)"
}

@test "BOOTSTRAP_NODE_URL: one that never answers is an error in time" {
    serve_answers
    echo '<html>spr:none</html>' >answers/api_codex_v1_spr
    BOOTSTRAP_NODE_URL=$url BOOTSTRAP_NODE_URL_WAIT=4 enter
    assert_failure 1
    assert_stderr "entrypoint: error: BOOTSTRAP_NODE_URL: the record of $url: there was none in time"
    assert_equal "$(wc -l <answers/asked)" 5
    refute [ -e environment ]
    BOOTSTRAP_NODE_URL=$url BOOTSTRAP_NODE_URL_WAIT=soon enter
    assert_failure 1
    assert_stderr "entrypoint: error: BOOTSTRAP_NODE_URL_WAIT: 'soon' is no number of seconds"
}

@test "BOOTSTRAP_NODE_FROM_URL: each record of a list is an option" {
    serve_answers
    printf 'spr:AAA  spr:BBB\r\n\nspr:CCC' >answers/list
    BOOTSTRAP_NODE_FROM_URL=$url/list enter
    assert_success
    assert_equal "$(grep '^word' <<<"$output")" 'word: --bootstrap-node=spr:AAA
word: --bootstrap-node=spr:BBB
word: --bootstrap-node=spr:CCC'
    BOOTSTRAP_NODE_FROM_URL=$url/none BOOTSTRAP_NODE_FROM_URL_WAIT=2 enter
    assert_failure 1
}

@test "MARKETPLACE_ADDRESS_FROM_URL: the address of the contract" {
    serve_answers
    echo 0xAbC123 >answers/address
    echo 2 >answers/address.after
    MARKETPLACE_ADDRESS_FROM_URL=$url/address enter
    assert_success
    assert_equal "$(variable CODEX_MARKETPLACE_ADDRESS)" 0xAbC123
    MARKETPLACE_ADDRESS_FROM_URL=$url/none MARKETPLACE_ADDRESS_FROM_URL_WAIT=0 enter
    assert_failure 1
}

@test "NAT_IP_AUTO: the host's own address" {
    printf '#!/bin/sh\necho 172.17.0.2 10.1.2.3\n' >bin/hostname
    chmod +x bin/hostname
    NAT_IP_AUTO=true enter
    assert_success
    assert_equal "$(variable CODEX_NAT)" extip:172.17.0.2
    NAT_IP_AUTO=false enter
    assert_success
    assert_equal "$(variable CODEX_NAT)" ''
    # A host whose name is that of itself alone: one of its others.
    printf '#!/bin/sh\n[ "$1" = -I ] && echo 192.0.2.7 10.1.2.3 || echo 127.0.1.1\n' >bin/hostname
    NAT_IP_AUTO=true enter
    assert_equal "$(variable CODEX_NAT)" extip:192.0.2.7
    printf '#!/bin/sh\n[ "$1" = -I ] && exit 1 || echo 127.0.1.1\n' >bin/hostname
    NAT_IP_AUTO=true enter
    assert_failure 1
    printf '#!/bin/sh\nexit 1\n' >bin/hostname
    NAT_IP_AUTO=true enter
    assert_failure 1
    assert_stderr 'entrypoint: error: NAT_IP_AUTO: the host says no address of its own'
}

@test "NAT_PUBLIC_IP_AUTO: the address that a service sees, before the host's own" {
    serve_answers
    printf '5.6.7.8\r\n' >answers/ip
    echo 2 >answers/ip.after
    NAT_IP_AUTO=true NAT_PUBLIC_IP_AUTO=$url/ip enter
    assert_success
    assert_equal "$(variable CODEX_NAT)" extip:5.6.7.8
    assert_equal "$(<paused)" "$(printf '5\n5')"
    echo 2a00::1 >answers/ip6
    NAT_PUBLIC_IP_AUTO=$url/ip6 enter
    assert_equal "$(variable CODEX_NAT)" extip:2a00::1
}

@test "NAT_PUBLIC_IP_AUTO: what is no address is none, for 120 seconds" {
    serve_answers
    echo 10.0.0.256 >answers/none
    NAT_PUBLIC_IP_AUTO=$url/none NAT_PUBLIC_IP_AUTO_WAIT=0 enter
    assert_failure 1
    echo '<html>10.0.0.1 is your address</html>' >answers/ip
    NAT_PUBLIC_IP_AUTO=$url/ip enter
    assert_failure 1
    assert_stderr "entrypoint: error: NAT_PUBLIC_IP_AUTO: the public address by $url/ip: there was none in time"
    assert_equal "$(wc -l <paused)" 24
}

@test "CODEX_NAT of the user is left alone" {
    export CODEX_NAT=none
    NAT_IP_AUTO=true NAT_PUBLIC_IP_AUTO=http://127.0.0.1:1/ enter
    assert_success
    assert_equal "$(variable CODEX_NAT)" none
}

@test "ETH_PRIVATE_KEY: a key file for its owner alone" {
    echo old >private.key # of the last time, which others could read
    chmod 644 private.key
    ETH_PRIVATE_KEY=0123abcd enter
    assert_success
    assert_equal "$(stat -c %a private.key) $(<private.key)" '600 0123abcd'
    assert_equal "$(variable CODEX_ETH_PRIVATE_KEY)" "$PWD/private.key"
    refute_output --partial 0123abcd
    assert_equal "$(variable ETH_PRIVATE_KEY)" ''
    PRIV_KEY=4567 enter # as it was in 2024
    assert_equal "$(<private.key)" 4567
    assert_equal "$(variable PRIV_KEY)" ''
}

@test "a command with prover has its circuit fetched first" {
    # shellcheck disable=SC2016 # for the script
    printf '#!/bin/sh\nprintf "%%s|" "$@" >fetched\n' >bin/cirdl
    chmod +x bin/cirdl
    CODEX_DATA_DIR=env CODEX_ETH_PROVIDER=http://env CODEX_MARKETPLACE_ADDRESS=0x1 enter persistence prover
    assert_success
    assert_equal "$(<fetched)" 'env/circuits|http://env|0x1|'
    CODEX_DATA_DIR=env enter --data-dir=given persistence --eth-provider=http://given --marketplace-address:0x2 \
        prover --circuit-dir=here
    assert_equal "$(<fetched)" 'here|http://given|0x2|'
    rm fetched
    enter persistence
    refute [ -e fetched ]
    printf '#!/bin/sh\nexit 3\n' >bin/cirdl
    enter persistence prover
    assert_failure 1
    assert_stderr 'entrypoint: error: cirdl could not fetch the circuit'
}

@test "where there is nobody to fetch a circuit that is said, and the node begins" {
    enter persistence prover
    assert_success
    assert_output --partial 'No circuit is fetched: there is no cirdl here'
    assert_output --partial 'word: prover'
}
