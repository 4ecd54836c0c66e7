# Section of tests/bench/run.sh: what a ledger takes: calls of four processes, going through it, and asking
# for a slot (codex-ledger(5)).
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
    measure 'a slot asked for' : "codex-testledger slot market-$records"
    row 'a slot asked for' '' 'a process of its own'
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
}
