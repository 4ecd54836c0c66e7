# What the build promises with its flags is in the binaries.
load ../common

setup() {
    codex_setup
    commands=$CODEX_BIN/../compile_commands.json
    [[ -e $commands ]] || skip "an installed build has no compile_commands.json"
    ! grep -q -- '-fsanitize=' "$commands" || skip "sanitizers replace the hardening"
    mapfile -t tools < <(ls "$CODEX_SOURCE/tools")
}

@test "programs are position-independent, and relocated before they run, and read-only then" {
    for tool in "${tools[@]}"; do
        readelf -h "$CODEX_BIN/$tool" | grep -q 'Type: *DYN' || fail "$tool: no PIE"
        readelf -lW "$CODEX_BIN/$tool" | grep -q GNU_RELRO || fail "$tool: no RELRO"
        readelf -dW "$CODEX_BIN/$tool" | grep -qE 'BIND_NOW|Flags:.*NOW' || fail "$tool: lazy binding"
        readelf -lW "$CODEX_BIN/$tool" | grep 'GNU_STACK' | grep -qv 'RWE' || fail "$tool: code on the stack"
    done
}

@test "stacks are guarded" {
    grep -q -- -fstack-protector-strong "$commands"
    for tool in "${tools[@]}"; do
        readelf -sW "$CODEX_BIN/$tool" | grep -q __stack_chk_fail || fail "$tool: no guards"
    done
}

@test "where control flow is promised to be protected, the programs carry the mark" {
    ! grep -q -- -fcf-protection "$commands" || for tool in "${tools[@]}"; do
        readelf -nW "$CODEX_BIN/$tool" | grep -q 'IBT.*SHSTK' || fail "$tool: no mark"
    done
}
