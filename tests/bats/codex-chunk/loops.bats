# What commands over several inputs have in common: --unordered, --batch and --buffer, the summary.
load ../common

setup() {
    codex_setup
    for i in 1 2 3 4 5 6 7 8; do gen "$i" $((i * 30000)) >"file$i"; done
}

@test "put --unordered stores the same datasets, each under its name" {
    codex-chunk put --block-size 4KiB file* | sort >ordered
    run_split codex-chunk -r other put --unordered --block-size 4KiB file*
    assert_success
    refute_stderr
    assert_equal "$(sort <<<"$output")" "$(<ordered)"
    codex-chunk -r other verify
    # All commands of a chain may do it.
    cut -f1 ordered | codex-ec encode --unordered -k 2 -m 2 | sort >coded
    assert_equal "$(wc -l <coded)" 8
    codex-ec erase --slots 0 - <coded >/dev/null
    run_split codex-ec status --unordered - <coded
    assert_failure 1
    assert_equal "$(grep -c repairable <<<"$output")" 8
    codex-ec repair --unordered - <coded | sort | diff - coded
    codex-ec verify --unordered --json - <coded >verified
    assert_equal "$(tail -n1 verified | jq -c '[.type, .records, .failures]')" '["summary",8,0]'
    codex-ec decode --unordered - <coded | sort | diff - <(cut -f1 ordered)
}

@test "unordered, a small file does not wait for a large one" {
    mkfifo pipe
    codex-chunk put --unordered pipe file1 >out &
    local pid=$!
    exec 9>pipe # whoever reads it waits
    wait_for '[[ -s out ]]'
    assert_equal "$(cut -f2 out)" file1
    gen 9 100000 >&9
    exec 9>&-
    wait "$pid"
    assert_equal "$(cut -f2 out | paste -sd' ')" 'file1 pipe'
}

@test "unordered, many small files are stored while a pipe is waited for, and errors are said" {
    local i names=()
    for i in {1..40}; do
        gen "$i" 500 >"small$i"
        names+=("small$i")
    done
    mkfifo pipe
    codex-chunk put --unordered "${names[@]:0:20}" missing pipe "${names[@]:20}" >out 2>err 9>&- &
    local pid=$! status=0
    exec 9>pipe
    wait_for '[[ $(wc -l <out) == 40 ]]' 60
    exec 9>&- # it stays empty
    wait "$pid" || status=$?
    assert_equal "$status" 66
    assert_equal "$(grep -c ': error: ' err)" 2
    assert_equal "$(cut -f2 out | sort -u | wc -l)" 40
    local cid name
    while IFS=$'\t' read -r cid name; do codex-chunk get "$cid" | cmp - "$name"; done <out
    codex-chunk verify
}

@test "unordered, a failure is reported and the others are done" {
    run_split codex-chunk put --unordered --json file1 nothing file2
    assert_failure 66
    assert_equal "$(jq -r .object <<<"$stderr")" nothing
    assert_equal "$(tail -n1 <<<"$output" | jq -c '[.records, .failures, .datasets]')" '[2,1,2]'
}

@test "unordered is refused where there is nothing to gain" {
    local command
    for command in 'ls' 'get x' 'stat x' 'rm x' 'keep x' 'gc' 'export x' 'block has x'; do
        # shellcheck disable=SC2086 # words
        run_split codex-chunk $command --unordered
        assert_refused 64 '--unordered means nothing to'
    done
    codex-chunk put file1 >/dev/null
    codex-chunk export "$(codex-chunk ls | cut -f1)" >one.car
    codex-chunk -r other import --unordered one.car one.car | uniq | diff - <(codex-chunk ls | cut -f1)
    codex-chunk block put --unordered file1 file2 >blocks
    assert_equal "$(wc -l <blocks)" 2
}

@test "stat --batch: a line for a line, whatever it is" {
    local cid tree block unknown=zDvZRwzmDuQbnyDzCerF4uRQkEkS18vUj4WCJMwmjLgD752tQrKc
    cid=$(CODEX_NOW=1800000000 codex-chunk put file8)
    tree=$(codex-merkle root "$cid")
    block=$(codex-merkle leaves "$cid" | head -n1)
    run_split bash -c "printf '%s\n' $cid $unknown $cid@0 nonsense $tree $cid@99 |
        codex-chunk stat --batch"
    assert_success
    refute_stderr
    assert_output "$cid	240000	plain	never		2027-01-15T08:00:00Z	
$unknown	missing
$block	65536	present	1	-
nonsense	invalid
$tree	4
$cid@99	invalid"
    run_json bash -c "printf '%s\n' $cid $unknown | codex-chunk stat --batch --json"
    assert_success
    assert_equal "$(jq -c '[.cid, .size, .state]' <<<"$output")" "[\"$cid\",240000,null]
[\"$unknown\",null,\"missing\"]"
}

@test "a batch goes on behind a line that is none" {
    local cid command
    cid=$(codex-chunk put file8)
    for command in stat 'block has' 'block get'; do
        # shellcheck disable=SC2086 # words
        run_split codex-chunk $command --batch < <(
            printf '{bad\n{"x":1}\na\0b\n'
            head -c 1500000 /dev/zero | tr '\0' x
            printf '\n%s\n' "$cid"
        )
        assert_success
        refute_stderr
        assert_equal "$(head -n 4 <<<"$output")" \
            "$(for number in 1 2 3 4; do printf 'stdin line %s\tinvalid\n' $number; done)"
        assert_line --index 4 --partial "$cid"
    done
    run_json codex-chunk block has --batch --json < <(printf '\n{bad\nzDv\n')
    assert_equal "$(jq -r '[.cid, .state] | @tsv' <<<"$output")" $'stdin line 2\tinvalid\nzDv\tinvalid'
}

@test "buffered answers are the same, written together" {
    codex-chunk put file* >/dev/null
    codex-chunk ls --blocks | cut -f1 >all
    codex-chunk block has --batch <all >one
    codex-chunk block has --batch --buffer <all | diff - one
    codex-chunk stat --batch --buffer --json <all | records | diff - \
        <(codex-chunk stat --batch --json <all | records)
    codex-chunk block get --batch --buffer <all | cmp - <(codex-chunk block get --batch <all)
    codex-chunk block get --batch --buffer -o out <all
    codex-chunk block get --batch <all | cmp - out
    run_split codex-chunk stat --buffer x
    assert_refused 64 '--buffer means nothing without --batch'
    run_split codex-chunk ls --batch
    assert_refused 64 '--batch means nothing to'
}

@test "every command that prints JSON records ends with the summary" {
    local cid
    cid=$(codex-chunk put file8)
    expect_summary() {
        run_json "$@" --json
        assert_equal "$(jq -r '[.type, (.records | type), (.failures | type), (.milliseconds | type), .records] |
            join(" ")' <<<"$summary")" "summary number number number ${#lines[@]}"
    }
    local command
    for command in "codex-chunk init -r new" "codex-chunk put file1" "codex-chunk ls" \
        "codex-chunk ls --blocks" "codex-chunk ls -r new" "codex-chunk stat $cid" \
        "codex-chunk keep $cid --until never" "codex-chunk space" "codex-chunk gc" "codex-chunk gc -n" \
        "codex-chunk verify" "codex-chunk rm -n $cid" "codex-chunk export --to-nim node $cid" \
        "codex-chunk import --from-nim node" "codex-chunk block put file1" \
        "codex-chunk block has $cid" "codex-chunk block rm -n $cid" "codex-chunk config" \
        "codex-ec encode -k 2 -m 1 $cid" "codex-ec status $cid" "codex-ec verify $cid" \
        "codex-ec erase -n --blocks 0 $cid" "codex-merkle root $cid" "codex-merkle tree $cid" \
        "codex-merkle leaves $cid" "codex-merkle root --raw file1"; do
        # shellcheck disable=SC2086 # words
        expect_summary $command
    done
    run_split codex-merkle proof --json --index 0 "$cid"
    assert_equal "${#lines[@]}" 1 # a document
    run_split codex-chunk export --json -o out "$cid"
    assert_equal "$(jq -c '[.type, .datasets]' <<<"$output")" '["summary",1]'
    run_split codex-chunk ls --json -r nowhere
    assert_failure 66
    assert_output '' # ended before its time
}
