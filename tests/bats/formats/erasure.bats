# The examples of codex-erasure(5), run as they stand in the page.
load ../common

@test "the bytes that codex-erasure(5) shows are those of the tools" {
    transcript codex-erasure.5
}
