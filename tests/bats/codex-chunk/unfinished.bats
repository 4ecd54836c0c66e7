# What power loss or a kill leaves of a repo that was being made.
load ../common

setup() {
    codex_setup
    gen 7 200000 >data
    codex-chunk init
    mv "$CODEX_REPO" new
}

@test "any part of a new repo, empty or whole, is a path that put and init can use" {
    local parts=(lock config.json index.mdb index.mdb-lock segments writers) set i version command
    # Of each part: not there, empty, or whole; not every combination, but each pair.
    local number
    for number in 0 1 2 5 26 121 364 365 500 666 700 727 728; do
        for version in missing empty zeros; do
            for command in "put data" init; do
                rm -rf "$CODEX_REPO"
                mkdir "$CODEX_REPO"
                set=$number
                for ((i = 0; i < ${#parts[@]}; i++)); do
                    case $((set % 3)) in
                        1)
                            if [[ -d new/${parts[i]} ]]; then mkdir "$CODEX_REPO/${parts[i]}"; else
                                : >"$CODEX_REPO/${parts[i]}"
                            fi
                            ;;
                        2) cp -a "new/${parts[i]}" "$CODEX_REPO/" ;;
                    esac
                    set=$((set / 3))
                done
                [[ $version != empty ]] || : >"$CODEX_REPO/version"
                [[ $version != zeros ]] || head -c 2 /dev/zero >"$CODEX_REPO/version"
                run_split codex-chunk ls
                assert_refused 66 'no repo there'
                # shellcheck disable=SC2086 # words
                run_split codex-chunk $command
                assert_success
                codex-chunk put data >cid
                codex-chunk get "$(cat cid)" | cmp - data
                codex-chunk verify
            done
        done
    done
}

@test "a repo that only lost its version is not taken for an unused folder" {
    rm -rf new
    local cid version command
    cid=$(codex-chunk put data)
    sha256sum "$CODEX_REPO"/segments/* >sums
    for version in missing empty zeros; do
        rm "$CODEX_REPO/version"
        [[ $version != empty ]] || : >"$CODEX_REPO/version"
        [[ $version != zeros ]] || head -c 2 /dev/zero >"$CODEX_REPO/version"
        for command in ls "put data" init gc "verify --rebuild-index" "get $cid -o out"; do
            # shellcheck disable=SC2086 # words
            run_split codex-chunk $command
            assert_refused 65 'there are segments'
            sha256sum --quiet -c sums
        done
        # The hint mends it.
        local hint=${stderr##*: echo}
        eval "echo$hint"
        codex-chunk get "$cid" | cmp - data
        codex-chunk verify
    done
}

# line_of TEXT [FROM]: the number of the first line of `calls` from line FROM on that contains TEXT.
line_of() {
    awk -v text="$1" -v from="${2:-1}" 'NR >= from && index($0, text) { print NR; exit }' calls
}

@test "the names of a new repo and of its files are on the disk before put says the CID" {
    CODEX_REPO=$PWD/a/b/repo
    unset LD_PRELOAD # here the syncs are what is looked for
    ASAN_OPTIONS=detect_leaks=0 strace -f -qq -y -e trace=mkdir,linkat,renameat,openat,fsync,write -o calls codex-chunk put data >cid
    local folder said made synced
    said=$(line_of 'write(1<')
    [[ -n $said ]]
    for folder in a a/b a/b/repo a/b/repo/segments a/b/repo/writers; do
        made=$(line_of "mkdir(\"$PWD/$folder\"")
        [[ -n $made ]] || fail "$folder: is not made"
        synced=$(grep -nF "<$(dirname "$PWD/$folder")>)" calls | grep 'fsync(' |
            awk -F : -v from="$made" '$1 > from { print $1; exit }')
        [[ -n $synced && $synced -lt $said ]] || fail "$folder: its name is not on the disk"
    done
}
