// What a repo knows of the names that a command line gives, when they lead nowhere.
#include "base/printable.hpp"
#include "repo/index/labels.hpp"
#include "repo/index/repo_impl.hpp"

#include <algorithm>

namespace codex::repo {

using namespace detail;

namespace {

/// As many labels as are looked at for the sake of a better message.
constexpr std::size_t kLabelsLookedAt = 65536;
/// As many leaves of trees, by all calls of a handle: a second's work.
constexpr std::uint64_t kLeavesLookedAt = std::uint64_t{1} << 22;
/// Among so many places the best are chosen.
constexpr std::size_t kPlaces = 16;
/// As many datasets as a hint offers.
constexpr std::size_t kOffered = 3;

/// Datasets that are called so, at most one more than are offered.
Result<std::vector<Cid>> labelled(const Txn& txn, std::string_view label) {
    std::vector<Cid> found;
    std::size_t looked_at = 0;
    CODEX_CHECK(for_each_label(txn, [&](const Cid& manifest, std::string_view text) {
        if (text == label)
            found.push_back(manifest);
        return found.size() <= kOffered && ++looked_at < kLabelsLookedAt;
    }));
    return found;
}

/// Where the number of a block begins in "NAME@INDEX"; the end: it does not.
std::size_t index_at(std::string_view text) {
    const std::size_t at = text.rfind('@');
    const bool number = at != text.npos && at + 1 < text.size() &&
                        text.find_first_not_of("0123456789", at + 1) == text.npos;
    return number ? at : text.size();
}

/// What was asked for, asked once more of each of these in the place of the name that was given.
Error asked_of(Error error, std::span<const std::string> names, std::string words) {
    for (const std::string& name : names.first(std::min(names.size(), kOffered)))
        error = std::move(error).remedy(
            Remedy(Remedy::retry_command, std::exchange(words, "or")).of(name));
    return error;
}

/// `index` is "@INDEX", or empty.
Error is_label(Errc code, std::string_view label, std::string_view index,
               const std::vector<Cid>& datasets) {
    Error error(code, fmt::format("\"{}\" is a label, and labels name nothing", printable(label)));
    std::vector<std::string> names;
    for (const Cid& cid : datasets)
        names.push_back(cid.text() + std::string(index));
    error = asked_of(std::move(error), names,
                     names.size() == 1 ? "name the dataset of this label by its CID"
                                       : "several datasets have it; name one by its CID");
    if (names.size() <= kOffered)
        return error;
    return std::move(error).remedy({Remedy::list_datasets, "there are more; list them"});
}

Error about_name(const Txn& txn, std::string_view text, Error error) {
    for (const std::size_t end : {text.size(), index_at(text)}) {
        const auto found = labelled(txn, text.substr(0, end));
        if (found && !found->empty())
            return is_label(error.code(), text.substr(0, end), text.substr(end), *found);
    }
    const bool no_cid = error.text().starts_with(fmt::format("\"{}\" is not a CID", text));
    return no_cid && !text.starts_with('z') && error.remedies().empty()
               ? std::move(error).remedy(Remedy::list_datasets)
               : std::move(error);
}

/// A part stands where a whole dataset is meant.
Error about_part(const Repo& repo, const Cid& cid, Error error) {
    const bool is_tree = cid.codec() == codec::Multicodec::codex_root;
    const std::vector<Place> places = repo.places_of(cid, kOffered);
    if (places.empty()) {
        const auto here = repo.stat(cid);
        if (is_tree || !here || *here)
            return error;
        return Error(error.code(), error.text())
            .remedy({Remedy::list_datasets, "no dataset here has it; list what is here"});
    }
    std::vector<std::string> names;
    for (const Place& place : places)
        names.push_back(place.dataset.text());
    const std::string what =
        is_tree ? std::string("the tree") : fmt::format("block {}", places.front().index.value());
    error = asked_of(Error(error.code(), error.text()), names,
                     fmt::format("that is {} of a dataset; take the whole dataset", what));
    if (is_tree)
        return error;
    return std::move(error).remedy(Remedy(Remedy::get_block, "get the block alone").of(cid.text()));
}

/// Bytes that are damaged or missing are wanted.
Error about_bytes(const Repo& repo, const Cid& cid, Error error) {
    const std::vector<Place> places = repo.places_of(cid, kPlaces);
    if (places.empty())
        return error;
    const Place& last = places.back();
    Error better(error.code(), error.text());
    if (!last.is_protected)
        return std::move(better).remedy(
            {Remedy::put_dataset, fmt::format("it is block {} of {}, which nothing here protects; "
                                              "put or import the same data again",
                                              last.index.value_or(0), last.dataset.text())});
    return std::move(better).remedy(
        Remedy(Remedy::repair_dataset,
               fmt::format("it is block {} of this dataset; repair it, or put or import the same "
                           "data again",
                           last.index.value_or(0)))
            .of(last.dataset.text()));
}

std::optional<std::uint64_t> index_of(const StoredTree& tree, const Digest& digest) {
    constexpr std::uint64_t kPiece = 4096;
    std::vector<Digest> leaves;
    for (std::uint64_t at = 0; at < tree.leaf_count(); at += leaves.size()) {
        leaves.resize(std::min(kPiece, tree.leaf_count() - at));
        if (!tree.leaves(at, leaves))
            return std::nullopt;
        const auto found = std::ranges::find(leaves, digest);
        if (found != leaves.end())
            return at + static_cast<std::uint64_t>(found - leaves.begin());
    }
    return std::nullopt;
}

} // namespace

std::vector<Place> Repo::places_of(const Cid& cid, std::size_t most) const {
    std::vector<Place> places;
    const bool is_tree = cid.codec() == codec::Multicodec::codex_root;
    if (!is_tree && (cid.codec() == codec::Multicodec::codex_manifest ||
                     cid.hash() != codec::HashCodec::sha2_256))
        return places;
    const auto look = [&](const DatasetInfo& dataset) {
        const codec::Manifest& manifest = dataset.manifest;
        const std::uint64_t leaves = is_tree ? 1 : manifest.blocks_count();
        if (impl_->leaves_looked_at.fetch_add(leaves) + leaves > kLeavesLookedAt)
            return false;
        if (is_tree) {
            if (manifest.tree == cid)
                places.push_back({dataset.cid, std::nullopt, manifest.is_protected()});
        } else if (const auto stored = tree(manifest.tree)) {
            if (const auto index = index_of(*stored, cid.digest32()))
                places.push_back({dataset.cid, *index, manifest.is_protected()});
        }
        return places.size() < kPlaces;
    };
    static_cast<void>(for_each_dataset(look)); // what was found before it failed is right
    std::ranges::stable_sort(places, {}, &Place::is_protected);
    places.resize(std::min(places.size(), most));
    return places;
}

Error Repo::explain(std::string_view text, Error error) const {
    const Errc code = error.code();
    const bool none = code == Errc::dataset_not_found || code == Errc::block_not_found;
    const bool unread = code == Errc::cid_invalid || code == Errc::multibase_invalid;
    if (text.empty())
        return error;
    if (unread || (none && !Cid::from_text(text))) {
        const auto txn = impl_->store->env().read();
        return txn ? about_name(*txn, text, std::move(error)) : std::move(error);
    }
    const bool part = code == Errc::cid_wrong_codec;
    const bool bytes = code == Errc::block_corrupt || code == Errc::block_not_found;
    const auto cid = part || bytes ? named(text, Named::anything) : Result<Cid>(fail(code));
    if (!cid || cid->codec() == codec::Multicodec::codex_manifest)
        return error;
    if (part)
        return about_part(*this, *cid, std::move(error));
    if (cid->codec() != codec::Multicodec::codex_root)
        return about_bytes(*this, *cid, std::move(error));
    if (!error.text().starts_with("block ") || !tree(*cid))
        return error;
    return Error(code, error.text())
        .remedy(Remedy(Remedy::show_leaves, "that is a tree; print its blocks").of(cid->text()));
}

} // namespace codex::repo
