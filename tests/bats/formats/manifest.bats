# The examples of codex-manifest(5), run as they stand in the page.
load ../common

@test "the bytes that codex-manifest(5) shows are those of the tools" {
    transcript codex-manifest.5
}
