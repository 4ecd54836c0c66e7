# Section of tests/bench/run.sh: swarms of nodes on this machine beside two programs of BitTorrent, whose peers find each
# other by a tracker. Some have a file, all others want it at the same moment; when has each got it?
# shellcheck shell=bash disable=SC2154 # run.sh sets what is read

tracker_port=26969

# swarm_of NODES MB SEEDS PROGRAM RUN: one swarm in the folder swarm, where file is; the seconds after which each has it
# go to a line of swarm.tsv.
swarm_of() {
    local i program=$4 begun used waiting=()
    swarm_pids=()
    rm -rf swarm/node.* swarm/done.* swarm/used.* swarm/ready.* swarm/go
    mkfifo swarm/go
    "${program}_begin" "$1" "$3"
    for ((i = $3; i < $1; ++i)); do
        "${program}_get" "$i" &
        waiting+=($!)
    done
    "${program}_ready" "$1" "$3"
    used=$(ticks_of "${swarm_pids[@]}" "${waiting[@]}")
    begun=$EPOCHREALTIME
    : >swarm/go # all open it, and go on once somebody has opened it to write
    for ((i = $3; i < $1; ++i)); do
        until_done "swarm/done.$i" 1200
    done
    used=$(calc "($(ticks_of "${swarm_pids[@]}" "${waiting[@]}") - $used) / $(getconf CLK_TCK)")
    for ((i = $3; i < $1; ++i)); do
        "${program}_content" "$i" | cmp - swarm/file || refuse 1 "$program: node $i has something else"
    done
    kill "${swarm_pids[@]}" "${waiting[@]}" 2>/dev/null || :
    wait "${swarm_pids[@]}" "${waiting[@]}" 2>/dev/null || :
    for ((i = $3; i < $1; ++i)); do
        awk -v begun="$begun" '{ printf "%.3f\n", $1 - begun }' "swarm/done.$i"
    done | sort -n | awk -v row="$1	$2	$3	$program	$5" -v used="$used" '{ all[NR] = $1 }
        END { printf "%s\t%.3f\t%.3f\t%.2f", row, all[int((NR + 1) / 2)], all[NR], used; for (i = 1; i <= NR; ++i) printf "\t%s", all[i]; print "" }' |
        cat >>swarm.tsv
}

# ticks_of PID...: of processor time that these took, and those for which they have waited; of those that have ended as
# they have said themselves (swarm/used.*).
ticks_of() {
    local pid
    {
        for pid; do sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | awk '{ print $12 + $13 + $14 + $15 }'; done
        cat swarm/used.* 2>/dev/null || :
    } | awk '{ sum += $1 } END { print sum + 0 }'
}

# until_done FILE SECONDS
until_done() {
    local end=$((SECONDS + $2))
    until [[ -s $1 ]]; do
        ((SECONDS < end)) || refuse 1 "$1 did not come"
        sleep 0.02
    done
}

# at_go COMMAND...: once the swarm begins.
at_go() {
    : <swarm/go
    "$@"
}

# --- ours ---------------------------------------------------------------------------------------

codex_begin() {
    local i spr=()
    for ((i = 0; i < $1; ++i)); do
        ((i >= $2)) || cp -a --reflink=auto swarm/seed "swarm/node.$i"
        codex-serve -r "swarm/node.$i" run -i /ip4/127.0.0.1/tcp/0 --disc-port 0 --api-bindaddr none "${spr[@]}" \
            --ready-file "swarm/ready.$i" >"swarm/log.$i" 2>&1 &
        swarm_pids+=($!)
        ((i > 0)) || { until_done swarm/ready.0 60; spr=(--bootstrap-node "$(codex-serve -r swarm/node.0 spr)"); }
    done
}

# The seeds are known to others, as they are to a tracker.
codex_ready() {
    local i
    for ((i = 0; i < $1; ++i)); do until_done "swarm/ready.$i" 120; done
    for ((tries = 0; tries < 600; ++tries)); do
        (($(codex-serve -r "swarm/node.$(($1 - 1))" find "$swarm_cid" 2>/dev/null | wc -l) < ($2 < 16 ? $2 : 16))) || break
        sleep 0.1
    done
    ((tries < 600)) || refuse 1 'the seeds are not found'
    for ((i = $2; i < $1 && i < $2 + 10; ++i)); do
        span_ms codex-serve -r "swarm/node.$i" find "$swarm_cid" | sed "s/^/$1	/"
    done >>finds.tsv
}

# span_ms COMMAND...: how many milliseconds it takes; what it says goes nowhere.
span_ms() {
    local begun=${EPOCHREALTIME/./}
    "$@" >/dev/null 2>&1 || refuse 1 "$*"
    echo $(((${EPOCHREALTIME/./} - begun) / 1000))
}

codex_get() {
    local at stat
    at_go codex-serve -r "swarm/node.$1" fetch "$swarm_cid" >"swarm/said.$1" 2>&1
    at=$EPOCHREALTIME
    read -ra stat <"/proc/$BASHPID/stat"
    echo $((stat[15] + stat[16])) >"swarm/used.$1"
    echo "$at" >"swarm/done.$1"
}

codex_content() { codex-chunk -r "swarm/node.$1" get "$swarm_cid"; }

# --- theirs -------------------------------------------------------------------------------------

# A tracker that knows one torrent, and nobody yet.
begin_tracker() {
    aria2c -S swarm/file.torrent | sed -n 's/^Info Hash: *//p' >swarm/known
    opentracker -i 127.0.0.1 -p $tracker_port -P $tracker_port -d "$PWD/swarm" -u nobody -w known >swarm/log.tracker 2>&1 &
    swarm_pids+=($!)
}

# until_seeded SEEDS: so many have told the tracker that they have all.
until_seeded() {
    local i hash answer
    hash=$(sed 's/../%&/g' swarm/known)
    for ((i = 0; i < 1200; ++i)); do
        answer=$(curl -s "http://127.0.0.1:$tracker_port/scrape?info_hash=$hash" | tr -d '\0' || :)
        if [[ $answer =~ 8:completei([0-9]+) ]] && ((BASH_REMATCH[1] >= $1)); then return; fi
        sleep 0.1
    done
    refuse 1 'the seeds did not come'
}

aria2_begin() {
    local i
    # shellcheck disable=SC2016 # for the script
    printf '#!/bin/bash\nfolder=${3%%/*}; echo $EPOCHREALTIME >"$folder.time"; mv "$folder.time" "swarm/done.${folder##*.}"\n' >swarm/on_done
    chmod +x swarm/on_done
    begin_tracker
    for ((i = 0; i < $2; ++i)); do
        mkdir "swarm/node.$i"
        ln swarm/file "swarm/node.$i/file"
        "${aria[@]}" --check-integrity --seed-ratio=0 --dir="swarm/node.$i" swarm/file.torrent >/dev/null 2>"swarm/log.$i" &
        swarm_pids+=($!)
    done
}

aria2_ready() { until_seeded "$2"; }

aria2_get() {
    mkdir "swarm/node.$1"
    : <swarm/go
    exec "${aria[@]}" --seed-ratio=0 --dir="swarm/node.$1" --on-bt-download-complete="$PWD/swarm/on_done" \
        swarm/file.torrent >/dev/null 2>"swarm/log.$1"
}

aria2_content() { cat "swarm/node.$1/file"; }

libtorrent_node=(/usr/bin/python3 "$source_root/tests/bench/torrent_node.py" swarm/file.torrent)

libtorrent_begin() {
    local i
    begin_tracker
    for ((i = 0; i < $2; ++i)); do
        mkdir "swarm/node.$i"
        ln swarm/file "swarm/node.$i/file"
        "${libtorrent_node[@]}" "swarm/node.$i" "swarm/done.$i" 2>"swarm/log.$i" &
        swarm_pids+=($!)
    done
}

libtorrent_ready() {
    local i
    until_seeded "$2"
    for ((i = $2; i < $1; ++i)); do until_done "swarm/done.$i.ready" 120; done
}

libtorrent_get() {
    mkdir "swarm/node.$1"
    exec "${libtorrent_node[@]}" "swarm/node.$1" "swarm/done.$1" swarm/go 2>"swarm/log.$1"
}

libtorrent_content() { cat "swarm/node.$1/file"; }

# --- all ----------------------------------------------------------------------------------------

swarm_section() {
    local run swarm nodes mb seeds program middle most programs=(codex)
    local needed missing=()
    for needed in opentracker aria2c mktorrent curl; do
        command -v $needed >/dev/null || missing+=("$needed")
    done
    if ((${#missing[@]} > 0)); then
        note "no ${missing[*]}: nothing beside"
    elif /usr/bin/python3 -c 'import libtorrent' 2>/dev/null; then
        programs+=(aria2 libtorrent)
    else
        programs+=(aria2)
        note 'no python3-libtorrent: nothing of libtorrent beside'
    fi
    [[ -z ${CODEX_BENCH_PROGRAMS:-} ]] || read -ra programs <<<"$CODEX_BENCH_PROGRAMS"
    rm -rf swarm swarm.tsv finds.tsv
    for swarm in ${CODEX_BENCH_SWARMS:-2:1000:1 8:100:1 8:100:4 16:100:1 16:100:8 100:10:1 100:10:50}; do
        IFS=: read -r nodes mb seeds <<<"$swarm"
        rm -rf swarm
        mkdir swarm
        codex-testgen 1 $((mb * 1000000)) >swarm/file
        swarm_cid=$(codex-chunk -r swarm/seed put swarm/file | cut -f1)
        ! command -v mktorrent >/dev/null ||
            mktorrent -a "http://127.0.0.1:$tracker_port/announce" -o swarm/file.torrent swarm/file >/dev/null
        for ((run = 0; run < runs; ++run)); do
            for program in "${programs[@]}"; do
                swarm_of "$nodes" "$mb" "$seeds" "$program" "$run"
            done
        done
    done
    swarm_table
    sort -k 1,1n -k 2,2n finds.tsv | awk '{ ++count[$1]; all[$1, count[$1]] = $2 }
        END { for (nodes in count) print nodes, all[nodes, int((count[nodes] + 1) / 2)], all[nodes, count[nodes]] }' | sort -n |
        while read -r nodes middle most; do
            figure "find among $nodes nodes" "$middle" 'ms, median' "$most at most, the program's start and end included"
        done
    first_bytes
    awk -f "$source_root/tests/bench/swarm_plot.awk" swarm.tsv >swarm.svg
    note "drawn in $work/swarm.svg"
    rm -rf swarm
}

# swarm_table: of each swarm and program the run with the smallest median, with the processor time of all nodes; how much
# longer ours takes than each.
swarm_table() {
    printf '\n%-28s %10s %9s %9s %9s  %s\n' 'nodes, MB, that have it' program 'median s' 'last s' 'cpu s' 'ours is times as long'
    sort -t $'\t' -k 1,1n -k 2,2n -k 3,3n -k 4,4 -k 6,6n swarm.tsv | sort -t $'\t' -s -u -k 1,4 |
        awk -F '\t' '{ swarm = $1 ", " $2 ", " $3; key = swarm SUBSEP $4; median[key] = $6; last[key] = $7; cpu[key] = $8; row[NR] = key }
            END { for (i = 1; i <= NR; ++i) {
                split(row[i], of, SUBSEP); ours = of[1] SUBSEP "codex"
                beside = sprintf("%.2f, %.2f", median[ours] / median[row[i]], last[ours] / last[row[i]])
                printf "%-28s %10s %9.2f %9.2f %9.2f  %s\n", of[1], of[2], median[row[i]], last[row[i]], cpu[row[i]], of[2] == "codex" ? "" : beside
            } }'
}

# first_bytes: of ten files that a node streams over HTTP while it fetches them from another, with which it is connected.
first_bytes() {
    local i cid api middle most
    rm -rf swarm/of swarm/for
    codex-chunk -r swarm/of init >/dev/null
    serve swarm/of
    serve swarm/for
    codex-serve -r swarm/for connect "${address[swarm/of]}" >/dev/null
    api=$(codex-serve -r swarm/for health | cut -f 4)/api/codex/v1/data
    for ((i = 0; i < 10; ++i)); do
        cid=$(codex-testgen $((100 + i)) 2000000 | codex-chunk -r swarm/of put - | cut -f1)
        curl -sSf -o /dev/null -w '%{time_starttransfer}\n' "$api/$cid/network/stream"
    done | sort -n | awk '{ all[NR] = 1000 * $1 } END { printf "%.0f %.0f\n", all[5], all[NR] }' >swarm/first
    read -r middle most <swarm/first
    figure 'first byte of a stream' "$middle" 'ms, median' "$most at most of ten files"
    end "${served[swarm/of]}" "${served[swarm/for]}"
}
