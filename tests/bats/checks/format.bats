# scripts/check-format fails on a file that clang-format would change, and mends it with --fix.
load ../common

setup() {
    codex_setup
    mkdir -p libcommon/base tools tests
    cp "$CODEX_SOURCE/.clang-format" .
    printf 'int f(int a) {\n    return a;\n}\n' >libcommon/base/a.cpp
}

@test "a file in the project's layout passes" {
    run "$CODEX_SOURCE/scripts/check-format" .
    assert_success
    assert_output 'check-format: all right'
}

@test "a file in another layout is named, and mended with --fix" {
    cp libcommon/base/a.cpp good.cpp
    printf 'int f( int a )\n{\n  return a;\n}\n' >libcommon/base/a.cpp
    run "$CODEX_SOURCE/scripts/check-format" .
    assert_failure
    assert_output --partial 'libcommon/base/a.cpp:1'
    run "$CODEX_SOURCE/scripts/check-format" --fix .
    assert_success
    assert_same libcommon/base/a.cpp good.cpp
}

@test "npm's packages are left alone" {
    mkdir -p tests/interop/node_modules/a
    printf 'int f( int a )\n{\n  return a;\n}\n' >tests/interop/node_modules/a/a.cpp
    cp tests/interop/node_modules/a/a.cpp before.cpp
    run "$CODEX_SOURCE/scripts/check-format" --fix .
    assert_success
    assert_same tests/interop/node_modules/a/a.cpp before.cpp
    run "$CODEX_SOURCE/scripts/check-format" .
    assert_success
}

@test "a file that is too long for one job is named" {
    yes '// A line.' | head -n 400 >libcommon/base/b.hpp
    yes '# A line.' | head -n 401 >tests/a.bats
    run "$CODEX_SOURCE/scripts/check-format" .
    assert_failure 1
    assert_output 'tests/a.bats: has 401 lines, and 400 are the most'
}

@test "what was right is looked at again when it, or the layout, is another one" {
    mkdir noted
    export CODEX_CHECKED=$PWD/noted
    local i
    for i in 1 2; do
        run "$CODEX_SOURCE/scripts/check-format" .
        assert_success
        assert_output 'check-format: all right'
    done
    printf 'int f( int a );\n' >libcommon/base/b.hpp
    for i in 1 2; do
        run "$CODEX_SOURCE/scripts/check-format" .
        assert_failure
        assert_output --partial 'libcommon/base/b.hpp:1'
    done
    rm libcommon/base/b.hpp
    sed -i 's/^IndentWidth: .*/IndentWidth: 3/' .clang-format
    run "$CODEX_SOURCE/scripts/check-format" .
    assert_failure
    assert_output --partial 'libcommon/base/a.cpp:1'
}
