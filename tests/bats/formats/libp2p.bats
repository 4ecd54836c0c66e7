# The examples of codex-libp2p(7), run as they stand in the page.
load ../common

@test "the bytes that codex-libp2p(7) shows are those that its rules give" {
    transcript codex-libp2p.7
}
