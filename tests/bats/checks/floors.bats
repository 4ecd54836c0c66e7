# scripts/check-floors fails when a floor's rule is broken, and only then.
load ../common

# source FILE LINE...: a source file of a small tree.
source_file() {
    local file=$1
    shift
    mkdir -p "${file%/*}"
    printf '%s\n' "$@" >"$file"
}

# rows ROW...: the graph of that tree.
rows() {
    mkdir -p libcommon
    printf '# A graph.\n\n' >libcommon/floors.txt
    printf '%s\n' "$@" >>libcommon/floors.txt
}

setup() {
    codex_setup
    rows 'base : | spdlog' 'codec : base |' 'merkle : base |' 'repo : base codec | lmdb' \
        'cli : codec | CLI' 'codex-x : repo cli |'
    source_file libcommon/base/bytes.hpp '#include <span>' '#include <fmt/core.h>'
    source_file libcommon/base/detail/log.cpp '#include <spdlog/spdlog.h>'
    source_file libcommon/codec/cid.hpp '#include "base/bytes.hpp"' '#include <fmt/format.h>'
    source_file libcommon/merkle/tree.hpp '#include "base/bytes.hpp"'
    source_file libcommon/repo/index.cpp '#include "repo/detail/keys.hpp"' '#include <lmdb.h>' \
        '#include "base/bytes.hpp"' '#include "codec/cid.hpp"'
    source_file libcommon/cli/tool.cpp '#include "codec/cid.hpp"' '#include <CLI/CLI.hpp>'
    source_file tools/codex-x/main.cpp '#include "cli/tool.hpp"' '#include "put.hpp"' \
        '#include "repo/repo.hpp"' '#include <sys/stat.h>'
}

check() { run "$CODEX_SOURCE/scripts/check-floors" .; }

# refuses FILE LINE REASON: the check names file, line and reason.
refuses() {
    source_file "$1" '#pragma once' "$2"
    check
    assert_failure 1
    assert_line "$1:2: $2: $3"
    assert_line 'check-floors: rules broken: 1, in 17 includes'
    rm "$1"
}

@test "a tree that keeps the rules passes" {
    check
    assert_success
    assert_line 'check-floors: 16 includes, all right'
}

@test "it prints the graph, with how often each floor includes what is on its row" {
    check
    assert_success
    assert_line 'base        : | spdlog(1)'
    assert_line 'repo        : base(1) codec(1) | lmdb(1)'
    assert_line 'codex-x     : repo(1) cli(1)'
}

# refuses_rows REASON: the check of a tree whose rows were changed.
refuses_rows() {
    check
    assert_failure 1
    assert_line "libcommon/floors.txt: $1"
}

@test "a row that names what no file includes is refused" {
    rows 'base : | spdlog' 'codec : base | zstd' 'merkle : base codec |' 'repo : base codec | lmdb' \
        'cli : codec | CLI' 'codex-x : repo cli |'
    refuses_rows 'no file of codec includes zstd'
    refuses_rows 'no file of merkle includes codec'
}

@test "a graph with a circle, a second row or a row of another form is refused" {
    rows 'base : codec | spdlog' 'codec : base |' 'codec : base |' 'merkle : base'
    check
    assert_failure 1
    assert_line 'libcommon/floors.txt:3: base stands before codec'
    assert_line 'libcommon/floors.txt:5: codec has a second row'
    assert_line --partial 'libcommon/floors.txt:6: not of the form'
}

@test "planted in this very tree, includes that break the graph are refused" {
    rm -r libcommon tools
    cp -r "$CODEX_SOURCE/libcommon" "$CODEX_SOURCE/tools" .
    check
    assert_success
    echo '#include "dataset/dataset.hpp"' >>libcommon/snark/verify.cpp
    echo '#include "merkle/tree.hpp"' >>libcommon/erasure/code.cpp
    echo '#include "repo/index/lmdb.hpp"' >>libcommon/dataset/get.cpp
    echo '#include <lmdb.h>' >>libcommon/dataset/put.cpp
    check
    assert_failure 1
    assert_line --partial 'snark may not include dataset'
    assert_line --partial 'erasure may not include merkle'
    assert_line --partial 'detail of another floor'
    assert_line --partial 'lmdb is not on the row of dataset'
    assert_line --partial 'rules broken: 4, in '
}

@test "an include that points upward is refused" {
    refuses libcommon/base/a.cpp '#include "codec/cid.hpp"' 'base may not include codec'
    refuses libcommon/codec/a.hpp '#include "repo/repo.hpp"' 'codec may not include repo'
    refuses libcommon/repo/a.cpp '#include "cli/tool.hpp"' 'repo may not include cli'
    refuses libcommon/cli/a.cpp '#include "repo/repo.hpp"' 'cli may not include repo'
}

@test "an include of another floor's detail is refused" {
    refuses libcommon/repo/a.cpp '#include "base/detail/log.hpp"' 'detail of another floor'
    refuses tools/codex-x/a.cpp '#include "repo/detail/keys.hpp"' 'detail of another floor'
    refuses tools/codex-x/a.cpp '#include "repo/index/lmdb.hpp"' 'detail of another floor'
    refuses tools/codex-x/a.cpp '#include "repo/segments/io.hpp"' 'detail of another floor'
    refuses tools/codex-x/a.cpp '#include "repo/upkeep/ledger.hpp"' 'detail of another floor'
}

@test "an include that is not written from the root is refused" {
    refuses libcommon/repo/a.cpp '#include "keys.hpp"' 'write it from the root of libcommon'
    refuses libcommon/repo/a.cpp '#include "../base/bytes.hpp"' \
        'write it from the root of libcommon'
    refuses libcommon/repo/a.cpp '#include "nowhere/x.hpp"' 'no such floor: nowhere'
}

@test "an external package outside its row is refused" {
    refuses libcommon/base/a.cpp '#include <lmdb.h>' 'lmdb is not on the row of base'
    refuses libcommon/merkle/a.cpp '#include <openssl/evp.h>' 'openssl is not on the row of merkle'
    refuses libcommon/repo/a.cpp '#include <boost/asio.hpp>' 'boost is not on the row of repo'
    refuses libcommon/repo/a.cpp '#include <sodium.h>' 'sodium is not on the row of repo'
    refuses tools/codex-x/a.cpp '#include <CLI/CLI.hpp>' 'CLI is not on the row of codex-x'
}

@test "a public header that shows an external package is refused" {
    refuses libcommon/repo/a.hpp '#include <lmdb.h>' 'lmdb in a public header'
    refuses libcommon/cli/a.hpp '#include <CLI/CLI.hpp>' 'CLI in a public header'
}

@test "a folder that is no floor is refused" {
    refuses libcommon/misc/a.cpp '#include <span>' 'libcommon/misc has no row'
    refuses libcommon/codex-x/a.cpp '#include <span>' 'libcommon/codex-x has no row'
    refuses tools/base/a.cpp '#include <span>' 'tools/base has no row'
    refuses tools/codex-y/a.cpp '#include <span>' 'tools/codex-y has no row'
}

@test "an empty tree is refused, not passed" {
    rm -r libcommon tools
    rows 'base : |'
    check
    assert_failure 1
}

@test "the local tools are linked with nothing of the network" {
    local tool
    for tool in codex-chunk codex-ec codex-merkle; do
        run ldd "$(command -v "$tool")"
        assert_output --partial libspdlog
        refute_output --regexp 'secp256k1|sodium|prometheus|boost'
    done
    run ldd "$(command -v codex-serve)"
    assert_output --partial secp256k1
}
