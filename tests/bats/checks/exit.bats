# codex-exit(7) lists every error there is, with its exit status and HTTP status, and nothing else.
load ../common

@test "codex-exit(7) is errc.def" {
    sed -n 's/^CODEX_ERRC([a-z0-9_]*, "\([^"]*\)", \([0-9]*\), \([0-9]*\))$/\1 \2 \3/p' \
        "$CODEX_SOURCE/libcommon/base/errc.def" >table
    assert [ "$(wc -l <table)" -gt 40 ]
    awk '/^\|  / { code = $2; n = 0 } code && /^:  [0-9]+$/ {
        number[++n] = $2
        if (n == 2) { print code, number[1], number[2]; code = "" } }' \
        "$CODEX_SOURCE/man/codex-exit.7.scd" >page
    diff page table
}

@test "codex-pipes(7) lists the remedies of remedy.def" {
    sed -n 's/^CODEX_REMEDY(\([a-z_]*\))$/\1/p' "$CODEX_SOURCE/libcommon/base/remedy.def" >table
    assert [ "$(wc -l <table)" -gt 15 ]
    sed -n '/^# REMEDIES/,/^# LOGS/p' "$CODEX_SOURCE/man/codex-pipes.7.scd" | grep '^\*' |
        grep -o '[a-z_]*' | grep _ >page
    diff page table
}

@test "codex-exit(7) explains every exit status that an error has" {
    local status
    while read -r status; do
        grep -q "^\*$status\*$" "$CODEX_SOURCE/man/codex-exit.7.scd" ||
            fail "exit status $status is not explained"
    done < <(sed -n 's/^CODEX_ERRC(.*", \([0-9]*\), .*/\1/p' \
        "$CODEX_SOURCE/libcommon/base/errc.def" | sort -u)
}
