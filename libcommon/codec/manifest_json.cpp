#include "codec/manifest_json.hpp"

#include "base/json_writer.hpp"

namespace codex::codec {

namespace {

void text_or_null(JsonWriter& json, std::string_view name, const std::optional<std::string>& text) {
    json.key(name);
    if (text)
        json.value(*text);
    else
        json.value(nullptr);
}

} // namespace

std::string manifest_json(const Manifest& manifest) {
    JsonWriter json;
    json.begin_object()
        .member("treeCid", manifest.tree.text())
        .member("datasetSize", manifest.dataset_size_bytes)
        .member("blockSize", manifest.block_size_bytes);
    text_or_null(json, "filename", manifest.filename);
    text_or_null(json, "mimetype", manifest.mimetype);
    json.member("protected", manifest.is_protected());
    if (manifest.erasure)
        json.member("verifiable", manifest.is_verifiable())
            .member("ecK", manifest.erasure->k)
            .member("ecM", manifest.erasure->m)
            .member("originalTreeCid", manifest.erasure->original_tree.text())
            .member("originalDatasetSize", manifest.erasure->original_size_bytes);
    return std::move(json.end_object()).text();
}

} // namespace codex::codec
