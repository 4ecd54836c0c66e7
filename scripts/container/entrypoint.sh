#!/bin/sh
# The entrypoint of a container with a node: makes settings of the variables that images of the reference node take, and
# then is the command (codex-container(7)). POSIX sh: dash runs it, and so does what small images have.
#
#   entrypoint.sh codex [OPTIONS] [persistence [OPTIONS] [prover [OPTIONS]]]
#   entrypoint.sh COMMAND...
#
# What is asked for over HTTP is asked with curl. Everything ends with 1 that cannot be had and was wanted.
set -euf

say() {
    echo "$*"
}

die() {
    echo "entrypoint: error: $*" >&2
    exit 1
}

# in_time NAME WHAT SECONDS PAUSE COMMAND...: its first output that is not empty, as $got; asked for again after each
# pause. NAME is the variable that wants it.
in_time() {
    wants=$1 what=$2 left=$3 pause=$4
    shift 4
    case $left in
    '' | *[!0-9]*) die "${wants}_WAIT: '$left' is no number of seconds" ;;
    esac
    say "Waiting for $what, for $left s at most"
    while :; do
        got=$("$@") || got=
        [ -z "$got" ] || return 0
        [ "$left" -gt 0 ] || die "$wants: $what: there was none in time"
        sleep "$pause"
        left=$((left - pause))
    done
}

# Asks once: what does not answer, or with an error, gives nothing.
fetch() {
    curl -s -f -L --max-time 10 --max-filesize 1048576 "$@" 2>/dev/null
}
fetch_spr() {
    fetch -H 'Accept: text/plain' "$1/api/codex/v1/spr" | sed -n '/^spr:[A-Za-z0-9_-]*$/{p;q;}'
}
fetch_words() {
    fetch "$1" | tr '[:space:]' '\n' | sed '/^$/d'
}
# An address, and nothing that a page of an error may be.
fetch_address() {
    fetch "$1" | tr -d ' \t\r\n' | grep -E '^(((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\.|$)){4}|[0-9a-fA-F:]*:[0-9a-fA-F:]*)$'
}

# ENV_PATH: files of NAME=VALUE, which are variables of all that follows.
if [ -n "${ENV_PATH:-}" ]; then
    [ -e "$ENV_PATH" ] || die "ENV_PATH: $ENV_PATH: there is no such file or folder"
    set -a
    if [ -d "$ENV_PATH" ]; then
        set +f
        for file in "$ENV_PATH"/*; do
            [ -f "$file" ] || continue
            say "Reading variables from $file"
            # shellcheck disable=SC1090
            . "$file"
        done
        unset file
        set -f
    else
        say "Reading variables from $ENV_PATH"
        case $ENV_PATH in
        */*) ;;
        *) ENV_PATH=./$ENV_PATH ;; # else it is looked for in PATH
        esac
        # shellcheck disable=SC1090
        . "$ENV_PATH"
    fi
    set +a
fi

# NETWORK: the nodes by which others of it are found.
case ${NETWORK:-} in
'') ;;
testnet | devnet)
    BOOTSTRAP_NODE_FROM_URL=${BOOTSTRAP_NODE_FROM_URL:-https://spr.codex.storage/$NETWORK}
    say "NETWORK: $NETWORK: bootstrap nodes from $BOOTSTRAP_NODE_FROM_URL"
    ;;
*) die "NETWORK: $NETWORK: is neither testnet nor devnet" ;;
esac

# BOOTSTRAP_NODE_URL: another node, which says its own record.
if [ -n "${BOOTSTRAP_NODE_URL:-}" ]; then
    in_time BOOTSTRAP_NODE_URL "the record of $BOOTSTRAP_NODE_URL" "${BOOTSTRAP_NODE_URL_WAIT:-300}" 1 \
        fetch_spr "${BOOTSTRAP_NODE_URL%/}"
    export CODEX_BOOTSTRAP_NODE="$got"
    say "CODEX_BOOTSTRAP_NODE: $CODEX_BOOTSTRAP_NODE"
fi

# BOOTSTRAP_NODE_FROM_URL: a document with a list of records, each of which is an option.
if [ -n "${BOOTSTRAP_NODE_FROM_URL:-}" ]; then
    in_time BOOTSTRAP_NODE_FROM_URL "the list $BOOTSTRAP_NODE_FROM_URL" "${BOOTSTRAP_NODE_FROM_URL_WAIT:-300}" 1 \
        fetch_words "$BOOTSTRAP_NODE_FROM_URL"
    for record in $got; do
        set -- "$@" "--bootstrap-node=$record"
        say "Bootstrap node: $record"
    done
fi

# MARKETPLACE_ADDRESS_FROM_URL: a document with the address of the contract.
if [ -n "${MARKETPLACE_ADDRESS_FROM_URL:-}" ]; then
    in_time MARKETPLACE_ADDRESS_FROM_URL "the address $MARKETPLACE_ADDRESS_FROM_URL" \
        "${MARKETPLACE_ADDRESS_FROM_URL_WAIT:-300}" 1 fetch_words "$MARKETPLACE_ADDRESS_FROM_URL"
    export CODEX_MARKETPLACE_ADDRESS="${got%%
*}"
    say "CODEX_MARKETPLACE_ADDRESS: $CODEX_MARKETPLACE_ADDRESS"
fi

# CODEX_NAT, unless the user has said it: NAT_PUBLIC_IP_AUTO before NAT_IP_AUTO.
if [ -z "${CODEX_NAT:-}" ] && [ -n "${NAT_PUBLIC_IP_AUTO:-}" ]; then
    in_time NAT_PUBLIC_IP_AUTO "the public address by $NAT_PUBLIC_IP_AUTO" "${NAT_PUBLIC_IP_AUTO_WAIT:-120}" 5 \
        fetch_address "$NAT_PUBLIC_IP_AUTO"
    export CODEX_NAT="extip:$got"
    say "CODEX_NAT: $CODEX_NAT"
elif [ -z "${CODEX_NAT:-}" ] && [ "${NAT_IP_AUTO:-false}" = true ]; then
    own=$(hostname --ip-address 2>/dev/null || hostname -i 2>/dev/null) || own=
    own=${own%% *}
    # Where the host's name is that of the host alone, as on machines that are no containers.
    case $own in
    127.* | ::1) own=$(hostname -I 2>/dev/null) && own=${own%% *} || own= ;;
    esac
    [ -n "$own" ] || die "NAT_IP_AUTO: the host says no address of its own"
    export CODEX_NAT="extip:$own"
    say "CODEX_NAT: $CODEX_NAT"
fi

# ETH_PRIVATE_KEY, and PRIV_KEY as it was called in 2024: a key, which goes into a file for its owner alone.
if [ -n "${ETH_PRIVATE_KEY:-${PRIV_KEY:-}}" ]; then
    rm -f private.key
    (umask 077 && printf '%s' "${ETH_PRIVATE_KEY:-$PRIV_KEY}" >private.key) || die "private.key cannot be written"
    chmod 600 private.key
    export CODEX_ETH_PRIVATE_KEY="$PWD/private.key"
    unset ETH_PRIVATE_KEY PRIV_KEY
    say "CODEX_ETH_PRIVATE_KEY: $CODEX_ETH_PRIVATE_KEY"
fi

# The command is one of a prover: the circuit, by who fetches it where there is one.
data=${CODEX_DATA_DIR:-./data}
circuit=${CODEX_CIRCUIT_DIR:-}
provider=${CODEX_ETH_PROVIDER:-}
market=${CODEX_MARKETPLACE_ADDRESS:-}
proves=no
for word in "$@"; do
    case $word in
    prover) proves=yes ;;
    --data-dir[=:]*) data=${word#--data-dir?} ;;
    --circuit-dir[=:]*) circuit=${word#--circuit-dir?} ;;
    --eth-provider[=:]*) provider=${word#--eth-provider?} ;;
    --marketplace-address[=:]*) market=${word#--marketplace-address?} ;;
    esac
done
if [ $proves = yes ]; then
    circuit=${circuit:-$data/circuits}
    if command -v cirdl >/dev/null; then
        say "Fetching the circuit: cirdl $circuit $provider $market"
        mkdir -p "$circuit"
        cirdl "$circuit" "$provider" "$market" || die "cirdl could not fetch the circuit"
    else
        say "No circuit is fetched: there is no cirdl here, and the market, for which it is, is not served yet"
    fi
fi

# What programs look for in a log: a node begins, or begins again.
say 'Run Codex node'
env | grep '^CODEX_' | sort || :
[ $# -gt 0 ] || set -- codex
exec "$@"
