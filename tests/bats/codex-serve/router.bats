# codex-serve router where there is no net; where there are routers it is in nat/nat.bats.
load ../common

setup() {
    codex_setup
    user=()
    [[ $(id -u) == 0 ]] || user=(--map-root-user)
    unshare "${user[@]}" --net true 2>/dev/null || skip "no nets of our own here"
}

# alone COMMAND...: with no net but that of the host itself, which is down.
alone() { run_split unshare "${user[@]}" --net "$@"; }

@test "that no router answers is an answer, a line for each way, and exit status 1" {
    alone codex-serve router show
    [[ $status == 1 && $stderr == 'codex-serve: warning: no router lets others in: '*'--nat extip:IP'* ]]
    [[ $output == $'upnp\trefused\tno router answers\npmp\trefused\tthis host has no router' ]]
    alone codex-serve router show --by pmp --json
    [[ $status == 1 && $(jq -r .type <<<"$stderr") == warning ]]
    [[ $(jq -rs 'map(.type) | join(" ")' <<<"$output") == 'refusal summary' ]]
    [[ $(jq -r 'select(.type == "refusal") | "\(.way): \(.why)"' <<<"$output") == 'pmp: this host has no router' ]]
    alone codex-serve router add tcp 8070 --by pmp
    [[ $status == 1 && $output == $'pmp\trefused\tthis host has no router' ]]
    alone codex-serve router rm udp 8090 --outside 8091 --by upnp
    [[ $status == 1 && $output == $'upnp\trefused\tno router answers' ]]
}

@test "a router that is named is asked, and no other" {
    alone codex-serve router show --by upnp --router http://127.0.0.1:9/root.xml
    [[ $status == 1 && $output == $'upnp\trefused\tthe router does not show what it is' ]]
    alone codex-serve router show --by upnp --router http://localhost/root.xml
    [[ $status == 1 && $output == $'upnp\trefused\tthe router says where it is in another form than http://IP' ]]
}

@test "what is no port, transport or address is 64, and names it" {
    local words
    for words in 'add tcp 0' 'add tcp 65536' 'add tcp x' 'rm udp -- -1'; do
        run_split codex-serve router $words
        [[ $status == 64 && $stderr == *'error: PORT: '*': not from 1 to 65535'* ]] || fail "$words: $stderr"
    done
    run_split codex-serve router add sctp 8070
    [[ $status == 64 && $stderr == *'error: TRANSPORT: sctp: neither tcp nor udp'* ]]
    [[ $stderr == *'hint: name tcp for connections, udp for datagrams, in front of the port'* ]]
    run_split codex-serve router add tcp 8070 --outside 65536
    [[ $status == 64 && $stderr == *'error: --outside: 65536: not from 1 to 65535'* ]]
    run_split codex-serve router add tcp 8070 --to ::1
    [[ $status == 64 && $stderr == *'error: --to: ::1: no address of IPv4'* ]]
    run_split codex-serve router show --by fax
    [[ $status == 64 && $stderr == *fax* ]]
}
