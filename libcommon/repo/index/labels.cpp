#include "repo/index/labels.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

constexpr std::string_view kLabelPrefix = "label:";

/// In the table `meta`, so that a repo made before labels needs no new table.
Bytes label_key(const Cid& manifest) {
    const BytesView cid = manifest.bytes();
    Bytes key(kLabelPrefix.size() + cid.size());
    std::copy(kLabelPrefix.begin(), kLabelPrefix.end(), key.begin());
    std::copy(cid.begin(), cid.end(), key.begin() + kLabelPrefix.size());
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

Result<void>
for_each_label(const Txn& txn,
               const std::function<bool(const Cid& manifest, std::string_view label)>& visit) {
    return for_each(txn, Table::meta, as_bytes(kLabelPrefix),
                    [&](BytesView key, BytesView value) -> Result<bool> {
                        if (!has_prefix(key, as_bytes(kLabelPrefix)))
                            return false;
                        auto manifest = Cid::from_bytes(key.subspan(kLabelPrefix.size()));
                        if (!manifest)
                            return index_damaged("meta", "a label is of no dataset");
                        return visit(*manifest, as_text(value));
                    });
}

} // namespace codex::repo::detail
