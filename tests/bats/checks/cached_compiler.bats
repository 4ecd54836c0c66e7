# scripts/cmake/cached-compiler: a precompiled header is made anew when a header in it has changed.
load ../common

# built VALUE: precompiles a header of that value and a program that returns it, as CMake does.
built() {
    echo "constexpr int value = $1;" >value.hpp
    "${compiler[@]}" -x c++-header -include "$PWD/made/pch.hxx" -o made/pch.hxx.gch -c made/pch.hxx.cxx
    "${compiler[@]}" -Winvalid-pch -include "$PWD/made/pch.hxx" -o main.o -c main.cpp
    g++ main.o -o main
    run ./main
    assert_failure "$1"
}

@test "what a changed header says reaches the objects" {
    command -v ccache >/dev/null || skip 'no ccache'
    export CCACHE_DIR=$PWD/cache
    compiler=("$CODEX_SOURCE/scripts/cmake/cached-compiler" "$(command -v ccache)" "$PWD" g++)
    mkdir made
    echo '#include "../value.hpp"' >made/pch.hxx
    : >made/pch.hxx.cxx
    echo 'int main() { return value; }' >main.cpp
    built 3
    built 4
    # As in another clone with the same cache, which begins where this one did.
    rm made/pch.hxx.gch
    built 3
    built 5
}
