# cmake --install and cpack give a complete copy: programs, pages, completions.
load ../common

setup() {
    codex_setup
    BUILD=$(realpath "$CODEX_BIN/..")
}

tools() { ls "$CODEX_SOURCE/tools"; }

# assert_complete PREFIX: everything is there for every tool, and the programs run from there.
assert_complete() {
    local tool page
    for tool in $(tools); do
        run "$1/bin/$tool" --version
        assert_success
        assert_output --partial "$tool "
        assert_file_exist "$1/share/man/man1/$tool.1"
        assert_file_exist "$1/share/bash-completion/completions/$tool"
        assert_file_exist "$1/share/zsh/site-functions/_$tool"
        assert_file_exist "$1/share/fish/vendor_completions.d/$tool.fish"
    done
    for page in "$CODEX_SOURCE"/man/*.scd; do
        page=$(basename "$page" .scd)
        run mandoc -T utf8 "$1/share/man/man${page##*.}/$page"
        assert_success
        assert_line --index 0 --partial "${page%.*}(${page##*.})"
    done
    assert_file_exist "$1/share/doc/codex/copyright"
    assert_file_exist "$1/share/doc/codex/README.md"
}

@test "cmake --install puts programs, pages and completions in place" {
    run cmake --install "$BUILD" --prefix "$PWD/prefix"
    assert_success
    assert_complete prefix
}

@test "an installed bash completion loads and is registered for its tool" {
    cmake --install "$BUILD" --prefix "$PWD/prefix" >/dev/null
    for tool in $(tools); do
        run bash -c "source prefix/share/bash-completion/completions/$tool && complete -p $tool"
        assert_success
        assert_output --partial "$tool"
    done
}

@test "cpack makes a .deb that names its libraries, and a .tar.zst of the same" {
    run cpack --config "$BUILD/CPackConfig.cmake" -B "$PWD/packages"
    assert_success
    run dpkg-deb -f packages/*.deb Package Depends
    assert_success
    assert_line --partial 'Package: codex'
    assert_line --partial 'libc6'
    assert_line --partial 'liblmdb0'
    assert_line --partial 'libzstd1'
    mkdir deb tar
    dpkg-deb -x packages/*.deb deb
    assert_complete deb/usr
    zstd -dcq packages/*.tar.zst | tar -x -C tar --strip-components=1
    assert_complete tar
}
