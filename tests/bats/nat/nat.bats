# A node behind a router, in namespaces of their own: nftables' masquerade, and Debian's miniupnpd as the router that can be
# asked. What is announced can be dialled from the other side, or the log says why not.
# At a time: 3
load ../common

setup() {
    codex_setup
    unset CODEX_API_PORT CODEX_DISC_PORT
    user=()
    [[ $(id -u) == 0 ]] || user=(--map-root-user)
    local tool
    for tool in ip nft miniupnpd nsenter; do
        command -v "$tool" >/dev/null || skip "no $tool here"
    done
    unshare "${user[@]}" --net --pid --fork --mount-proc bash -c 'set -e
        ip link add name a type veth peer name b
        ip link add name c type bridge
        echo 1 >/proc/sys/net/ipv4/ip_forward
        printf "%s\n" "table inet t {" "chain c { type nat hook postrouting priority 100;" "masquerade" "}" "}" | nft -f -' \
        >/dev/null 2>no ||
        skip "no nets of our own with masquerade here: $(head -n 1 no)"
}

# within: runs the script on stdin in the router's namespace; all that it begins ends with it.
within() {
    { echo "set -euo pipefail; source '$CODEX_SOURCE/tests/bats/nat/nets.bash'"; cat; } >script
    run_split setpriv --pdeathsig KILL unshare "${user[@]}" --net --pid --fork --kill-child --mount-proc \
        timeout 120 bash script
    [[ $status == 0 ]] || fail "ended with $status
$output
$stderr
$(tail -n 30 log said router.log 2>/dev/null)"
}

@test "by UPnP: what the router lets in is dialled, and taken back at the end" {
    within <<'SCRIPT'
make_nets
begin_router enable_upnp=yes enable_natpmp=no
begin_node
address=$(entrance)
grep -q 'way=UPnP' log
[[ $address == /ip4/5.6.7.1/tcp/*/p2p/$id ]]
outside codex-serve ping -c 1 "$address"
[[ $(announced | head -n 1) == "${address%/p2p/*}" ]]
cid=$(head -c 300000 /dev/urandom | codex-chunk put -)
outside codex-serve fetch --repo other "$cid" --peer "$address"
codex-chunk verify --repo other "$cid"
# And for datagrams: another node finds it by the record that it shows.
nsenter --target "$outer" --net codex-serve run --repo other --listen-addrs /ip4/5.6.7.2/tcp/8070 --nat none \
    --api-port 0 --bootstrap-node "$(record)" >other.log 2>&1 &
codex-serve --repo other health --wait 30s >other.health
until_true '[[ $(outside curl -sS "$(cut -f 4 other.health)/api/codex/v1/debug/info" | jq -r ".table.nodes[].peerId") == *"$id"* ]]'
codex-serve --repo other stop
(($(nft list chain inet router prerouting_miniupnpd | grep -c dnat) == 2))
end_node
nft list chain inet router prerouting_miniupnpd >left
! grep dnat left
SCRIPT
}

@test "by NAT-PMP alone: --nat any finds it, too" {
    within <<'SCRIPT'
make_nets
begin_router enable_upnp=no enable_natpmp=yes
begin_node
address=$(entrance)
grep -q 'way=NAT-PMP' log
outside codex-serve ping -c 1 "$address"
(($(nft list chain inet router prerouting_miniupnpd | grep -c dnat) == 2))
end_node
nft list chain inet router prerouting_miniupnpd >left
! grep dnat left
SCRIPT
}

@test "each way alone, where the router has both" {
    within <<'SCRIPT'
make_nets
begin_router enable_upnp=yes enable_natpmp=yes
for nat in pmp upnp; do
    begin_node --nat "$nat"
    address=$(entrance)
    outside codex-serve ping -c 1 "$address"
    end_node
    mv log "log.$nat"
    rm -f ready
done
grep -q 'way=NAT-PMP' log.pmp
grep -q 'way=UPnP' log.upnp
SCRIPT
}

@test "a node that was killed gets its way in again, and the port stays what it was" {
    within <<'SCRIPT'
make_nets
begin_router enable_upnp=yes enable_natpmp=no
begin_node --listen-addrs /ip4/0.0.0.0/tcp/8070
before=$(entrance)
kill -s KILL "$node"
wait "$node" || :
rm ready
begin_node --listen-addrs /ip4/0.0.0.0/tcp/8070
after=$(entrance)
[[ $before == "$after" && $after == /ip4/5.6.7.1/tcp/8070/* ]]
outside codex-serve ping -c 1 "$after"
SCRIPT
}

@test "a port that another host has is replaced by another one" {
    within <<'SCRIPT'
make_nets
begin_router enable_upnp=yes enable_natpmp=no
begin_node --listen-addrs /ip4/0.0.0.0/tcp/8070
first=$(entrance)
mv log log.first
# Another host of the private net, with a node on the same port.
add_host 192.168.7.3
inner=$host
CODEX_REPO=$PWD/other
rm ready
begin_node --listen-addrs /ip4/0.0.0.0/tcp/8070
second=$(entrance)
outside codex-serve ping -c 1 "$first"
outside codex-serve ping -c 1 "$second"
[[ ${first%/p2p/*} != "${second%/p2p/*}" ]]
SCRIPT
}

@test "no router that can be asked: the log says so, for each way" {
    within <<'SCRIPT'
make_nets
begin_node
until_true "grep -q 'No router lets others in' log"
grep 'No router lets others in' log | grep -q 'UPnP: no router answers; NAT-PMP: the router does not answer'
grep 'No router lets others in' log | grep -qF 'WITHOUT A WAY IN'
port=$(sed 's,.*/tcp/\([0-9]*\)/.*,\1,' ready | head -n 1)
! outside codex-serve ping -c 1 --timeout 2s "/ip4/5.6.7.1/tcp/$port/p2p/$id"
end_node
SCRIPT
}

@test "a router that has no address of the internet itself: the log says so" {
    within <<'SCRIPT'
make_nets 10.11.12.1
begin_router enable_upnp=yes enable_natpmp=yes
begin_node
until_true "grep -q 'No router lets others in' log"
grep 'No router lets others in' log | grep -qF 'why="UPnP: the router says no address of its own; NAT-PMP: the router refuses: it has no address itself yet"'
end_node
SCRIPT
}

@test "extip: what the user has arranged is announced, and the router is not asked" {
    within <<'SCRIPT'
make_nets
begin_router enable_upnp=yes enable_natpmp=yes
nft add rule inet router prerouting iifname wan0 tcp dport 8070 dnat ip to 192.168.7.2:8070
nft insert rule inet router forward iifname wan0 tcp dport 8070 accept
begin_node --nat extip:5.6.7.1 --listen-addrs /ip4/0.0.0.0/tcp/8070
[[ $(announced) == /ip4/5.6.7.1/tcp/8070 ]]
outside codex-serve ping -c 1 "/ip4/5.6.7.1/tcp/8070/p2p/$id"
! grep -q dnat.*codex <(nft list chain inet router prerouting_miniupnpd)
! grep -q 'lets others in' log
SCRIPT
}

@test "none: nobody is asked, and a node that has no address of the internet says so" {
    within <<'SCRIPT'
make_nets
begin_router enable_upnp=yes enable_natpmp=yes
begin_node --nat none
until_true "grep -q 'Nodes elsewhere on the internet cannot connect to this one' log"
end_node
! grep -q 'lets others in' log
! grep -q 'M-SEARCH' router.log
SCRIPT
}

@test "codex-serve router: what a router answers, lets in and takes back, by each way" {
    within <<'SCRIPT'
make_nets
begin_router enable_upnp=yes enable_natpmp=yes
inside codex-serve router show >shown
grep -q $'^upnp\t5.6.7.1\tinternet\thttp://192.168.7.1:5000/rootDesc.xml$' shown
grep -q $'^pmp\t5.6.7.1\tinternet\t192.168.7.1$' shown
url=$(cut -f 4 shown | head -n 1)
open_ports() { nft list chain inet router prerouting_miniupnpd | grep -c dnat || :; }
# The beginning is the way, the port outside is the third, how long it holds the fifth.
[[ $(inside codex-serve router add tcp 8070) == $'upnp\ttcp\t8070\t8070\t3600\t'"$url" ]]
[[ $(inside codex-serve router add udp 8090 --outside 8095 --by pmp) == $'pmp\tudp\t8095\t8090\t3600\t192.168.7.1' ]]
[[ $(open_ports) == 2 ]]
# Where it is known already nobody is searched for.
[[ $(inside codex-serve router rm tcp 8070 --by upnp --router "$url" --json | head -n 1 | jq -c '[.type, .outside]') == '["removal",8070]' ]]
[[ $(inside codex-serve router rm udp 8090 --outside 8095 --by pmp) == $'pmp\tudp\t8095\t192.168.7.1' ]]
[[ $(open_ports) == 0 ]]
[[ $(inside codex-serve router add tcp 8070 --by upnp --to 192.168.7.2 --quiet) == upnp* ]]
inside codex-serve router rm tcp 8070 >removed
# A port that this router gives to nobody.
! inside codex-serve router add tcp 80 --by upnp >refused
grep -q $'^upnp\trefused\tthe router refuses AddPortMapping: it is not allowed there (606)$' refused
[[ $(open_ports) == 0 ]]
SCRIPT
}

# hostile MODE [LEADS-TO]: a node asks such a host for a way in. It gives up in time, nothing of what asks is left, it has
# grown by nothing to speak of, and serves.
hostile() {
    within <<SCRIPT
mode=$1 leads_to=${2:-192.168.7.1:5000}
make_nets
outside perl '$CODEX_SOURCE/tests/bats/nat/hostile.pl' silent 5.6.7.2 5.6.7.2:5000 >elsewhere 2>&1 &
perl '$CODEX_SOURCE/tests/bats/nat/hostile.pl' "\$mode" 192.168.7.1 "\$leads_to" >router.log 2>&1 &
until_true '[[ \$(head -n 1 router.log) == ready && \$(head -n 1 elsewhere) == ready ]]'
begin_node --nat upnp
began=\$SECONDS
until_true "grep -q 'No router lets others in' log"
((SECONDS - began <= 30))
grep -q search router.log
address=\$(codex-serve health | cut -f 3 | cut -d , -f 1)
inside codex-serve ping -c 1 "\$address" >ping
cid=\$(head -c 300000 /dev/urandom | codex-chunk put -)
inside codex-serve fetch --repo other "\$cid" --peer "\$address"
peak=\$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' /proc/\$node/status)
((peak < 80000))
until_true '[[ ! -s /proc/\$node/task/\$node/children ]] || [[ -z \$(cat /proc/\$node/task/\$node/children) ]]'
end_node
$(cat)
SCRIPT
}

@test "a router that sends without an end costs a bounded time, and no memory of the node's" {
    hostile endless <<'SCRIPT'
grep -q connection router.log
# Slow ones, as with a thread sanitizer, come to the end of their processor time before that of their patience.
grep -qE 'why="UPnP: (the router does not (answer|show what it is)|what asks the router ended with 137)"' log
SCRIPT
}

@test "a router that says nothing, or a byte now and then, is given up" {
    hostile silent <<'SCRIPT'
grep -q connection router.log
SCRIPT
    hostile trickle <<'SCRIPT'
grep -q connection router.log
grep -q 'why="UPnP: the router does not answer"' log
SCRIPT
}

@test "a router that says garbage is none" {
    hostile garbage <<'SCRIPT'
grep -q connection router.log
grep -qE 'why="UPnP: the (router|device)' log
SCRIPT
}

@test "nobody elsewhere is asked because a host of the private net says so" {
    hostile silent 5.6.7.2:5000 <<'SCRIPT'
grep -q 'why="UPnP: no router answers"' log
! grep -q connection elsewhere
SCRIPT
    hostile silent 127.0.0.1:5000 <<'SCRIPT'
grep -q 'why="UPnP: no router answers"' log
SCRIPT
}
