// What a name on a command line stands for: a CID, or the beginning of one that is here.
#include "codec/cid_prefix.hpp"
#include "repo/index/partial_entry.hpp"
#include "repo/index/repo_impl.hpp"

#include <algorithm>
#include <fmt/ranges.h>

namespace codex::repo {

using namespace detail;

namespace {

/// As many candidates as an error lists.
constexpr std::size_t kShown = 5;

/// CIDs of one table whose text begins so, in the order of the index, until there are more than
/// kShown.
Result<void> search(const Txn& txn, Table table, std::string_view prefix, std::vector<Cid>& found) {
    for (const codec::CidRange& range : codec::cid_ranges(prefix))
        CODEX_CHECK(
            for_each(txn, table, range.first, [&](BytesView key, BytesView) -> Result<bool> {
                if (found.size() > kShown ||
                    std::lexicographical_compare(range.last.begin(), range.last.end(), key.begin(),
                                                 key.end()))
                    return false;
                CODEX_TRY(cid, decode_cid_key(table, key));
                if (cid.text().starts_with(prefix) &&
                    std::find(found.begin(), found.end(), cid) == found.end())
                    found.push_back(cid);
                return true;
            }));
    return {};
}

/// The same of partial datasets.
Result<void> search_partials(const Txn& txn, std::string_view prefix, std::vector<Cid>& found) {
    for (const codec::CidRange& range : codec::cid_ranges(prefix))
        CODEX_CHECK(for_each_partial(
            txn, range.first, [&](const Cid& cid, const PartialEntry&) -> Result<bool> {
                const BytesView key = cid.bytes();
                if (found.size() > kShown ||
                    std::lexicographical_compare(range.last.begin(), range.last.end(), key.begin(),
                                                 key.end()))
                    return false;
                if (cid.text().starts_with(prefix) &&
                    std::find(found.begin(), found.end(), cid) == found.end())
                    found.push_back(cid);
                return true;
            }));
    return {};
}

std::vector<Table> tables_of(Named what) {
    switch (what) {
    case Named::dataset:
        return {Table::datasets};
    case Named::dataset_or_tree:
        return {Table::datasets, Table::trees};
    case Named::block:
        return {Table::blocks};
    default:
        return {Table::datasets, Table::trees, Table::blocks};
    }
}

/// What a text that is not here would have been the CID of: all CIDs of a kind begin alike.
std::string_view kind_of(std::string_view text) {
    return text.starts_with("zDv")   ? "dataset"
           : text.starts_with("zDz") ? "tree"
           : text.starts_with("zDx") ? "block"
                                     : "CID";
}

Error nothing_begins_so(std::string_view text, const std::string& path) {
    const std::string_view kind = kind_of(text);
    const bool dataset = kind == "dataset";
    return Error(dataset ? Errc::dataset_not_found : Errc::block_not_found,
                 fmt::format("{}: no {} in the repo {} begins so", text, kind, path))
        .remedy(dataset || kind == "tree" ? Remedy::list_datasets : Remedy::list_blocks);
}

Error ambiguous(std::string_view prefix, const std::vector<Cid>& found) {
    std::vector<std::string> texts;
    for (const Cid& cid : std::span(found).first(std::min(found.size(), kShown)))
        texts.push_back(cid.text());
    return Error(Errc::cid_invalid,
                 fmt::format("{}: begins more than one CID: {}{}", prefix, fmt::join(texts, ", "),
                             found.size() > kShown ? " and others" : ""))
        .hint("write more of it");
}

} // namespace

Result<Cid> Repo::named(std::string_view text, Named what) const {
    auto whole = what == Named::dataset ? codec::manifest_cid(text) : Cid::from_text(text);
    if (whole || whole.error().code() == Errc::cid_wrong_codec ||
        !codec::looks_like_cid_prefix(text))
        return whole;
    if (text.size() < codec::kMinCidPrefixChars)
        return fail(
            Error(Errc::cid_invalid,
                  fmt::format("\"{}\" is too short for the beginning of a CID", text))
                .hint(fmt::format("write at least {} characters of it, since all CIDs of a kind "
                                  "begin alike",
                                  codec::kMinCidPrefixChars)));
    CODEX_TRY(txn, impl_->store->env().read());
    std::vector<Cid> found;
    // First what is meant; what is something else is called that, as where it is written whole.
    for (const Named kind : {what, Named::anything}) {
        if (!found.empty())
            break;
        for (const Table table : tables_of(kind))
            CODEX_CHECK(search(txn, table, text, found));
        if (kind != Named::block)
            CODEX_CHECK(search_partials(txn, text, found));
    }
    if (found.size() > 1)
        return fail(ambiguous(text, found));
    if (found.empty())
        return fail(nothing_begins_so(text, path()));
    return what == Named::dataset ? codec::manifest_cid(found.front().text())
                                  : Result<Cid>(found.front());
}

} // namespace codex::repo
