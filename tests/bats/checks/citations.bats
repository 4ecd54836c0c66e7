# scripts/check-citations fails when something refers to a page or heading that is not there, or to a bare
# number; and scripts/check-docs with it.
load ../common

setup() {
    codex_setup
    mkdir -p libcommon/codec tools/codex-x tests/unit tests/bats scripts man
    printf '%s\n' 'codex-format(5)' '' '# FIELDS' '' '## Of them all' '' '# THE OTHER LAYOUT' '' \
        '*R4a.* A promise.' \
        >man/codex-format.5.scd
    printf '# libcommon\n\n## Errors\n' >libcommon/README.md
}

check() { run "$CODEX_SOURCE/scripts/check-citations" .; }

# accepts FILE LINE...: nothing is wrong with a file of these lines.
accepts() {
    printf '%s\n' "${@:2}" >"$1"
    check
    assert_success
    assert_output ''
}

# refuses GAP FILE LINE...: this alone is wrong with a file of these lines.
refuses() {
    printf '%s\n' "${@:3}" >"$2"
    check
    assert_failure 1
    assert_output "$2:$1"
    rm "$2"
}

@test "pages, headings and promises that there are pass, in every kind of file" {
    local text='codex-format(5), FIELDS and THE OTHER LAYOUT; codex-format(5), R4a and OF THEM ALL;'
    text+=' man/codex-format.5; codex-format(5)'
    accepts libcommon/codec/a.hpp "// $text." 'int x; ///< '"$text"
    accepts libcommon/codec/a.def "// $text"
    accepts tests/unit/a.cpp "/// $text"
    accepts tests/bats/a.bats "# $text"
    accepts scripts/run "#!/bin/bash" "true # $text"
    accepts tests/notes.md "| $text |"
    accepts man/codex-other.1.scd '(*codex-format*(5), THE OTHER LAYOUT), and *codex-format*(5).'
    accepts libcommon/codec/b.hpp '// libcommon/README.md, Errors'
    accepts libcommon/codec/c.hpp '// The rest is in codex-format(5), FIELDS.' '// And more, says codex-format(5), too.'
}

@test "a citation may go over the end of a line" {
    accepts libcommon/codec/a.hpp '// as it stands in codex-format(5), THE' '// OTHER LAYOUT, and' \
        '/// codex-format(5),' '/// FIELDS.'
    refuses '1: codex-format.5: there is no heading THE OTHER WAY' libcommon/codec/a.hpp \
        '// as it stands in codex-format(5), THE' '// OTHER WAY. And so on.'
}

@test "a page that is not there is a gap" {
    refuses '2: codex-none.5: there is no such page' libcommon/codec/a.hpp '// See' '// codex-none(5).'
    refuses '1: codex-format.7: there is no such page' tests/bats/a.bats '# codex-format(7)'
    refuses '1: codex-none.5: there is no such page' man/codex-other.1.scd '*codex-none*(5), FIELDS'
    refuses '1: codex-none.5: there is no such page' tests/unit/a.cpp '// man/codex-none.5.scd says it.'
}

@test "a heading or promise that is not there is a gap" {
    refuses '1: codex-format.5: there is no heading FIELD' tools/codex-x/a.cpp '// codex-format(5), FIELD'
    refuses '1: codex-format.5: there is no heading FIELDSETS' tools/codex-x/a.cpp '// codex-format(5), FIELDSETS'
    refuses '1: codex-format.5: there is no heading NONE' tools/codex-x/a.cpp \
        '// codex-format(5), FIELDS and NONE.'
    refuses '1: codex-format.5: there is no promise R4' tools/codex-x/a.cpp '// codex-format(5), R4'
    refuses '1: libcommon/README.md: there is no heading Names' tests/unit/a.cpp \
        '// libcommon/README.md, Names'
}

@test "a file that is not there is a gap, in files for people" {
    mkdir -p libcommon/codec/detail
    echo >libcommon/codec/detail/text.cpp
    accepts libcommon/codec/README.md '`detail/text.cpp`, `codec/detail/text.cpp`, `libcommon/README.md`,' \
        '`tests/unit/*.cpp`, `<floor>/x.hpp`, `/usr/include/x.hpp`, `build/x.txt` and `x.cpp`'
    refuses '2: there is no file codec/text.cpp' libcommon/codec/README.md 'See' '`codec/text.cpp`'
}

@test "a number of what is not here is a gap" {
    refuses '1: a document that is not here: spec 01 sect' libcommon/codec/a.hpp '// spec 01 section is it.'
    refuses '1: a document that is not here:  spec 02, ch' man/codex-other.1.scd 'as spec 02, chapter one, says'
    refuses '1: a document that is not here: contract 4.1.2' libcommon/codec/a.hpp '// as contract 4.1.2 wants'
}

@test "a number of a section that stands alone is a gap" {
    refuses '1: a number of a section alone: (3.1)' libcommon/codec/a.hpp '// The keys (3.1) of it.'
    refuses '1: a number of a section alone: (3.1,' libcommon/codec/a.hpp '// The keys (3.1, 4.2).'
    refuses '1: a number of a section alone: section 4.2' tests/bats/a.bats '# as in section 4.2'
    refuses '1: a number of a section alone: sections 4' tests/notes.md 'sections 4 and 5'
    refuses '1: a number of a section alone: section 4' libcommon/codec/a.hpp '// see section' '// 4 of it'
    refuses '1: a number of a section alone: § 4' libcommon/codec/a.hpp '// see § 4'
}

@test "sections of an RFC and of files that have some are none of these" {
    accepts libcommon/codec/a.hpp '// RFC 8949 section 3.1, and RFC 6838,' '// section 4.2.'
    accepts tests/bats/zkey.bats '# Sections 8 and 9 of a key.'
    accepts libcommon/codec/b.cpp '/// Twice 1.5 is 3.0 (in about 0.3 microseconds).'
}

@test "what is no comment is not looked at" {
    accepts libcommon/codec/a.cpp 'const char* text = "codex-none(5), see section 4.2";' \
        'const char* url = "https://codex-none(5)";'
    accepts tests/bats/a.bats 'assert_output "codex-none(5)"'
}

@test "check-docs fails with it" {
    printf '// codex-none(5)\n' >libcommon/codec/a.hpp
    run "$CODEX_SOURCE/scripts/check-docs" . .
    assert_failure 1
    assert_line 'libcommon/codec/a.hpp:1: codex-none.5: there is no such page'
}
