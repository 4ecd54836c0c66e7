# codex-chunk label, and put --label
load ../common

setup() {
    codex_setup
    gen 1 1000 >data
}

# label_of CID: the last column of ls.
label_of() { codex-chunk ls | awk -F '\t' -v cid="$1" '$1 == cid { print $7 }'; }

@test "a label is shown by ls and stat, and is not in the CID" {
    local cid
    cid=$(codex-chunk put --label 'photos of May' data)
    assert_equal "$(codex-chunk -r other put data)" "$cid"
    assert_equal "$(label_of "$cid")" 'photos of May'
    run_split codex-chunk stat "$cid"
    assert_line "$cid	label	photos of May"
    run_split codex-chunk -r other stat "$cid"
    refute_line --partial '	label	'
    assert_equal "$(codex-chunk -r other ls --json | records | jq -r .label)" ''
}

@test "label changes it, takes it away, and prints what it is now" {
    local cid
    cid=$(codex-chunk put data)
    assert_equal "$(label_of "$cid")" ''
    run_split codex-chunk label "$cid" 'first	name'
    assert_success
    assert_output "$cid	first\\tname"
    run_json codex-chunk label --json "$cid" second
    assert_equal "$(jq -c '[.type, .cid, .label]' <<<"$output")" "[\"labelled\",\"$cid\",\"second\"]"
    assert_equal "$(label_of "$cid")" second
    run_split codex-chunk label "$cid" ''
    assert_success
    assert_output "$cid	"
    assert_equal "$(label_of "$cid")" ''
}

@test "those of stdin are labelled with -" {
    gen 2 10 >more
    codex-chunk put data more | codex-chunk label - both >out
    assert_equal "$(wc -l <out)" 2
    assert_equal "$(codex-chunk ls | cut -f7 | sort -u)" both
}

@test "put without a label leaves it, with one replaces it; what is made of a dataset has it, too" {
    local cid coded verifiable
    cid=$(codex-chunk put --label a data)
    codex-chunk put data >/dev/null
    assert_equal "$(label_of "$cid")" a
    codex-chunk put --label b data >/dev/null
    assert_equal "$(label_of "$cid")" b
    cid=$(codex-chunk put --block-size 64KiB --label c <(gen 3 400000))
    coded=$(codex-ec encode -k 2 -m 1 "$cid" | cut -f1)
    assert_equal "$(label_of "$coded")" c
    verifiable=$(codex-prove slots "$coded" | cut -f1)
    assert_equal "$(label_of "$verifiable")" c
    codex-chunk rm "$cid" >/dev/null
    assert_equal "$(codex-ec decode "$coded" | cut -f1)" "$cid"
    assert_equal "$(label_of "$cid")" c
    # What has a label keeps it.
    codex-chunk label "$cid" plain >/dev/null
    codex-chunk label "$coded" coded >/dev/null
    codex-chunk label "$verifiable" verifiable >/dev/null
    codex-ec decode "$coded" >/dev/null
    codex-ec encode -k 2 -m 1 "$cid" >/dev/null
    codex-prove slots "$coded" >/dev/null
    assert_equal "$(label_of "$cid"), $(label_of "$coded"), $(label_of "$verifiable")" 'plain, coded, verifiable'
}

@test "a label that is too long or no text is refused before anything is read" {
    local long
    long=$(printf 'x%.0s' {1..256})
    run_split codex-chunk put --label "$long" - </dev/zero
    assert_refused 64 'the label has 256 bytes'
    run_split codex-chunk put --label $'\xff' - </dev/zero
    assert_refused 64 'the label is not UTF-8'
    local cid
    cid=$(codex-chunk put --label "${long:1}" data)
    assert_equal "$(label_of "$cid")" "${long:1}"
    run_split codex-chunk label "$cid" "$long"
    assert_refused 64 'the label has 256 bytes'
    run_split codex-chunk label "$cid"
    assert_refused 64 'TEXT is missing'
    run_split codex-chunk label zDvZRwzkvhaC8zi1CLqTZ9bU3u8XgNvvYDgNF4KAzTgNSNfixxxf x
    assert_failure 1
    assert_stderr --partial 'not in the repo'
}
