# How tests/bench/run.sh measures, and how it prints what it measured.
# shellcheck shell=bash disable=SC2034,SC2154 # sections read wall, cpu and rss; run.sh sets runs

declare -A wall cpu rss

# refuse CODE TEXT...
refuse() {
    echo "run.sh: error: ${*:2}" >&2
    exit "$1"
}

# said: the end of what a program said; nothing can be kept of that where the disk is full.
said() {
    if [[ -s err.out ]]; then
        tail -n 3 err.out
    else
        echo "it said nothing; there is room for $(df -h --output=avail . | tail -n 1 | tr -d ' ') in $PWD"
    fi
}

# once NAME PREPARE COMMAND: runs both, times the second, and keeps it if it is the fastest so far.
once() {
    local name=$1 fields=()
    eval "$2" >/dev/null 2>err.out || refuse 1 "$2: $(said)"
    /usr/bin/time -f '%e %U %S %M' -o time.out bash -c "$3" >/dev/null 2>err.out ||
        refuse 1 "$3: $(said)"
    read -ra fields <time.out
    if [[ ! -v wall[$name] ]] || less "${fields[0]}" "${wall[$name]}"; then
        wall[$name]=${fields[0]}
        cpu[$name]=$(calc "${fields[1]} + ${fields[2]}")
        rss[$name]=$((fields[3] / 1024))
    fi
}

# measure NAME PREPARE COMMAND: the fastest of $runs.
measure() {
    local run
    for ((run = 0; run < runs; ++run)); do once "$@"; done
}

# in_turn NAME COMMAND [NAME COMMAND]...: one after the other, $runs times, so that what else the
# machine does slows all of them.
in_turn() {
    local run i
    for ((run = 0; run < runs; ++run)); do
        for ((i = 1; i < $#; i += 2)); do
            once "${!i}" : "${@:i+1:1}"
        done
    done
}

# caches: the sizes of those of the first core, one line.
caches() {
    local index text=''
    for index in /sys/devices/system/cpu/cpu0/cache/index*; do
        [[ -r $index/size && $(<"$index/type") != Instruction ]] || continue
        text+="${text:+, }level $(<"$index/level") $(<"$index/size")"
    done
    printf 'caches: %s\n' "${text:-not told by the system}"
}

less() { awk "BEGIN { exit !($1 < $2) }"; }
calc() { awk "BEGIN { printf \"%.2f\", $1 }"; }
# ratio A B: A / B, each of which may be a sum, where B may have been too short to be measured.
ratio() { calc "($1) / (($2) > 0 ? ($2) : 0.01)"; }

heading() { printf '\n%-34s %8s %8s %9s %9s  %s\n' "$1" 'wall s' 'cpu s' 'MB/s' 'peak MiB' note; }

# row NAME BYTES [NOTE]: of what was measured; without a rate where BYTES is empty.
row() {
    printf '%-34s %8.2f %8.2f %9s %9d  %s\n' "$1" "${wall[$1]}" "${cpu[$1]}" \
        "${2:+$(printf %.0f "$(ratio "$2 / 1e6" "${wall[$1]}")")}" "${rss[$1]}" "${3:-}"
}

# figure NAME VALUE UNIT [NOTE]: what was not measured by the process.
figure() { printf '%-34s %8s %-18s  %s\n' "$@"; }

# note TEXT...: why there is no row.
note() { printf '(%s)\n' "$*"; }

# benchmark PROGRAM FILTER [VARIABLE=VALUE...]: runs what FILTER names; what it says goes to bench.json.
benchmark() {
    env "${@:3}" "$1" --benchmark_filter="$2" --benchmark_format=json 2>err.out >bench.json ||
        refuse 1 "$1: $(said)"
    local wrong
    wrong=$(jq -r '[.benchmarks[] | select(.error_occurred) | .name + ": " + .error_message] | first // empty' bench.json)
    [[ -z $wrong ]] || refuse 1 "$1: $wrong"
}
