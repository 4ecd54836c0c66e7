# The examples of codex-tree(5), run as they stand in the page.
load ../common

@test "the bytes that codex-tree(5) shows are those of the tools" {
    transcript codex-tree.5
}
