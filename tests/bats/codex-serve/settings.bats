# What becomes of a mistake in the settings: who says it, and whom it stops.
load ../common
load serve

@test "a mistake in settings that a command does not go by is a warning" {
    start_node
    local command wrong
    mkdir -p "$HOME/.config/codex"
    for wrong in 'threads = "many"' 'nonsense = 1' 'not of this form' 'log-level = "loud"'; do
        echo "$wrong" >"$HOME/.config/codex/config.toml"
        run_split codex-serve id
        [[ $status == 78 ]] || fail "$wrong: $status"
        for command in health peers 'peers --limits' spr "ping -c 1 $address" 'completion bash' 'help stop'; do
            # shellcheck disable=SC2086 # words
            run_split codex-serve $command
            assert_success
            assert_stderr --partial 'warning: passed over, for it is not needed here: '
        done
    done
    run_split codex-serve find "$(cut -f 1 ready)"
    assert_stderr --partial 'passed over'
    # The node reads the same file, and tells of it.
    run_split codex-serve reload
    assert_failure 78
    assert_stderr --partial "error: $HOME/.config/codex/config.toml:1: 'loud' is no log level"
    # What may say which repo is meant is no such mistake.
    for wrong in 'not of this form' 'rep = "other"' 'repo = ""'; do
        echo "$wrong" >"$HOME/.config/codex/config.toml"
        run_split env -u CODEX_REPO codex-serve stop
        assert_failure 78
    done
    run_split codex-serve --config-file nowhere stop
    assert_failure 66
    run_split codex-serve stop
    assert_success
    wait "$node"
    node=
}

@test "what is refused is named where it stands, whatever is wrong with it" {
    unset "${!CODEX_API_@}" "${!CODEX_DISC_@}" "${!CODEX_METRICS@}"
    local wrong code
    while IFS='|' read -r code wrong; do
        echo "${wrong//=/ = }" >settings
        run_split timeout 20 codex-serve run --config-file settings
        assert_refused "$code" "codex-serve: error: settings:1: ${wrong%%=*}: "
        wrong=${wrong//\"/}
        local variable=CODEX_${wrong%%=*}
        variable=${variable^^}
        variable=${variable//-/_}
        run_split timeout 20 env "$variable=${wrong#*=}" codex-serve run
        assert_refused "$code" "codex-serve: error: \$$variable: "
    done <<'END'
66|api-token-file="nowhere"
66|bootstrap-node="@nowhere"
78|bootstrap-node="spr:folly"
78|nat="folly"
78|max-peers=0
END
}

@test "what a node refuses is shown, and refused by the command that shows settings" {
    local wrong said
    unset "${!CODEX_API_@}" "${!CODEX_DISC_@}" "${!CODEX_METRICS@}" # they go before the file
    for wrong in 'max-peers = 0' 'nat = "folly"' 'api-port = 65536' 'disc-port = 70000' 'peer = "folly"' \
        'bootstrap-node = "spr:folly"' 'metrics-port = 70000' 'api-token-file = "nowhere"' 'limit = "folly=1"'; do
        printf '%s\nmetrics = true\n' "$wrong" >wrong
        run_split timeout 20 codex-serve run --config-file wrong
        [[ $status == 78 || $status == 66 ]] || fail "$wrong: $status"
        said=${stderr%%$'\n'*}
        run_split codex-serve config --config-file wrong
        assert_line "${wrong%% *}	$(sed 's/.*= //; s/"//g' <<<"$wrong")"
        assert_equal "${stderr%%$'\n'*}" "$said"
    done
}
