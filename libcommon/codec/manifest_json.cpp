#include "codec/manifest_json.hpp"

#include "base/json_text.hpp"

namespace codex::codec {

namespace {

std::string text_or_null(const std::optional<std::string>& text) {
    return text ? json_quote(*text) : "null";
}

} // namespace

std::string manifest_json(const Manifest& manifest) {
    std::string out = fmt::format(
        R"({{"treeCid":{},"datasetSize":{},"blockSize":{},"filename":{},"mimetype":{},"protected":{})",
        json_quote(manifest.tree.text()), json_number(manifest.dataset_size_bytes),
        manifest.block_size_bytes, text_or_null(manifest.filename), text_or_null(manifest.mimetype),
        manifest.is_protected());
    if (manifest.erasure)
        out += fmt::format(
            R"(,"verifiable":{},"ecK":{},"ecM":{},"originalTreeCid":{},"originalDatasetSize":{})",
            manifest.is_verifiable(), manifest.erasure->k, manifest.erasure->m,
            json_quote(manifest.erasure->original_tree.text()),
            json_number(manifest.erasure->original_size_bytes));
    return out + "}";
}

} // namespace codex::codec
