# cmake --install and cpack give a complete copy: programs, pages, completions.
load ../common

setup() {
    codex_setup
    BUILD=$(realpath "$CODEX_BIN/..")
}

tools() { ls "$CODEX_SOURCE/tools"; }

# assert_complete PREFIX ZSH: everything is there for every tool, and the programs run from there; zsh
# completions in the folder ZSH.
assert_complete() {
    local tool page
    for tool in $(tools); do
        run "$1/bin/$tool" --version
        assert_success
        assert_output --partial "$tool "
        assert_file_exist "$1/share/man/man1/$tool.1"
        assert_file_exist "$1/share/bash-completion/completions/$tool"
        assert_file_exist "$1/share/zsh/$2/_$tool"
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
    cmp "$1/share/codex/prometheus/prometheus.yml" "$CODEX_SOURCE/scripts/prometheus/prometheus.yml"
    cmp "$1/share/codex/prometheus/codex.rules.yml" "$CODEX_SOURCE/scripts/prometheus/codex.rules.yml"
    cmp "$1/share/codex/grafana/codex.json" "$CODEX_SOURCE/scripts/grafana/codex.json"
}

@test "cmake --install puts programs, pages and completions in place" {
    run cmake --install "$BUILD" --prefix "$PWD/prefix"
    assert_success
    assert_complete prefix site-functions
}

@test "an installed bash completion loads and is registered for its tool" {
    cmake --install "$BUILD" --prefix "$PWD/prefix" >/dev/null
    for tool in $(tools); do
        run bash -c "source prefix/share/bash-completion/completions/$tool && complete -p $tool"
        assert_success
        assert_output --partial "$tool"
    done
}

# looks_into SHELL-COMMAND FOLDER: the folder is among those it prints.
looks_into() {
    run bash -c "$1"
    assert_success
    assert_line "$2"
}

@test "completions go where the shells of this system look" {
    [[ -e /etc/debian_version ]] || skip 'no Debian'
    DESTDIR=$PWD/root cmake --install "$BUILD" --prefix /usr >/dev/null
    DESTDIR=$PWD/root cmake --install "$BUILD" --prefix /usr/local >/dev/null
    assert_file_exist root/usr/share/zsh/vendor-completions/_codex-chunk
    # shellcheck disable=SC2016 # for zsh
    looks_into "env -i PATH=$PATH zsh -fc 'print -l \$fpath'" /usr/share/zsh/vendor-completions
    assert_file_exist root/usr/local/share/zsh/site-functions/_codex-chunk
    assert_line /usr/local/share/zsh/site-functions
    assert_file_exist root/usr/share/fish/vendor_completions.d/codex-chunk.fish
    # shellcheck disable=SC2016 # for fish
    looks_into "env -i HOME=$HOME PATH=$PATH fish -c 'printf \"%s\\n\" \$fish_complete_path'" \
        /usr/share/fish/vendor_completions.d
    # Below /usr/local fish looks as the base directories say, which a desktop sets.
    assert_file_exist root/usr/local/share/fish/vendor_completions.d/codex-chunk.fish
    # shellcheck disable=SC2016
    looks_into "env -i HOME=$HOME PATH=$PATH XDG_DATA_DIRS=$PWD/root/usr/local/share:/usr/share \
        fish -c 'printf \"%s\\n\" \$fish_complete_path'" \
        "$PWD/root/usr/local/share/fish/vendor_completions.d"
    local prefix
    for prefix in usr usr/local; do
        assert_file_exist "root/$prefix/share/bash-completion/completions/codex-chunk"
    done
}

@test "an installed zsh completion is found by compinit" {
    cmake --install "$BUILD" --prefix "$PWD/prefix" >/dev/null
    # shellcheck disable=SC2016 # for zsh
    run zsh -fc 'fpath=($PWD/prefix/share/zsh/site-functions $fpath)
        autoload -Uz compinit && compinit -u -d "$PWD/dump" && print -r -- $_comps[codex-chunk]'
    assert_success
    assert_output _codex-chunk
}

@test "an installed fish completion answers" {
    cmake --install "$BUILD" --prefix "$PWD/prefix" >/dev/null
    XDG_DATA_DIRS=$PWD/prefix/share:/usr/share run fish -c 'complete -C "codex-chunk blo"'
    assert_success
    assert_line --partial block
}

@test "cpack makes a .deb that names its libraries, and a .tar.zst of the same" {
    run cpack --config "$BUILD/CPackConfig.cmake" -B "$PWD/packages"
    assert_success
    run dpkg-deb -f packages/*.deb Package Depends
    assert_success
    assert_line --partial 'Package: codex'
    assert_line --partial 'libc6'
    refute_line --partial 'liblmdb0' # linked in
    assert_line --partial 'libzstd1'
    mkdir deb tar
    dpkg-deb -x packages/*.deb deb
    assert_complete deb/usr vendor-completions
    zstd -dcq packages/*.tar.zst | tar -x -C tar --strip-components=1
    assert_complete tar site-functions
}
