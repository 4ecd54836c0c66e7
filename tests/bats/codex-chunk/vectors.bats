# The datasets of the shared vectors have the same CIDs through the binary.
load ../common

@test "every dataset of data-model.json" {
    local vectors=$CODEX_SOURCE/tests/vectors/data-model.json count=0 entry
    while read -r entry; do
        local name size filename mimetype stream arguments=()
        { read -r name && read -r size && read -r filename && read -r mimetype; } < <(
            jq -r '.name, .size, .filename // "", .mimetype // ""' <<<"$entry")
        [[ -n $filename ]] && arguments+=(--name "$filename")
        [[ -n $mimetype ]] && arguments+=(--mime "$mimetype")
        if [[ $name =~ stream\ ([0-9]+) ]]; then
            gen "${BASH_REMATCH[1]}" "$size" >data
        else
            printf a >data
        fi
        run_split codex-chunk put "${arguments[@]}" data
        assert_success
        assert_output "$(jq -r .manifestCid <<<"$entry")"
        local cid=$output
        assert_equal "$(codex-chunk stat --json "$cid" | records | jq -r .manifest.treeCid)" \
            "$(jq -r .treeCid <<<"$entry")"
        assert_equal "$(codex-chunk block get "$cid" | xxd -p | tr -d '\n')" \
            "$(jq -r .manifestHex <<<"$entry")"
        local index=0 block
        while read -r block; do
            assert_equal "$(codex-chunk stat "$cid@$index" | head -n1 | cut -f1)" "$block"
            index=$((index + 1))
        done < <(jq -r '.blockCids[]' <<<"$entry")
        codex-chunk get "$cid" | cmp - data
        count=$((count + 1))
    done < <(jq -c '.datasets[]' "$vectors")
    assert_equal "$count" 6
    codex-chunk verify
}

@test "the published CID of the 2026 layout" {
    local entry
    entry=$(jq -c '.external[0]' "$CODEX_SOURCE/tests/vectors/data-model.json")
    run_split bash -c "printf 'Hello, World!\n' |
        codex-chunk put --layout v0-2026 --name hello.txt --mime text/plain"
    assert_success
    assert_output "$(jq -r .manifestCid <<<"$entry")"
    assert_equal "$(codex-chunk block get "$output" | xxd -p | tr -d '\n')" \
        "$(jq -r .manifestHex <<<"$entry")"
}
