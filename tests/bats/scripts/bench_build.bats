# scripts/bench-build, over a project that builds in a second.
load ../common

setup() {
    codex_setup
    mkdir -p tree/libcommon/repo
    cat >tree/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(tiny LANGUAGES CXX)
find_program(CCACHE ccache)
if(CCACHE)
  message(FATAL_ERROR "a cache")
endif()
add_executable(codex-tiny main.cpp libcommon/repo/blocks.cpp)
add_executable(test_tiny test.cpp)
add_custom_target(tools DEPENDS codex-tiny)
add_custom_target(local_tools DEPENDS codex-tiny)
END
    echo 'int blocks(); int main() { return blocks(); }' >tree/main.cpp
    echo 'int blocks() { return 0; }' >tree/libcommon/repo/blocks.cpp
    echo 'int main() {}' >tree/test.cpp
    mkdir tmp
    export TMPDIR=$PWD/tmp
}

@test "it times the tools, everything and a touched file, and leaves nothing" {
    run_split "$CODEX_SOURCE/scripts/bench-build" --check tree
    assert_success
    assert_line --regexp '^the four tools, cold +[0-9.]+ +[0-9.]+ +120$'
    assert_line --regexp '^everything with tests, cold +[0-9.]+ +[0-9.]+ +300$'
    assert_line --regexp '^libcommon/repo/blocks.cpp touched, tools +[0-9.]+ +[0-9.]+ +10$'
    assert_line --regexp '^ +[0-9.]+ +2 +[0-9.]+  codex-tiny$'
    assert_line --regexp '^ +[0-9.]+ +1 +[0-9.]+  test_tiny$'
    run find tmp tree -newer tree/CMakeLists.txt -name '*.o'
    assert_output ''
    run ls -A tmp
    assert_output ''
}

@test "a build that takes longer than it may is said to, and with --check ends with 1" {
    cp "$CODEX_SOURCE/scripts/bench-build" bench-build
    sed -i 's/^most_touched=10$/most_touched=0/' bench-build
    run_split ./bench-build tree
    assert_success
    assert_line --regexp '^libcommon/repo/blocks.cpp touched, tools .* 0  too long$'
    run_split ./bench-build --check tree
    assert_failure 1
}

@test "what does not compile is shown, and a file that is not there refused" {
    echo 'int main() { return nothing; }' >tree/test.cpp
    run_split "$CODEX_SOURCE/scripts/bench-build" tree
    assert_failure 1
    assert_stderr --partial 'everything failed'
    assert_stderr --partial 'nothing'
    run_split "$CODEX_SOURCE/scripts/bench-build" --touch nowhere.cpp tree
    assert_failure 66
    assert_stderr --partial 'nowhere.cpp: no such file'
    run_split "$CODEX_SOURCE/scripts/bench-build" --wrong
    assert_failure 64
}
