# The examples of codex-circuit(5), run as they stand in the page.
load ../common

@test "the bytes that codex-circuit(5) shows are those of the tools" {
    transcript codex-circuit.5
}
