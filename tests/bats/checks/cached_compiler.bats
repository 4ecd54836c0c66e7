# scripts/cmake/cached-compiler: a precompiled header is made anew when a header in it has changed.
load ../common

# built VALUE [COMMENT]: precompiles a header of that value and a program that returns it, as CMake does.
built() {
    printf '%s\n' "$2" '#pragma once' "constexpr int value = $1;" >value.hpp
    "${compiler[@]}" -x c++-header -include "$PWD/made/pch.hxx" -MD -MT made/pch.hxx.gch \
        -MF made/pch.hxx.gch.d -o made/pch.hxx.gch -c made/pch.hxx.cxx
    "${compiler[@]}" -Winvalid-pch -include "$PWD/made/pch.hxx" -o main.o -c main.cpp
    g++ main.o -o main
    run ./main
    assert_failure "$1"
}

setup() {
    codex_setup
    command -v ccache >/dev/null || skip 'no ccache'
    export CCACHE_DIR=$PWD/cache
    compiler=("$CODEX_SOURCE/scripts/cmake/cached-compiler" "$(command -v ccache)" "$PWD" g++)
    mkdir made
    echo '#include "../value.hpp"' >made/pch.hxx
    : >made/pch.hxx.cxx
    printf '%s\n' '#include "value.hpp"' 'int main() { return value; }' >main.cpp
}

@test "what a changed header says reaches the objects" {
    built 3
    built 4
    # As in another clone with the same cache, which begins where this one did.
    rm made/pch.hxx.gch
    built 3
    built 5
}

# gcc knows a header that came with a precompiled one by its size and contents: with an old one, it would
# take the same header for another, and define everything twice.
@test "a header of which only a comment or a blank changed is not taken for another one" {
    built 3 '// a comment'
    echo 'int second;' >>main.cpp # which no cache has
    built 3 '// another comment'
    echo 'int third;' >>main.cpp
    built 3 '// another comment '
}
