# One name for one thing: what text calls a property, JSON calls so, too (codex-pipes(7), Names).
load ../common

# same_names COMMAND...: each property of its text ("CID TAB name TAB value", or "name TAB value", or columns
# "name value") is a member of its JSON, at any depth.
same_names() {
    local text name
    text=$("$@")
    "$@" --json | jq -r '.. | objects | keys[]' | sort -u >members
    [[ -n $text && -s members ]] || fail "nothing: $*" || return
    while read -r name; do
        # Of a list, a member each.
        grep -qxE "$name|${name}s" members || fail "$*: $name is none of: $(tr '\n' ' ' <members)" || return
    done < <(case $1-$2 in
        *-stat) cut -f2 <<<"$text" ;;
        *-info) tr '\t' '\n' <<<"$text" | sed -n 's/^\([a-zA-Z0-9]*\) .*/\1/p' ;;
        *) cut -f1 <<<"$text" ;;
    esac)
}

setup() {
    codex_setup
    gen 1 20000 >file
    plain=$(codex-chunk put --block-size 512 --label photos --mime text/plain file | cut -f1)
    coded=$(codex-ec encode -k 2 -m 1 "$plain")
}

@test "text and JSON call a property by one name" {
    local dataset verifiable
    verifiable=$(codex-prove slots --cell-size 128 "$coded")
    codex-chunk keep --until never "$plain"
    for dataset in "$plain" "$coded" "$verifiable" "$plain@0" "$(codex-merkle root "$plain")" \
        "$(echo kept | codex-chunk block put)"; do
        same_names codex-chunk stat "$dataset"
    done
    same_names codex-chunk space
    same_names codex-chunk gc
    local circuit=(--max-depth 8 --max-log2-slots 3 --block-depth 2 --cell-elements 5 --samples 2)
    codex-prove setup --quiet "${circuit[@]}" -o key.zkey
    codex-prove r1cs "${circuit[@]}" -o key.r1cs
    same_names codex-prove info key.zkey
    same_names codex-prove info key.r1cs
}

@test "values are the same, too" {
    for name in size datasetSize blockSize blocks kind layout treeCid label ecK; do
        for dataset in "$plain" "$coded"; do
            assert_equal "$name $(codex-chunk stat "$dataset" | awk -F '\t' -v name="$name" '$2 == name { print $3 }')" \
                "$name $(codex-chunk stat --json "$dataset" | records | jq -r --arg name "$name" '.[$name] // .manifest[$name] // ""')"
        done
    done
}

@test "a page names what a command prints" {
    page_as_read codex-chunk.1 | tr -d '*_' >page
    for command in "stat $plain" "stat $coded" space gc; do
        # shellcheck disable=SC2086 # words
        codex-chunk $command --json | records | jq -r '.. | objects | keys[] | select(. != "type")' | sort -u >members
        while read -r member; do grep -qw "$member" page || fail "$command: $member"; done <members
    done
}
