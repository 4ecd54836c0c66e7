# Section of tests/bench/run.sh: what a ledger takes: calls of four processes, beside a chain that runs the same
# contract; going through it, and asking for a slot (codex-ledger(5)).
# shellcheck shell=bash disable=SC2016,SC2154 # commands are text that expands when it runs; run.sh sets what is read

ledger_section() {
    local records=${CODEX_BENCH_RECORDS:-1000000} calls=${CODEX_BENCH_CALLS:-5000}
    command -v codex-testledger >/dev/null || refuse 66 'codex-testledger: not built'
    call_figures "$calls"
    if [[ ! -e market-$records/genesis ]]; then
        codex-testledger make "market-$records" "$records" >/dev/null 2>err.out ||
            refuse 1 "make: $(tail -n 3 err.out)"
    fi
    heading "ledger of $records records"
    in_turn 'without signatures' "codex-testledger plain market-$records >plain.out" \
        'verified' "codex-testledger verify market-$records >verify.out" \
        'its signatures alone' "codex-testledger recover market-$records >recover.out"
    row 'without signatures' '' "$(calc "$records / ${wall['without signatures']}") records/s"
    row verified '' "$(ratio "${cpu[verified]}" "${cpu['its signatures alone']}") of the CPU of the signatures alone"
    row 'its signatures alone' '' 'and all of them read'
    measure 'state made anew' : "codex-testledger replay market-$records"
    row 'state made anew' '' 'after a start of the machine'
    slot_row "market-$records"
}

# slot_row LEDGER: one of its slots, asked for by a process each time.
slot_row() {
    local slot
    codex-market list slots --account "$(codex-testledger host)" --ledger "$1" >slots.out
    slot=$(tail -n 1 slots.out | cut -f1)
    measure '100 times codex-market get slot' : "for _ in {1..100}; do codex-market get slot $slot --ledger $1; done"
    row '100 times codex-market get slot' '' "$(calc "10 * ${wall['100 times codex-market get slot']}") ms each"
}

# Each call is answered, on the disk, before its process makes the next one.
call_figures() {
    local run best=0 rate i
    for ((run = 0; run < runs; ++run)); do
        rm -rf market-calls
        codex-testledger make market-calls 10 >/dev/null
        for i in 1 2 3 4; do
            codex-testledger count market-calls "$i" "$1" >"calls-$i.out" &
        done
        wait
        rate=$(awk '{ all += $3 } END { printf "%.0f", all }' calls-[1-4].out)
        ((rate <= best)) || best=$rate
    done
    printf '\n%-34s %8s %-18s  %s\n' 'ledger, calls' value unit note
    figure 'four processes, a call at a time' "$best" 'durable calls/s' 'together'
    rm -rf market-calls
    batch_figures "$1"
}

# The same four accounts call a ledger and a chain: two reserve the slots of one request, one mints, one pays.
batch_figures() {
    local run best=0 rate how note
    make_calls "$1"
    for ((run = 0; run < runs; ++run)); do
        rate=$(batch_rate "$1")
        ((rate <= best)) || best=$rate
    done
    figure 'four processes with --batch' "$best" 'durable calls/s' 'together; signed in that time'
    chain_rates "$1" >chain.out || {
        note "anvil is not there: scripts/packages test"
        return
    }
    while IFS=$'\t' read -r rate how; do
        note="kept in memory; signed before; $(ratio "$best" "$rate") of it with --batch"
        figure "anvil, $how" "$rate" 'calls/s' "$note"
    done <chain.out
}

# make_calls COUNT: keys, a request, and what each account calls, in the folder batch.
make_calls() {
    local name id i
    rm -rf batch && mkdir batch
    for name in client host-1 host-2 minter payer; do
        codex-market key new "batch/$name.key" | cut -f1 >"batch/$name"
    done
    jq -cn --arg client "$(<batch/client)" --argjson slots "$1" '{client: $client, ask: {proofProbability: 100,
        pricePerBytePerSecond: 1, collateralPerByte: 1, slots: $slots, slotSize: 65536, duration: 3600, maxSlotLoss: 1},
        content: {cid: ("0x" + "01" * 38), merkleRoot: ("0x" + "02" * 32)}, expiry: 1800, nonce: ("0x" + "03" * 32)}' \
        >batch/request.json
    codex-market id batch/request.json >batch/ids
    read -r id _ <batch/ids
    for ((i = 0; i < $1; ++i)); do
        echo "$id@$i" >&3
        echo "$(<batch/host-1) $((i + 1))" >&4
    done 3>batch/host-1.reserve 4>batch/payer.transfer
    cp batch/host-1.reserve batch/host-2.reserve
    cp batch/payer.transfer batch/minter.mint
}

# batch_rate COUNT: makes them on a ledger, each account in a process of its own; prints how many a second.
batch_rate() {
    local begin end calls
    rm -rf batch/ledger batch/*.out
    codex-market init --ledger batch/ledger --verifier test --mint "$(<batch/client)=1000tst" \
        --mint "$(<batch/payer)=1000tst" >/dev/null
    export CODEX_LEDGER=batch/ledger
    codex-market request --batch --eth-private-key batch/client.key <batch/request.json >batch/request.out
    begin=$EPOCHREALTIME
    for calls in host-1.reserve host-2.reserve payer.transfer minter.mint; do
        codex-market "${calls#*.}" --batch --eth-private-key "batch/${calls%.*}.key" <"batch/$calls" >"batch/$calls.out" &
    done
    wait
    end=$EPOCHREALTIME
    (($(cut -f4 batch/*.out | grep -c '^ok$') == 4 * $1 + 1)) || refuse 1 'calls of the batch were refused'
    codex-market ledger verify >/dev/null 2>err.out || refuse 1 "verify: $(tail -n 3 err.out)"
    unset CODEX_LEDGER
    printf '%.0f' "$(calc "4 * $1 / ($end - $begin)")"
}

# chain_rates COUNT: the same calls on anvil; prints lines of rate and way. Fails where it is not installed.
chain_rates() {
    local interop=$source_root/tests/interop
    command -v node >/dev/null && [[ -e $interop/node_modules/@foundry-rs/anvil-linux-amd64 ]] || return 1
    node "$interop/anvil-calls.mjs" batch "$1" 2>err.out || refuse 1 "anvil: $(tail -n 3 err.out)"
}
