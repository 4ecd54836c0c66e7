# Paths that the two READMEs for readers of the code name are there, all from the top of the repository, and
# what the newcomer's walk says of them is in them.
load ../common

# named FILE: each path in `backticks`, a line each.
named() {
    grep -oE '`[A-Za-z0-9_.*/-]+`' "$1" | tr -d '`' |
        grep -E '^((libcommon|tools|tests|scripts|man|build|base|blocks|cli|codec|crypto|dataset|erasure|merkle|net|proof|repo|snark|toolkit)/|[a-z][a-z_]*\.(cpp|hpp|def|txt))' |
        sort -u
}

@test "each path begins at the top of the repository and is there" {
    cd "$CODEX_SOURCE"
    local file path count=0
    for file in README.md libcommon/README.md; do
        while read -r path; do
            [[ $path != build/* ]] || continue
            compgen -G "$path" >/dev/null || fail "$file: $path"
            ((++count))
        done < <(named "$file")
    done
    assert [ "$count" -gt 30 ]
}

@test "README.md lists the floors that there are" {
    cd "$CODEX_SOURCE"
    local floors
    floors=$(sed -n 's/^\([a-z]*\) *:.*/\1/p' libcommon/floors.txt | grep -vxE 'cli|toolkit|tools' | sort)
    assert_equal "$(tr '\n' ' ' <README.md | grep -oE '`base codec [a-z ]+`' | tr -d '`' | tr -s ' ' '\n' | sort)" "$floors"
}

@test "the walk finds what it says" {
    cd "$CODEX_SOURCE"
    # has FILE TEXT...
    has() {
        local text
        grep -F "$1" libcommon/README.md | grep -q '^|' || fail "not in the walk: $1"
        for text in "${@:2}"; do grep -Fq -e "$text" "$1" || fail "$1: $text"; done
    }
    has libcommon/codec/manifest.hpp 'kMaxBlockSizeBytes ='
    has libcommon/codec/manifest_rules.cpp '> kMaxBlockSizeBytes' 'codex-manifest(5), RULES'
    has tools/codex-chunk/put.cpp kMaxBlockSizeBytes '--block-size'
    has libcommon/dataset/put.cpp ' put('
    has libcommon/repo/commit.cpp 'DatasetWriter::commit(' '::prepare('
    has libcommon/repo/segments/batch_commit.cpp 'Batch::commit_together('
    has libcommon/floors.txt lmdb
    assert_equal "$(grep -c '|.*lmdb' libcommon/floors.txt)" 1
    has libcommon/repo/index/lmdb.hpp struct
    run bash -c "grep -rl '#include <lmdb.h>' libcommon tools --include='*.?pp' | grep -v '^libcommon/repo/index/'"
    assert_output ''
    has libcommon/base/errc.def CODEX_ERRC
    has man/codex-exit.7.scd 'repo.missing'
    has tests/bats/checks/exit.bats errc.def
    has tools/codex-chunk/label.cpp declare_label '.example('
    has tools/codex-chunk/chunk.hpp 'void declare_label('
    has tools/codex-chunk/main.cpp 'declare_label(root)'
}
