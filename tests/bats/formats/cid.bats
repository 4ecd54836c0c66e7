# The examples of codex-cid(5), run as they stand in the page.
load ../common

@test "the bytes that codex-cid(5) shows are those of the tools" {
    transcript codex-cid.5
}
