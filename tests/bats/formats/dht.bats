# The examples of codex-dht(7), run as they stand in the page.
load ../common

@test "the bytes that codex-dht(7) shows are those that its rules give" {
    transcript codex-dht.7
}
