# The examples of codex-groth16(5), run as they stand in the page.
load ../common

@test "the bytes that codex-groth16(5) shows are those of the tools" {
    transcript codex-groth16.5
}
