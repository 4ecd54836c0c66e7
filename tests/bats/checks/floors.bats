# scripts/check-floors fails when a floor's rule is broken, and only then.
load ../common

# source FILE LINE...: a source file of a small tree.
source_file() {
    local file=$1
    shift
    mkdir -p "${file%/*}"
    printf '%s\n' "$@" >"$file"
}

setup() {
    codex_setup
    source_file libcommon/base/bytes.hpp '#include <span>' '#include <fmt/core.h>'
    source_file libcommon/base/detail/log.cpp '#include <spdlog/spdlog.h>'
    source_file libcommon/codec/cid.hpp '#include "base/bytes.hpp"' '#include <tl/expected.hpp>'
    source_file libcommon/repo/index.cpp '#include "repo/detail/keys.hpp"' '#include <lmdb.h>'
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
    assert_line --partial '1 of 14 includes break a rule'
    rm "$1"
}

@test "a tree that keeps the rules passes" {
    check
    assert_success
    assert_output 'check-floors: 13 includes, all right'
}

@test "an include that points upward is refused" {
    refuses libcommon/base/a.cpp '#include "codec/cid.hpp"' 'codec is above base'
    refuses libcommon/codec/a.hpp '#include "repo/repo.hpp"' 'repo is above codec'
    refuses libcommon/repo/a.cpp '#include "cli/tool.hpp"' 'only tools include cli'
    refuses libcommon/cli/a.cpp '#include "repo/repo.hpp"' 'cli may include only base and codec'
}

@test "an include of another floor's detail is refused" {
    refuses libcommon/repo/a.cpp '#include "base/detail/log.hpp"' 'detail of another floor'
    refuses tools/codex-x/a.cpp '#include "repo/detail/keys.hpp"' 'detail of another floor'
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
    refuses libcommon/repo/a.cpp '#include <sodium.h>' 'sodium.h is not on the row of repo'
    refuses tools/codex-x/a.cpp '#include <CLI/CLI.hpp>' 'CLI is not on the row of tools'
}

@test "a public header that shows an external package is refused" {
    refuses libcommon/repo/a.hpp '#include <lmdb.h>' 'lmdb in a public header'
    refuses libcommon/cli/a.hpp '#include <nlohmann/json.hpp>' 'nlohmann in a public header'
}

@test "a folder that is no floor is refused" {
    refuses libcommon/misc/a.cpp '#include <span>' 'libcommon/misc is no floor'
}

@test "an empty tree is refused, not passed" {
    rm -r libcommon tools
    mkdir libcommon
    check
    assert_failure 1
}
