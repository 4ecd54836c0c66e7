# Every hint in the sources is shown by a test: named by `hint`, or, where it is a part of one or comes
# only with another error, by `part`.
load ../common

# What no tool can say: for programs that call the library with arguments that no tool gives. Each is
# shown by the unit test that stands behind it.
library_only=(
    'pad the buffers with zeros'                                      # unit/erasure
    'pass one entry for each position'                                # unit/erasure
    'fetch more of its blocks; only the loss of m of them is covered' # unit/erasure
    'use the classic layout for protected datasets'                   # unit/codec
    'encode the plain dataset again, by the stepped strategy'         # unit/erasure
    # Of addresses and keys of peers, which no tool takes yet: unit/net
    '"{}" is not an address: {}'
    'an address looks like /ip4/192.0.2.7/tcp/8070/p2p/16Uiu2HA...'
    'a node prints its own record; copy the whole of it'
    # Of addresses of accounts, which no tool takes yet: unit/ethereum
    'a character of it was mistyped; in small letters alone it has no checksum'
)

# What takes minutes, or another circuit than there is a key for: shown by the test that stands behind it.
elsewhere=(
    'end that process, or let it go on'                    # unit/repo, readers that fall behind
    'raise the limit: ulimit -v unlimited'                 # unit/repo, scarce address space
    '{}; or more processes: ulimit -u unlimited'           # unit/base, no threads
    'let this host, or its container, have more memory'    # unit/base, no limit that is this process's
    'fetch that slot: codex-serve fetch CID --peer ADDRESS' # codex-serve/slot
    'compare the whole dataset: codex-prove slots --check CID' # unit/proof
    'what has come is right and stays; name a peer that can be trusted to have it' # unit/exchange, only liars
    'take away the folder state of the ledger, which is made again of its journal' # unit/ledger, events that are not kept
    'take that folder away, which is made again of the journal' # unit/ledger, a state of another journal
    # unit/repo, a damaged partial tree:
    'fetch it again, which brings anew what cannot be proved: codex-serve fetch CID --peer ADDRESS'
    'root and leaves have no such limit, nor has proof of a dataset in the repo; larger blocks make fewer leaves' # tools/bounds
)

@test "each hint of the sources is named by a test" {
    run_split "$CODEX_SOURCE/tests/bats/hints/list-hints" "$CODEX_SOURCE"
    assert_success
    assert [ "${#lines[@]}" -gt 100 ]
    unnamed=()
    while IFS=$'\t' read -r file text; do
        known=
        for one in "${library_only[@]}" "${elsewhere[@]}"; do
            [[ $one == "$text" ]] && known=1
        done
        [[ -n $known ]] || grep -Fq -e "'$text'" -e "\"$text\"" "$CODEX_SOURCE"/tests/bats/hints/*.bats ||
            unnamed+=("$file: $text")
    done <<<"$output"
    ((${#unnamed[@]} == 0)) || printf '%s\n' "${unnamed[@]}" | fail
}

@test "commands in hints stand behind a colon, and without quotes" {
    run_split "$CODEX_SOURCE/tests/bats/hints/list-hints" "$CODEX_SOURCE"
    assert_success
    # shellcheck disable=SC2016 # this is Perl
    run perl -ne '
        while (/codex-(?:chunk|ec|market|merkle|prove|serve) (?=[-a-z{])/g) {
            my $before = (split /\t/, substr($_, 0, $-[0]), 2)[1] // "";
            print if $before !~ /(?:^|: |\| |; |; do )$/;
        }' <<<"$output"
    assert_output ''
}

@test "behind a colon stands what can be typed" {
    run_split "$CODEX_SOURCE/tests/bats/hints/list-hints" "$CODEX_SOURCE"
    assert_success
    # shellcheck disable=SC2016 # this is Perl
    run perl -ne 'print if /: (?!codex-|tar |zstd |ulimit |echo |mkdir |mv |chmod |kill |unset |for |--|[0-9]|\{|$)/' <<<"$output"
    assert_output ''
}

@test "a hint without a test is found" {
    mkdir -p libcommon tools
    cat >tools/a.cpp <<'CPP'
return fail(Error(Errc::usage, "no (good)").hint(fmt::format("first {} \"this\"; "
                                                             "then that", x)));
const std::string hint = "one; more of it";
CPP
    run_split "$CODEX_SOURCE/tests/bats/hints/list-hints" .
    assert_output "tools/a.cpp	first {} \"this\"; then that
tools/a.cpp	one; more of it"
}
