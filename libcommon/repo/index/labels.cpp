#include "repo/index/labels.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

/// In the table `meta`, so that a repo made before labels needs no new table.
Bytes label_key(const Cid& manifest) {
    constexpr std::string_view kPrefix = "label:";
    const BytesView cid = manifest.bytes();
    Bytes key(kPrefix.size() + cid.size());
    std::copy(kPrefix.begin(), kPrefix.end(), key.begin());
    std::copy(cid.begin(), cid.end(), key.begin() + kPrefix.size());
    return key;
}

} // namespace

Result<std::string> find_label(const Txn& txn, const Cid& manifest) {
    CODEX_TRY(value, txn.get(Table::meta, label_key(manifest)));
    if (!value)
        return std::string();
    if (!check_label(as_text(*value)))
        return index_damaged("meta", "a label makes no sense");
    return std::string(as_text(*value));
}

Result<void> put_label(Txn& txn, const Cid& manifest, std::string_view label) {
    if (!label.empty())
        return txn.put(Table::meta, label_key(manifest), as_bytes(label));
    CODEX_CHECK(txn.erase(Table::meta, label_key(manifest)));
    return {};
}

} // namespace codex::repo::detail
