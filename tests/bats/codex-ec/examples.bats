# The examples of codex-ec(1), run as they stand in the page.
load ../common

setup() {
    codex_setup
    mkdir photos
    gen 1 1200000 >photos/a
    gen 2 300000 >photos/b
}

@test "protect a folder, lose two slots, look at it, repair it" {
    example codex-ec.1 'Protect a folder'
    assert_success
    assert_equal "$output" "$(<photos.cid)"
    example codex-ec.1 'Lose two slots'
    assert_success
    assert_line --partial 'slot 1 data'
    assert_line --index -1 "$(<photos.cid)"
    codex-ec verify - <photos.cid
    example codex-ec.1 'Which slots are whole'
    assert_success
    assert_output "$(seq 0 5)"
    example codex-ec.1 'Send a protected dataset'
    assert_success
    zstd -dqc photos.car.zst | codex-chunk -r other import | diff - photos.cid
}

@test "protect every plain dataset" {
    codex-chunk put photos/a photos/b >/dev/null
    example codex-ec.1 'Protect every plain'
    assert_failure 65 # the smaller one has fewer blocks than k
    assert_equal "${#lines[@]}" 1
    codex-chunk ls | awk -F '\t' '$3 == "plain" && $2 < 500000' | codex-chunk rm >/dev/null
    example codex-ec.1 'Protect every plain'
    assert_success
}

@test "check everything, repair what can be repaired, and hear of the rest" {
    codex-chunk put photos/a photos/b | codex-ec encode -k 2 -m 1 >coded
    codex-ec erase --slots 1 - <coded >/dev/null
    example codex-ec.1 'Check everything once a week'
    assert_success
    assert_output ''
    refute_stderr
    codex-ec status - <coded
    codex-ec erase --slots 0,2 - <coded >/dev/null
    example codex-ec.1 'Check everything once a week'
    assert_failure 1
    assert_equal "$(grep -c 'error: zDv' <<<"$stderr")" 2
}
