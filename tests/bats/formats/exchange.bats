# The examples of codex-exchange(7), run as they stand in the page.
load ../common

@test "the bytes that codex-exchange(7) shows are those that its rules give" {
    transcript codex-exchange.7
}
