# Shared by quickstart and test: runs in the root of the clone, keeps every file inside it, and shows
# one line for a long job instead of its output.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
root=$PWD
# Nothing outside the clone, and no home needed; a compiler cache that the caller has set up stays.
export CCACHE_DIR=${CCACHE_DIR:-$root/.cache/ccache}
mkdir -p "$root/build/logs"

if [[ -t 1 ]]; then
    bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' red='' plain=''
fi

# quietly LABEL COMMAND...: runs it with its output in build/logs, then prints the label and the
# seconds; when it fails, the end of that output, too. What $numbering holds stands before the label.
quietly() {
    local label=$1 start=$SECONDS status=0 number=${numbering:-}
    local log=$root/build/logs/${label//[^a-zA-Z0-9]/-}.log
    shift
    [[ -t 1 ]] && printf '%s%s ...' "$number" "$label"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    [[ -t 1 ]] && printf '\r'
    if ((status == 0)); then
        printf '%s%s: done in %d s\n' "$number" "$label" $((SECONDS - start))
    else
        printf '%s%s%s: failed%s, the end of %s:\n' "$red" "$number" "$label" "$plain" "${log#"$root"/}"
        tail -n 40 "$log"
    fi
    return $status
}

# build PRESET [TARGET...]: configures and builds one of CMakePresets.json.
build() {
    local preset=$1
    shift
    cmake --preset "$preset" && cmake --build --preset "$preset" ${1:+--target "$@"}
}
