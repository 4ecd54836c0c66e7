# Lists: an element that is empty is a slip, wherever it stands; a list without any is none.
load ../common
load serve

# The options of run and fetch that are lists, each with an element that is right.
kLists=('peer /ip4/127.0.0.1/tcp/9/p2p/ID' 'limit connections=9' 'listen-addrs /ip4/127.0.0.1/tcp/0')

setup() {
    codex_setup
    codex-serve key new key >/dev/null
    id=$(codex-serve id --net-privkey key)
}

@test "an empty element of an option is 64, and one of a variable or a file is 78" {
    local list name right variable value
    for list in "${kLists[@]}"; do
        name=${list%% *} right=${list#* }
        right=${right/ID/$id}
        variable=CODEX_$(tr a-z- A-Z_ <<<"$name")
        for value in , ' ' "$right," ",$right" "$right,,$right" "$right"$'\n\n'"$right"; do
            run_split timeout 60 codex-serve run "--$name" "$value"
            assert_refused 64 "--$name: "
            assert_stderr --partial ' is empty'
            assert_stderr --partial 'perhaps it is a variable that was never set, or a comma too many'
            run_split timeout 60 env "$variable=$value" codex-serve run
            assert_refused 78 "\$$variable: "
            assert_stderr --partial ' is empty'
            [[ $value != *$'\n'* ]] || continue
            echo "$name = \"$value\"" >config
            run_split timeout 60 codex-serve run --config-file config
            assert_refused 78 "config:1: $name: "
            assert_stderr --partial ' is empty'
        done
        for value in '""' '[""]' "['$right', '']" "['', '$right']" "['$right,']"; do
            echo "$name = $value" >config
            run_split timeout 60 codex-serve run --config-file config
            assert_refused 78 "config:1: $name: "
            assert_stderr --partial ' is empty'
        done
    done
    for value in , ' ' "${kLists[0]#* }," ,x; do
        run_split codex-serve fetch zDvZRwzmBnoRSWDhPF3jrkUV5X9raFZkX6TW9VYeAaSX1YX2vxK2 --peer "${value/ID/$id}"
        assert_refused 64 '--peer: ADDRESS is empty'
    done
    for value in data-dir net-privkey; do
        echo "$value = ''" >config
        run_split timeout 60 codex-serve run --config-file config
        assert_refused 78 "config:1: $value: "
        assert_stderr --partial ' name is empty'
    done
    assert_not_exists "$CODEX_REPO"
}

@test "a list of none, and a last line that ends as lines do, are as they should be" {
    printf '%s = []\n' peer limit listen-addrs >config
    start_node --config-file config
    end_node
    export CODEX_LIMIT=$'connections=9,peer_connections=8\nstreams=777\n'
    start_node
    assert_equal "$(codex-serve peers --limits | grep -c -E $'^(connections\t9|peer_connections\t8|streams\t777)\t')" 3
    end_node
}
