# codex-chunk put
load ../common

# The CID of 200000 bytes of stream 7, without names.
setup() {
    codex_setup
    gen 7 200000 >data
}

@test "prints the CID of a file and makes the repo" {
    run_split codex-chunk put data
    assert_success
    assert_output --regexp '^zDv[1-9A-HJ-NP-Za-km-z]+$'
    refute_stderr
    assert_exist "$CODEX_REPO"
}

@test "file, dash and plain stdin give the same CID" {
    local cid
    cid=$(codex-chunk put data)
    assert_equal "$(codex-chunk put - <data)" "$cid"
    assert_equal "$(codex-chunk put <data)" "$cid"
    assert_equal "$(cat data | codex-chunk put)" "$cid"
}

@test "several files give a line each, in order, with the name" {
    gen 1 10 >small
    run_split codex-chunk put data small -
    assert_failure
    run_split bash -c 'codex-chunk put data small - <small'
    assert_success
    assert_equal "${#lines[@]}" 3
    assert_equal "$(cut -f2 <<<"$output" | paste -sd,)" data,small,-
    assert_equal "$(cut -f1 <<<"${lines[1]}")" "$(cut -f1 <<<"${lines[2]}")"
}

@test "a name keeps its line whole" {
    cp data $'a\tb\nc'
    run_split codex-chunk put $'a\tb\nc' data
    assert_equal "${#lines[@]}" 2
    assert_line --index 0 --partial 'a\tb\nc'
}

@test "names and media types change the manifest, not the tree" {
    local plain named
    plain=$(codex-chunk put data)
    named=$(codex-chunk put data --name data.bin --mime application/octet-stream)
    assert_not_equal "$plain" "$named"
    assert_equal "$named" zDvZRwzkzPE8iB9hb9nFmBUdB6BtG14hPeY72E5qCKiraTcAJKA8
    assert_equal "$(codex-chunk stat --json "$plain" | jq -r .manifest.treeCid)" \
        "$(codex-chunk stat --json "$named" | jq -r .manifest.treeCid)"
}

@test "JSON has the REST's names and a summary" {
    run_split codex-chunk put --json data data
    assert_success
    refute_stderr
    assert_equal "${#lines[@]}" 3
    assert_equal "$(jq -r '.type, .datasetSize, .blocks, .newBytes, .file' <<<"${lines[0]}" |
        paste -sd' ')" "dataset 200000 4 262202 data"
    assert_equal "$(jq -r '.newBytes' <<<"${lines[1]}")" 0
    assert_equal "$(jq -r '.type, .datasets, .bytes' <<<"${lines[2]}" | paste -sd' ')" \
        'summary 2 400000'
}

@test "block size, layout and expiry are kept" {
    local cid
    cid=$(codex-chunk put data --block-size 4KiB --layout v0-2026 --expires @1900000000)
    run_json codex-chunk stat --json "$cid"
    assert_equal "$(jq -r '.manifest.blockSize, .blocks, .layout, .expiry' <<<"$output" |
        paste -sd' ')" '4096 49 v0-2026 1900000000'
    codex-chunk get "$cid" | cmp - data
}

@test "blocks can be compressed for one put, and the CID is the same" {
    head -c 1000000 /dev/zero | tr '\0' 'x' >text
    plain=$(codex-chunk put text)
    codex-chunk rm "$plain" >/dev/null
    codex-chunk gc >/dev/null
    run_split codex-chunk put --compress 5 text
    assert_success
    assert_output "$plain"
    run_json codex-chunk --json space
    assert [ "$(jq .storedBytes <<<"$output")" -lt 20000 ]
    codex-chunk get "$plain" | cmp - text
    run_split codex-chunk put --compress 20 text
    assert_failure 64
    assert_equal "${stderr_lines[0]}" "codex-chunk: error: --compress: 20 is not between 0 and 19"
}

@test "the repo's life is the default expiry" {
    codex-chunk init --ttl 1h
    CODEX_NOW=1800000000 codex-chunk put --json data | head -n1 >line
    assert_equal "$(codex-chunk ls --json | records | jq .expiry)" 1800003600
    CODEX_NOW=1800000000 codex-chunk put --expires never data
    assert_equal "$(codex-chunk ls --json | records | jq .expiry)" 0
}

@test "a missing file is reported, the others are put" {
    run_split codex-chunk put data nothing data
    assert_failure 66
    assert_equal "${#lines[@]}" 2
    assert_stderr --partial 'codex-chunk: error: open nothing: No such file'
    run_split codex-chunk put --fail-fast nothing data
    assert_refused 66 nothing
}

@test "a folder is refused with the way to put it" {
    mkdir photos
    run_split codex-chunk put photos
    assert_refused 65 'photos: is a folder'
    assert_stderr --partial 'hint: store it as one file: tar c photos | codex-chunk put -'
}

@test "nothing to store is refused" {
    run_split codex-chunk put /dev/null
    assert_refused 65 'no bytes to store'
}

@test "names that are not portable are refused" {
    local name
    for name in a/b 'a:b' ' a' a. CON com1.txt $'a\nb'; do
        run_split codex-chunk put data --name "$name"
        assert_refused 64 'no portable file name'
    done
    run_split codex-chunk put data --name ''
    assert_refused 64 '--name: NAME is empty'
    run_split codex-chunk put data data --name x
    assert_refused 64 '--name is for one file'
}

@test "what only looks like a media type is refused" {
    local type
    for type in hello/world plain/text text 'text/' 'text/plain;charset=utf-8' 'text/a b' /x; do
        run_split codex-chunk put data --mime "$type"
        assert_refused 64 'no media type'
    done
    for type in text/plain application/gzip image/svg+xml x-own/thing; do
        codex-chunk put data --mime "$type"
    done
}

@test "block sizes out of range are refused" {
    run_split codex-chunk put data --block-size 0
    assert_refused 64 '--block-size'
    run_split codex-chunk put data --block-size 65MiB
    assert_refused 64 '--block-size'
}

@test "stdin twice is refused" {
    run_split codex-chunk put - - <data
    assert_refused 64 'stdin can be read only once'
}

@test "a dataset over the quota leaves the repo as it was" {
    codex-chunk init --quota 300KiB
    codex-chunk put data
    codex-chunk space | head -n5 >before
    gen 8 200000 >other
    run_split codex-chunk put other
    assert_refused 74 quota
    codex-chunk space | head -n5 >after
    assert_same before after
    codex-chunk verify
}

@test "no-sync stores the same" {
    assert_equal "$(codex-chunk put --no-sync data)" "$(codex-chunk put data)"
    codex-chunk verify
}

@test "progress as JSON goes to stderr and ends with the whole" {
    run_split codex-chunk put --progress json data
    assert_success
    assert_equal "$(tail -n1 <<<"$stderr" | jq -r '.type, .doneBytes, .totalBytes' | paste -sd' ')" \
        'progress 200000 200000'
}

@test "many small files: an error in their midst is said in its place, and the others are stored" {
    local i status=0
    for i in 1 2 3 4 5; do gen "$i" 3000 >"file$i"; done
    : >empty
    codex-chunk put file1 >/dev/null
    bash -c 'codex-chunk put file1 file2 empty file3 missing . file4 file2 file5 2>&1' >said || status=$?
    assert_equal "$status" 66
    grep -v ' hint: ' said | sed 's/.*\(file[0-9]\|empty\|missing\|folder\).*/\1/' | paste -sd' ' >order
    assert_equal "$(cat order)" 'file1 file2 empty file3 missing folder file4 file2 file5'
    for i in 1 2 3 4 5; do
        codex-chunk get "$(awk -F'\t' -v name="file$i" '$2 == name { print $1; exit }' said)" | cmp - "file$i"
    done
    codex-chunk verify
}

@test "what is ready is stored and said before a pipe is waited for" {
    gen 1 10 >small
    mkfifo pipe
    codex-chunk put small pipe data >said &
    wait_for '[ -s said ]' 60
    assert_equal "$(cut -f2 said)" small
    codex-chunk get "$(cut -f1 said)" | cmp - small
    gen 2 10 >pipe
    wait "$!"
    assert_equal "$(cut -f2 said | paste -sd' ')" 'small pipe data'
}

@test "many small files: what two have is counted once" {
    cp data again
    gen 1 5000 >small
    run_json codex-chunk put --json data small again data
    assert_success
    assert_equal "$(jq .newBytes <<<"$output" | tail -n2 | paste -sd' ')" '0 0'
    assert_equal "$(jq .newBytes <<<"$summary")" "$(jq -s 'map(.newBytes) | add' <<<"$output")"
    assert_equal "$(codex-chunk space | awk '$1 == "totalBlocks" { print $2 }')" 7 # with two manifests
    codex-chunk verify
}

@test "many small files: one that the quota has no room for is refused, and smaller ones are not" {
    local i
    for i in 1 2 3; do gen "$i" 20000 >"file$i"; done
    gen 4 300000 >large
    codex-chunk init --quota 300000 >/dev/null
    run_split codex-chunk put file1 file2 large file3
    assert_failure 74
    assert_equal "$(cut -f2 <<<"$output" | paste -sd' ')" 'file1 file2 file3'
    assert_stderr --partial 'large: quota of'
    codex-chunk verify
}

@test "many small files: whoever reads the answers may go" {
    local i
    for i in {1..40}; do gen "$i" 3000 >"file$i"; done
    codex-chunk put file{1..40} | head -n1 >first
    codex-chunk get "$(cut -f1 first)" | cmp - file1
    codex-chunk verify
    run_split bash -c 'codex-chunk put file{1..40} >/dev/full'
    assert_failure 74
    assert_equal "$(grep -c ': error: ' <<<"$stderr")" 40
    codex-chunk verify
}
