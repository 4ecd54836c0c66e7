# The examples of codex-slots(5), run as they stand in the page.
load ../common

@test "the bytes that codex-slots(5) shows are those of the tools" {
    transcript codex-slots.5
}
