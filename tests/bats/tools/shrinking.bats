# A regular file that is cut short while it is read: what was read is stored, and it is said.
load ../common

# cut_while COMMAND...: gives the command, which shows its progress as JSON, a file of many gigabytes that
# take no room, and cuts it as soon as some of it has been read.
cut_while() {
    truncate -s 400G large
    "$@" --progress json >out 2>errors 3>&- &
    local pid=$!
    wait_for "grep -q '\"doneBytes\":[1-9]' errors" 60
    truncate -s 65536 large
    wait $pid
    grep -o 'large: had 429496729600 bytes when it was opened, [0-9]* bytes were read.*' errors
}

@test "put says how much it had, and stores what it has read" {
    cut_while codex-chunk put large >said
    stored=$(sed 's/.*opened, \([0-9]*\) bytes were read and stored.*/\1/' said)
    ((stored > 0 && stored < 429496729600))
    assert_equal "$(codex-chunk stat --json "$(cut -f1 out)" | records | jq .manifest.datasetSize)" "$stored"
    codex-chunk verify
}

@test "the root of a raw file is of what was read" {
    cut_while codex-merkle root --raw large >said
    read=$(sed 's/.*opened, \([0-9]*\) bytes were read.*/\1/' said)
    ((read > 0 && read < 429496729600))
    assert_equal "$(cat out)" "$(head -c "$read" /dev/zero | codex-merkle root --raw -)"
}
