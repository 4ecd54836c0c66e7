#!/bin/bash
# tests/reliability/kill.sh: CODEX_KILLS (60) times, starts one or two of put, encode, rm, gc and
# import on one repo and ends them by kill -9 at a random moment (CODEX_SEED decides). After each
# kill the repo must open and verify; every identifier that was printed must be there, or be gone if
# it was printed by rm; every dataset listed must read back byte for byte. At the end all is removed,
# and nothing may be left.
set -uo pipefail
# shellcheck source=tests/reliability/common.bash
source "$(dirname "$0")/common.bash"

kills=${CODEX_KILLS:-60}
RANDOM=$seed
exec {never}<> <(:) # nothing ever arrives here: read -t on it is a pause without a process

# The data, and what each dataset is called: identifiers depend on nothing but content and name.
declare -A file_of # CID -> file
plain=()           # CIDs of plain datasets
protected=()       # protected[i] is made from plain[i]
for i in {0..9}; do
    codex-testgen "$i" $((70000 + i * i * 40000)) >"file$i"
done
cid=
while IFS=$'\t' read -r cid name; do
    plain+=("$cid")
    file_of[$cid]=$scratch/$name
    coded=$(codex-ec encode -k 2 -m 1 "$cid" -r model | cut -f1) || die "encode $cid"
    protected+=("$coded")
    file_of[$coded]=$scratch/$name
    codex-chunk export "$cid" -r model -o "$cid.car" || die "export $cid"
done < <(codex-chunk put -r model file{0..9} </dev/null)
((${#file_of[@]} == 20)) || die "20 datasets expected, ${#file_of[@]} made"

declare -A live # CIDs that must be there: acknowledged, and no rm of them begun

# start NUMBER: begins a random command in the background on datasets that no other one works on.
start() {
    local number=$1 tries=$((RANDOM % 4 + 1)) verbs=(put put encode rm gc import) targets=() i cid
    local verb=${verbs[RANDOM % 6]}
    while ((tries-- > 0)); do
        i=$((RANDOM % 10))
        [[ -v taken[$i] ]] || targets+=("$i")
        taken[$i]=1
    done
    command=()
    for i in "${targets[@]}"; do
        case $verb in
        put) command+=("file$i") ;;
        import) command=("${plain[$i]}.car") ;;
        encode) [[ -v live[${plain[$i]}] ]] && command+=("${plain[$i]}") ;;
        rm)
            for cid in "${plain[$i]}" "${protected[$i]}"; do
                [[ -v live[$cid] ]] && command+=("$cid") && unset "live[$cid]"
            done
            ;;
        esac
    done
    if ((${#command[@]} == 0)); then
        verb=gc
    fi
    case $verb in
    encode) command=(codex-ec encode -k 2 -m 1 "${command[@]}") ;;
    *) command=(codex-chunk "$verb" "${command[@]}") ;;
    esac
    : >"out$number" # here: the kill may come before the new process opens it
    "${command[@]}" >>"out$number" 2>"err$number" </dev/null &
    pids[number]=$!
    verb_of[number]=$verb
    commands[number]="${command[*]}"
}

# finish NUMBER: waits up to a random moment, kills, and notes what the command acknowledged. The
# moments adapt, so that about every second kill meets a running command.
finish() {
    local number=$1 status=0 cid
    read -rt "$(printf '0.%05d' $(((RANDOM * 32768 + RANDOM) % longest)))" -u "$never"
    kill -9 "${pids[$number]}" 2>/dev/null
    wait "${pids[$number]}" 2>/dev/null || status=$?
    if ((status == 137)); then
        ((++killed))
        ((longest = longest * 33 / 32))
    elif ((status == 0)); then
        ((longest = longest * 31 / 32 + 32))
    else
        die "${commands[$number]}: exit $status: $(<"err$number")"
    fi
    # A line that the kill cut short has no newline, and read does not count it.
    while IFS=$'\t' read -r cid _; do
        [[ -v file_of[$cid] ]] || continue
        case ${verb_of[$number]} in
        rm) gone[$cid]=1 ;;
        put | import | encode) live[$cid]=1 ;;
        esac
    done <"out$number"
}

# check: the repo holds what was acknowledged, and nothing that does not read back.
check() {
    local listed cid
    declare -A present=()
    codex-chunk verify >verify.out 2>&1 || die "verify after ${commands[*]}: $(<verify.out)"
    listed=$(codex-chunk ls 2>ls.err) || die "ls after ${commands[*]}: $(<ls.err)"
    while IFS=$'\t' read -r cid _; do
        [[ -n $cid ]] || continue
        [[ -v file_of[$cid] ]] || die "a dataset that nobody put: $cid"
        present[$cid]=1
        same_bytes "$cid" "${file_of[$cid]}" || die "$cid differs after ${commands[*]}: $(<get.err)"
    done <<<"$listed"
    for cid in "${!live[@]}"; do
        [[ -v present[$cid] ]] || die "$cid was lost after ${commands[*]}"
    done
    for cid in "${!gone[@]}"; do
        [[ ! -v present[$cid] ]] || die "$cid is back after ${commands[*]}"
    done
    for cid in "${!present[@]}"; do # also what was done, but not said before the kill
        live[$cid]=1
    done
}

codex-chunk init >/dev/null || die init
pids=() commands=() verb_of=() killed=0 rounds=0
longest=3000 # ten microseconds each
while ((killed < kills)); do
    ((++rounds < kills * 20)) || die "only $killed kills in $rounds rounds met a running command"
    commands=()
    declare -A taken=() gone=()
    start 0
    two=$((RANDOM % 4 == 0))
    ((two)) && start 1
    finish 0
    ((two)) && finish 1
    check
done
expect_nothing_left
echo "kill.sh: $killed kills in $rounds rounds, seed $seed: nothing lost, nothing left"
