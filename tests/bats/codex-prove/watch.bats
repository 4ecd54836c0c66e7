# codex-prove prove --watch: jobs from a pipe, answers as they are true.
load ../common
load proofs

setup_file() { make_shared; }

setup() {
    codex_setup
    use_shared
}

# job ID SLOT: a job of the small dataset.
job() { echo "{\"id\":\"$1\",\"cid\":\"$cid\",\"slot\":$2,\"entropy\":\"5\"}"; }

# watch [OPTION...]: prove --watch of the small circuit.
watch() { codex-prove prove --watch --zkey key.zkey "${circuit[@]}" "$@"; }

@test "--watch answers each job under its id, and a bad job does not end it" {
    {
        job a 0
        job b 9
        echo 'no job'
        echo
        echo "{\"id\":[1],\"cid\":\"$cid\",\"slot\":2,\"challenge\":\"$challenge\"}"
        echo '{"id":"bad","cid":"zDv","slot":1,"entropy":"5"}'
        printf '{"id":%070000d}\n' 1
        echo '{"type":"summary","records":1,"failures":0,"milliseconds":0}'
        job last 3 | tr -d '\n'
    } >jobs
    run_split watch <jobs
    assert_failure 65
    jq -r '"\(.id) \(.error.code // "proof")"' <<<"$output" | sort >answers
    assert_equal "$(<answers)" '[1] proof
a proof
b merkle.index_out_of_range
bad cid.invalid
last proof
null json.invalid
null limit.exceeded'
    assert_equal "${#lines[@]}" 7 # a summary is no job
    assert_stderr --partial 'job "b": slot 9'
    assert_stderr --partial 'error: stdin line 3: '
    assert_stderr --partial 'error: stdin line 7: '
    assert_equal "$(jq -r 'select(.id == null).error.object' <<<"$output" | sort | xargs)" 'stdin line 3 stdin line 7'
    grep -v '"error"' <<<"$output" >proofs
    run_split codex-prove batch-verify --zkey key.zkey proofs
    assert_success
    assert_output $'3\t0'
}

@test "--watch: an error in an answer has the members that it has on stderr" {
    codex-ec erase "$cid" --blocks 0-17
    job a 0 >jobs
    run_split watch --json <jobs
    assert_failure 1
    error=$(jq -c .error <<<"$output")
    assert_equal "$(jq -r .object <<<"$error")" "$cid"
    assert_equal "$(jq -r .hint <<<"$error")" "restore what parity covers: codex-ec repair $cid"
    assert_equal "$(jq -c .remedies <<<"$error")" '["repair_dataset"]'
    said=$(grep '"type":"error"' <<<"$stderr")
    assert_equal "$(jq -c '[.code, .exit, .message, .remedies]' <<<"$said")" \
        "$(jq -c '[.code, .exit, .message, .remedies]' <<<"$error")"
}

@test "--watch answers while stdin stays open, and ends with it" {
    mkfifo jobs answers
    watch <jobs >answers &
    pid=$!
    exec {to}>jobs {from}<answers
    job first 0 >&"$to"
    read -rt 60 -u "$from" line
    assert_equal "$(jq -r .id <<<"$line")" first
    job wrong 6 >&"$to"
    read -rt 60 -u "$from" line
    assert_equal "$(jq -r '.id + " " + .error.code' <<<"$line")" 'wrong merkle.index_out_of_range'
    job second 1 >&"$to"
    read -rt 60 -u "$from" line
    assert_equal "$(jq -r '.id + " " + .publicSignals[2]' <<<"$line")" 'second 1'
    # What was taken is finished, though no more comes.
    job third 2 >&"$to"
    exec {to}>&-
    assert_equal "$(jq -r .id <&"$from")" third
    status=0
    wait "$pid" || status=$?
    assert_equal "$status" 65
}

@test "--watch: no more jobs are read than are worked on" {
    mkfifo answers
    # More than a pipe holds: who writes them must wait as long as nobody takes the answers.
    (
        for ((i = 0; i < 4000; ++i)); do
            echo "$i" >written
            job "$i" 9
        done
        echo all >written
    ) | watch -j 2 >answers 2>/dev/null &
    exec {from}<answers
    read -rt 60 -u "$from" _
    refute [ "$(<written)" = all ]
    assert_equal "$(($(wc -l <&"$from") + 1))" 4000
}

@test "--watch: -j 1 keeps the order, --fail-fast stops" {
    { job a 0 && job b 9 && job c 1; } >jobs
    run_split watch -j 1 <jobs
    assert_failure 65
    assert_equal "$(jq -r .id <<<"$output" | paste -sd ' ')" 'a b c'
    run_split watch -j 1 --fail-fast <jobs
    assert_failure 65
    assert_equal "$(jq -r .id <<<"$output" | paste -sd ' ')" 'a b'
    # With a second prover that waits for a line that never comes.
    mkfifo endless
    exec {never}<>endless
    job b 9 >&"$never"
    run_split timeout 60 bash -c 'codex-prove prove "$@" <endless' - --watch -j 2 --fail-fast \
        --zkey key.zkey "${circuit[@]}"
    assert_failure 65
}

@test "--watch takes nothing but stdin, and needs somewhere to write to" {
    run_split watch --slot 1 </dev/null
    assert_refused 64 'from stdin alone'
    run_split watch --proof proof.json </dev/null
    assert_refused 64 'prints its proofs'
    run_split watch </dev/null
    assert_success
    refute_stderr
    assert_output ''
    job a 0 >jobs
    run bash -c 'codex-prove prove "$@" <jobs >/dev/full' - --watch --zkey key.zkey "${circuit[@]}"
    assert_failure 74
}

@test "--watch refuses a key of another circuit before it takes a job" {
    job a 0 >jobs
    run_split codex-prove prove --watch --zkey key.zkey <jobs
    assert_refused 65 'the key is for 9155 wires'
    assert_stderr --partial "hint: --samples and the other circuit options"
    assert_output ''
}
