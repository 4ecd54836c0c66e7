// What a name on a command line stands for: a CID, or the beginning of one that is here.
#include "base/printable.hpp"
#include "codec/cid_prefix.hpp"
#include "repo/index/labels.hpp"
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

std::string_view word_for(Named what) {
    switch (what) {
    case Named::dataset:
        return "dataset";
    case Named::dataset_or_tree:
        return "dataset and no tree";
    case Named::block:
        return "block";
    default:
        return "CID";
    }
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
    for (const Table table : tables_of(what))
        CODEX_CHECK(search(txn, table, text, found));
    if (what != Named::block)
        CODEX_CHECK(search_partials(txn, text, found));
    if (found.size() == 1)
        return found.front();
    if (!found.empty())
        return fail(ambiguous(text, found));
    const bool blocks = what == Named::block || what == Named::anything;
    return fail(
        Error(blocks ? Errc::block_not_found : Errc::dataset_not_found,
              fmt::format("{}: no {} in the repo {} begins so", text, word_for(what), path()))
            .remedy(blocks ? Remedy::list_blocks : Remedy::list_datasets));
}

namespace {

/// As many labels as are looked at for the sake of a better message.
constexpr std::size_t kLabelsLookedAt = 65536;

/// Datasets that are called so, at most two.
Result<std::vector<Cid>> labelled(const Txn& txn, std::string_view label) {
    std::vector<Cid> found;
    std::size_t looked_at = 0;
    CODEX_CHECK(for_each_label(txn, [&](const Cid& manifest, std::string_view text) {
        if (text == label)
            found.push_back(manifest);
        return found.size() < 2 && ++looked_at < kLabelsLookedAt;
    }));
    return found;
}

} // namespace

Error Repo::explain(std::string_view text, Error error) const {
    const Errc code = error.code();
    const bool none = code == Errc::dataset_not_found || code == Errc::block_not_found;
    const bool unread = code == Errc::cid_invalid || code == Errc::multibase_invalid;
    if ((!unread && !(none && !Cid::from_text(text))) || text.empty())
        return error;
    auto txn = impl_->store->env().read();
    if (!txn)
        return error;
    const auto found = labelled(*txn, text);
    if (!found || found->empty())
        return error;
    Error named(code, fmt::format("\"{}\" is a label, and labels name nothing", printable(text)));
    if (found->size() == 1)
        return std::move(named).hint(
            fmt::format("the dataset of this label is {}", found->front().text()));
    return std::move(named).remedy({Remedy::list_datasets, "several datasets have it; list them"});
}

} // namespace codex::repo
