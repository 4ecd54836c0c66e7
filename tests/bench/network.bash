# Section of tests/bench/run.sh: nodes on this machine beside aria2, which is plain BitTorrent.
# shellcheck shell=bash disable=SC2016,SC2154 # commands are text that expands when it runs; run.sh sets what is read

# Seconds of processor time of a process, its threads included.
seconds_of() { awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$1/stat"; }
peak_mib() { awk '/VmHWM/ { print int($2 / 1024) }' "/proc/$1/status"; }

# until_there FILE: a file that somebody writes, whole.
until_there() {
    for ((tries = 0; tries < 600; ++tries)); do
        [[ ! -s $1 ]] || return 0
        sleep 0.1
    done
    refuse 1 "$1 did not come"
}

# serve NAME: a node on the repo NAME; its process in served[NAME], its address in address[NAME].
declare -A served address
serve() {
    rm -f "$1.ready"
    codex-serve -r "$1" run -i /ip4/127.0.0.1/tcp/0 --disc-port 0 --api-port 0 --ready-file "$1.ready" >"$1.log" 2>&1 &
    served[$1]=$!
    until_there "$1.ready"
    address[$1]=$(cut -f2 "$1.ready" | head -n 1)
}
end() {
    kill "$@" 2>/dev/null || :
    wait "$@" 2>/dev/null || :
}

aria=(aria2c --enable-dht=false --enable-peer-exchange=false --bt-enable-lpd=false --listen-port=26881-26999
    --file-allocation=none --console-log-level=error --summary-interval=0 --bt-tracker-interval=1)

# A seeder of data, known to a tracker of its own.
seed() {
    command -v aria2c node >/dev/null || return 1
    rm -f torrent.port data.torrent
    node "$source_root/tests/bench/torrent.mjs" data data.torrent >torrent.port &
    served[tracker]=$!
    until_there torrent.port
    "${aria[@]}" --check-integrity --seed-ratio=0 --dir=. data.torrent >/dev/null 2>seed.log &
    served[seeder]=$!
    for ((tries = 0; tries < 600; ++tries)); do # until it has hashed all and told the tracker
        [[ $(seconds_of "${served[seeder]}") == "${before:-}" ]] && break
        before=$(seconds_of "${served[seeder]}")
        sleep 0.5
    done
}

# with_server NAME PID COMMAND: `once`, with the time that the other end takes in `other`.
declare -A other
with_server() {
    local before seconds=${wall[$1]:-}
    before=$(seconds_of "$2")
    once "$1" 'rm -rf fetched leech; sync' "$3"
    [[ ${wall[$1]} == "$seconds" ]] || other[$1]=$(calc "$(seconds_of "$2") - $before")
}

network_section() {
    local run budget chacha cid peers=no
    rm -rf repo seeds
    codex-chunk -r seeds put data >cid
    cid=$(cut -f1 cid)
    serve seeds
    seed && peers=yes
    for ((run = 0; run < runs; ++run)); do
        with_server 'codex-serve fetch' "${served[seeds]}" \
            "codex-serve -r fetched fetch $cid --peer ${address[seeds]}"
        [[ $peers == no ]] || with_server 'aria2c' "${served[seeder]}" \
            "mkdir leech && ${aria[*]} --seed-time=0 --dir=leech data.torrent"
        once 'openssl dgst -sha256' : 'openssl dgst -sha256 data'
        once 'cp' 'rm -f copy' 'cp data copy'
    done
    chacha=$(openssl speed -evp chacha20-poly1305 -bytes 16384 -seconds 2 2>/dev/null |
        awk '/ChaCha20-Poly1305/ { sub(/k$/, "", $NF); print $NF * 1000 }')
    budget=$(calc "2 * $bytes / $chacha + 2 * ${cpu['openssl dgst -sha256']} + ${cpu[cp]}")
    heading 'from one node to another beside'
    row 'codex-serve fetch' "$bytes" "and $(calc "${other['codex-serve fetch']}") s of the server's CPU; both ends take $(
        ratio "${cpu['codex-serve fetch']} + ${other['codex-serve fetch']}" "$budget"
    ) of ciphers, hashes twice and a copy"
    [[ $peers == no ]] ||
        row 'aria2c' "$bytes" "and ${other[aria2c]} s of its seeder; $(ratio "${wall[aria2c]}" "${wall['codex-serve fetch']}") times as long"
    figure 'peak of the server' "$(peak_mib "${served[seeds]}")" MiB
    end "${served[seeds]}"
    serve seeds
    figure 'an idle node' "$(peak_mib "${served[seeds]}")" MiB
    wires "$cid"
    answers_of_dht "$cid"
    swarm_of_nodes "$cid"
    end "${served[seeds]}"
    [[ -z ${CODEX_BENCH_FETCH_GIB:-} ]] || large_fetch "$CODEX_BENCH_FETCH_GIB"
    if [[ $peers == yes ]]; then
        swarm_of_aria2
        end "${served[seeder]}" "${served[tracker]}"
    else
        note 'no aria2c and node: nothing beside'
    fi
    rm -rf seeds fetched leech copy leecher[0-9]* data.aria2
}

# wires CID: what fetching it costs besides its blocks, and how much of 100 Mbit/s and 100 ms one peer
# fills with a part of the data, by each muxer.
wires() {
    local muxer part wire to blocks rate in out duplicates
    if ! command -v wire_bench >/dev/null; then
        note 'no wire_bench: install libbenchmark-dev, and build again'
        return
    fi
    for muxer in mplex yamux; do
        rm -rf fetched
        read -r blocks rate in out duplicates < <(wire_bench $muxer "${address[seeds]}" "$1" fetched)
        figure "besides blocks, $muxer" "$(ratio "100 * ($in + $out - $blocks)" "$blocks")" '% of their bytes' \
            "$(ratio "100 * $out" "$blocks") % is what the fetcher says; $(ratio "100 * $duplicates" "$blocks / 65536") % of blocks twice"
    done
    part=$(head -c $((bytes < 100000000 ? bytes : 100000000)) data | codex-chunk -r seeds put - | cut -f1)
    for muxer in mplex yamux; do
        rm -rf fetched shaper.port
        to=${address[seeds]#*/tcp/}
        codex-testshaper "${to%%/*}" 50 12500000 0 1 >shaper.port &
        wire=$!
        until_there shaper.port
        to=${address[seeds]/"/tcp/${to%%/*}/"/"/tcp/$(<shaper.port)/"}
        read -r blocks rate in out duplicates < <(wire_bench $muxer "$to" "$part" fetched)
        end "$wire"
        figure "100 Mbit/s and 100 ms, $muxer" "$(ratio "100 * $rate" 12500000)" '% of the wire' "$(calc "$rate / 1e6") MB/s of blocks"
    done
}

# large_fetch GIB: for peak memory; twice that is needed on the disk.
large_fetch() {
    local i cid bytes=$(($1 << 30))
    rm -rf seeds fetched
    cid=$(for ((i = 0; i < $1; ++i)); do codex-testgen "$i" $((1 << 30)); done | codex-chunk -r seeds put - | cut -f1)
    serve seeds
    once "fetch of $1 GiB" : "codex-serve -r fetched fetch $cid --peer ${address[seeds]}"
    row "fetch of $1 GiB" "$bytes" "the server's peak is $(peak_mib "${served[seeds]}") MiB"
    end "${served[seeds]}"
}

# answers_of_dht CID: how long the node takes to answer others of the DHT while it serves fetches as fast as it can,
# one after another: an answer later than a second makes it invisible.
answers_of_dht() {
    local fetching median most longest lost
    if ! command -v dht_bench >/dev/null; then
        note 'no dht_bench: install libbenchmark-dev, and build again'
        return
    fi
    : >fetches
    while [[ -e fetches ]]; do
        rm -rf fetched
        codex-serve -r fetched fetch "$1" --peer "${address[seeds]}" >>fetches.log 2>&1 && echo >>fetches.done
    done &
    fetching=$!
    read -r median most longest lost < <(dht_bench "$(codex-serve -r seeds spr)" "${CODEX_BENCH_ASKS:-400}")
    rm -f fetches
    wait "$fetching"
    [[ -s fetches.done ]] || refuse 1 "fetch: $(tail -n 3 fetches.log)"
    figure 'answers of the DHT meanwhile' "$most" 'ms, p99' "median $median ms, at most $longest ms, $lost lost"
    rm -rf fetched fetches.log fetches.done
}

# swarm_row NAME: of eight leechers.
swarm_row() { row "$1" $((8 * bytes)) "${2:-}"; }

swarm_of_nodes() {
    local i command='' peers="--peer ${address[seeds]}" duplicates fetched
    rm -rf leecher[0-9]*
    for i in {1..8}; do
        serve "leecher$i"
        peers+=" --peer ${address[leecher$i]}"
    done
    for i in {1..8}; do
        command+="codex-serve -r leecher$i fetch $1 ${peers/ --peer ${address[leecher$i]}/} --json >swarm$i.json & "
    done
    once '8 nodes of one' : "$command wait"
    duplicates=$(cat swarm[1-8].json | jq -s 'map(select(.type == "fetched").duplicates) | add')
    fetched=$(cat swarm[1-8].json | jq -s 'map(select(.type == "fetched").blocksFetched) | add')
    ((fetched > 0)) || refuse 1 'nothing was fetched'
    swarm_row '8 nodes of one' "$(ratio "100 * $duplicates" "$fetched") % of blocks twice"
    for i in {1..8}; do end "${served[leecher$i]}"; done
}

swarm_of_aria2() {
    local i command=''
    rm -rf leecher[0-9]*
    for i in {1..8}; do
        # Each goes on giving until all have it, as the nodes do.
        command+="(mkdir leecher$i; ${aria[*]} --seed-time=10 --dir=leecher$i --on-bt-download-complete=/bin/true data.torrent >leecher$i.out 2>&1 & echo \$! >leecher$i.pid; "
        command+="until [ -f leecher$i/data ] && [ ! -f leecher$i/data.aria2 ]; do ((SECONDS < 1800)) && kill -0 \$! && sleep 0.1 || exit; done) & "
    done
    once '8 of aria2c' : "$command wait; kill \$(cat leecher[1-8].pid); ! ls leecher[1-8]/data.aria2 && ls leecher{1..8}/data"
    swarm_row '8 of aria2c' "$(ratio "${wall['8 of aria2c']}" "${wall['8 nodes of one']}") times as long"
}
