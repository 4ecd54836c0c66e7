# Random commands on one repo, and a model of what it must hold: for runs that end commands by a
# signal. Sourced after common.bash; `options` are given to every command.
# shellcheck shell=bash

RANDOM=$seed
options=()
pids=() commands=() verb_of=()

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
    coded=$(codex-ec encode -q -k 2 -m 1 "$cid" -r model | cut -f1) || die "encode $cid"
    protected+=("$coded")
    file_of[$coded]=$scratch/$name
    codex-chunk export "$cid" -r model -o "$cid.car" || die "export $cid"
done < <(codex-chunk put -r model file{0..9} </dev/null)
((${#file_of[@]} == 20)) || die "20 datasets expected, ${#file_of[@]} made"

declare -A live # CIDs that must be there: acknowledged, and no rm of them begun

# start NUMBER: begins a random command in the background on datasets that no other one works on.
start() {
    local number=$1 tries=$((RANDOM % 4 + 1)) verbs=(put put encode rm gc import keep) targets=() i cid
    local verb=${verbs[RANDOM % ${#verbs[@]}]}
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
        keep) # as many transactions, one after the other
            [[ -v live[${plain[$i]}] ]] && for cid in {1..40}; do command+=("${plain[$i]}"); done
            ;;
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
    keep) command=(codex-chunk keep --until never "${command[@]}") ;;
    encode) command=(codex-ec encode -k 2 -m 1 "${command[@]}") ;;
    *) command=(codex-chunk "$verb" "${command[@]}") ;;
    esac
    command+=("${options[@]}")
    : >"out$number" # here: the kill may come before the new process opens it
    "${command[@]}" >>"out$number" 2>"err$number" </dev/null &
    pids[number]=$!
    verb_of[number]=$verb
    commands[number]="${command[*]}"
}

# note_answers NUMBER: what the command acknowledged before it ended.
note_answers() {
    local number=$1 cid
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

