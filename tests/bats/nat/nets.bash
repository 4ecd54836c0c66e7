# What runs in the namespaces of nat.bats: a router between a private net, in which a node is, and a net of addresses that
# the internet would lead to. Nothing of it reaches this machine's nets, and all of it goes with the process.
#
#     inner 192.168.7.2 -- lan0 192.168.7.1 [router] wan0 5.6.7.1 -- 5.6.7.2 outer
# shellcheck shell=bash

# new_space: a namespace of its own, with a process, $host, as long as this one is.
new_space() {
    unshare --net sleep infinity &
    host=$!
    local own
    own=$(readlink /proc/self/ns/net)
    until_true "[[ \$(readlink /proc/$host/ns/net) != '$own' ]]" # until it is in there
}

# add_host ADDRESS: one of the private net, in the namespace of $host.
add_host() {
    new_space
    ip link add "lan0.${1##*.}" type veth peer name eth0 netns "$host"
    ip link set "lan0.${1##*.}" up master lan0
    nsenter --target "$host" --net bash -c "ip link set lo up && ip address add $1/24 dev eth0 &&
        ip link set eth0 up && ip route add default via 192.168.7.1"
}

# make_nets [WAN-ADDRESS]: three namespaces; this process is in the router's.
make_nets() {
    wan=${1:-5.6.7.1}
    ip link set lo up
    # The private net is a bridge, so that it can have more hosts.
    ip link add lan0 type bridge
    ip address add 192.168.7.1/24 dev lan0
    ip link set lan0 up
    echo 1 >/proc/sys/net/ipv4/ip_forward
    add_host 192.168.7.2
    inner=$host
    new_space
    outer=$host
    ip link add wan0 type veth peer name eth0 netns "$outer"
    ip address add "$wan/24" dev wan0
    ip link set wan0 up
    nsenter --target "$outer" --net bash -c "ip link set lo up && ip address add ${wan%.*}.2/24 dev eth0 &&
        ip link set eth0 up"
    # As the routers of most homes: what begins inside passes, what begins outside does not.
    nft -f - <<'RULES'
table inet router {
    chain miniupnpd { }
    chain prerouting_miniupnpd { }
    chain postrouting_miniupnpd { }
    chain forward {
        type filter hook forward priority 0; policy drop;
        ct state established,related accept
        iifname lan0 accept
        jump miniupnpd
    }
    chain prerouting {
        type nat hook prerouting priority -100; policy accept;
        jump prerouting_miniupnpd
    }
    chain postrouting {
        type nat hook postrouting priority 100; policy accept;
        jump postrouting_miniupnpd
        oifname wan0 masquerade
    }
}
RULES
}

# begin_router SETTING...: miniupnpd with these settings beside those of the net.
begin_router() {
    {
        echo "ext_ifname=wan0
listening_ip=lan0
port=5000
upnp_table_name=router
upnp_nat_table_name=router
upnp_forward_chain=miniupnpd
upnp_nat_chain=prerouting_miniupnpd
upnp_nat_postrouting_chain=postrouting_miniupnpd
uuid=00000000-0000-0000-0000-000000000001
secure_mode=yes
allow 1024-65535 192.168.7.0/24 1024-65535
deny 0-65535 0.0.0.0/0 0-65535"
        printf '%s\n' "$@"
    } >router.conf
    miniupnpd -d -f router.conf -P router.pid >router.log 2>&1 &
    until_true "grep -q 'istening ' router.log"
}

# until_true CONDITION [SECONDS]
until_true() {
    local end=$((SECONDS + ${2:-60}))
    until eval "$1"; do
        if ((SECONDS >= end)); then
            echo "not true: $1"
            tail -n 20 log said router.log 2>/dev/null
            exit 1
        fi
        sleep 0.05
    done
}

inside() { nsenter --target "$inner" --net "$@"; }
outside() { nsenter --target "$outer" --net "$@"; }

# begin_node OPTION...: a node inside, whose id is $id.
begin_node() {
    nsenter --target "$inner" --net codex-serve run --log-format text --api-port 0 --ready-file ready "$@" \
        >log 2>said &
    node=$!
    until_true '[[ -s ready ]]'
    id=$(codex-serve id)
}

# entrance: the address that the log says, as a multiaddr; waits for it.
entrance() {
    until_true "grep -q 'The router lets others in' log"
    sed -n "s,.*connections=\([0-9.]*\):\([0-9]*\) .*,/ip4/\1/tcp/\2/p2p/$id,p" log | tail -n 1
}

# announced: what the node says to others, a line for each address.
announced() {
    inside curl -sS "$(codex-serve health | cut -f 4)/api/codex/v1/debug/info" | jq -r '.announceAddresses[]'
}

# record: that of the node for the DHT.
record() {
    inside curl -sS -H 'Accept: text/plain' "$(codex-serve health | cut -f 4)/api/codex/v1/spr"
}

# end_node: it ends by itself.
end_node() {
    kill "$node"
    wait "$node"
}
