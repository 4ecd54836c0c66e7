#include "exchange/detail/holdings.hpp"

#include "merkle/coding.hpp"

#include <algorithm>

namespace codex::exchange::detail {

namespace {

using net::exchange::BlockAddress;
using net::exchange::DeliveryMessage;

/// A tree that is here, whole or as far as its dataset has come.
struct OpenTree {
    std::optional<repo::StoredTree> whole;
    std::optional<repo::PartialTree> part;

    [[nodiscard]] std::uint64_t leaf_count() const {
        return whole ? whole->leaf_count() : part->leaf_count();
    }
    [[nodiscard]] Result<merkle::Proof> proof(std::uint64_t index) const {
        return whole ? whole->proof(index) : part->proof(index);
    }
};

/// Trees of a batch, each opened once. Those that are not here, too.
/// Threads: one at a time.
class Trees {
public:
    explicit Trees(const repo::Repo& repo) : repo_(repo) {}

    /// The block that a leaf names; nothing when the tree has no such leaf, or is not here.
    std::optional<Cid> leaf(const Cid& tree, std::uint64_t index) {
        std::vector<std::optional<Cid>> one;
        run_of(tree, index, 1, one);
        return one.front();
    }
    /// Of leaves in order, which is how they are asked for mostly.
    void leaves(const Cid& tree, std::span<const std::uint64_t> indices,
                std::vector<std::optional<Cid>>& out) {
        for (std::size_t at = 0; at < indices.size();) {
            std::size_t run = 1;
            while (at + run < indices.size() && indices[at + run] == indices[at] + run)
                ++run;
            run_of(tree, indices[at], run, out);
            at += run;
        }
    }
    std::optional<Bytes> proof(const Cid& tree, std::uint64_t index) {
        const OpenTree* const stored = open(tree);
        if (stored == nullptr)
            return std::nullopt;
        const auto proof = stored->proof(index);
        if (!proof)
            return std::nullopt;
        return merkle::encode_proof(*proof);
    }

private:
    const OpenTree* open(const Cid& tree) {
        const auto there = trees_.find(tree);
        if (there != trees_.end())
            return there->second ? &*there->second : nullptr;
        auto& place = trees_[tree];
        if (tree.codec() != codec::Multicodec::codex_root)
            return nullptr;
        OpenTree found;
        if (auto whole = repo_.tree(tree))
            found.whole = std::move(*whole);
        else if (auto part = repo_.partial_tree(tree))
            found.part = std::move(*part);
        if (found.whole || found.part)
            place = std::move(found);
        return place ? &*place : nullptr;
    }
    void run_of(const Cid& tree, std::uint64_t first, std::size_t count,
                std::vector<std::optional<Cid>>& out) {
        const OpenTree* const stored = open(tree);
        const std::uint64_t end = stored == nullptr ? 0 : stored->leaf_count();
        const std::size_t there =
            first >= end ? 0
                         : static_cast<std::size_t>(std::min<std::uint64_t>(count, end - first));
        std::vector<Digest> digests(there);
        const bool whole =
            there > 0 && stored->whole && stored->whole->leaves(first, digests).has_value();
        for (std::size_t i = 0; i < count; ++i) {
            std::optional<Cid> cid;
            if (i < there && whole) {
                cid = Cid::block(digests[i]);
            } else if (i < there && stored->part) {
                if (const auto digest = stored->part->leaf(first + i))
                    cid = Cid::block(*digest);
            }
            out.push_back(cid);
        }
    }

    const repo::Repo& repo_;
    std::map<Cid, std::optional<OpenTree>> trees_;
};

/// A block that is to be put into a message.
struct Part {
    std::size_t at = 0; ///< in what was wanted
    Cid cid;
    std::size_t size = 0;
    Bytes proof;
    bool good = false;
};

/// Where its parts are in a message that is laid out, with all but the data in place.
struct Layout {
    RawBytes bytes;
    std::vector<std::size_t> data_at;
};

Layout lay_out(std::span<const WantList::Block> wanted, std::span<const Part> parts) {
    DeliveryMessage message;
    for (const Part& part : parts)
        message.add(part.cid, part.size, wanted[part.at].address, part.proof);
    Layout layout;
    const Bytes head = message.head();
    layout.bytes.reserve(head.size() + message.size());
    append(layout.bytes, head);
    for (const auto& part : message.parts()) {
        append(layout.bytes, part.head);
        layout.data_at.push_back(layout.bytes.size());
        layout.bytes.resize(layout.bytes.size() + part.data_bytes);
        append(layout.bytes, part.tail);
    }
    append(layout.bytes, DeliveryMessage::tail());
    return layout;
}

/// What is known of a block before its bytes are read: nothing, when it is not here.
std::optional<Part> find_part(const repo::Repo& repo, Trees& trees, const BlockAddress& address) {
    Part part;
    part.cid = address.cid;
    if (address.leaf) {
        const auto cid = trees.leaf(address.cid, address.index);
        auto proof = trees.proof(address.cid, address.index);
        if (!cid || !proof)
            return std::nullopt;
        part.cid = *cid;
        part.proof = std::move(*proof);
    }
    if (part.cid.is_empty_block())
        return part;
    const auto info = repo.stat(part.cid);
    if (!info || !*info || !(*info)->present || (*info)->damaged)
        return std::nullopt;
    part.size = (*info)->size_bytes;
    return part;
}

/// Reads the data into place; whether all of it is good.
bool fill(const repo::Repo& repo, std::span<Part> parts, Layout& layout) {
    std::vector<BlockRead> batch(parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
        batch[i].cid = parts[i].cid;
        batch[i].buffer = MutableBytes(layout.bytes).subspan(layout.data_at[i], parts[i].size);
    }
    const auto read = repo.try_read(batch);
    bool all = true;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        parts[i].good =
            read && batch[i].state == BlockRead::State::ok && batch[i].size == parts[i].size;
        all = all && parts[i].good;
    }
    return all;
}

/// The same message of those alone that are good.
Layout without_bad(std::span<const WantList::Block> wanted, std::vector<Part>& parts,
                   const Layout& whole) {
    std::vector<std::size_t> from;
    for (std::size_t i = 0; i < parts.size(); ++i)
        if (parts[i].good)
            from.push_back(whole.data_at[i]);
    std::erase_if(parts, [](const Part& part) { return !part.good; });
    Layout layout = lay_out(wanted, parts);
    for (std::size_t i = 0; i < parts.size(); ++i)
        std::copy_n(whole.bytes.begin() + static_cast<std::ptrdiff_t>(from[i]), parts[i].size,
                    layout.bytes.begin() + static_cast<std::ptrdiff_t>(layout.data_at[i]));
    return layout;
}

} // namespace

std::vector<bool> look_for(const repo::Repo& repo, const WantList::Questions& questions) {
    std::vector<std::optional<Cid>> cids;
    if (questions.tree.is_null())
        cids.assign(questions.blocks.begin(), questions.blocks.end());
    else
        Trees(repo).leaves(questions.tree, questions.indices, cids);
    std::vector<BlockRead> batch;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < cids.size(); ++i)
        if (cids[i]) {
            batch.emplace_back().cid = *cids[i];
            places.push_back(i);
        }
    std::vector<bool> here(cids.size(), false);
    if (!repo.find(batch))
        return here;
    for (std::size_t i = 0; i < batch.size(); ++i)
        here[places[i]] = batch[i].state == BlockRead::State::ok;
    return here;
}

Built build_message(const repo::Repo& repo, std::span<const WantList::Block> wanted,
                    std::size_t most_bytes) {
    Built built;
    built.states.assign(wanted.size(), Built::State::later);
    Trees trees(repo);
    std::vector<Part> parts;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < wanted.size() && parts.size() < net::exchange::kMaxBlocksWritten;
         ++i) {
        auto part = find_part(repo, trees, wanted[i].address);
        if (!part) {
            built.states[i] = Built::State::absent;
            continue;
        }
        if (!parts.empty() && bytes + part->size > most_bytes)
            break;
        bytes += part->size;
        part->at = i;
        parts.push_back(std::move(*part));
    }
    Layout layout = lay_out(wanted, parts);
    const bool all = parts.empty() || fill(repo, parts, layout);
    for (const Part& part : parts)
        built.states[part.at] = part.good ? Built::State::sent : Built::State::absent;
    if (!all)
        layout = without_bad(wanted, parts, layout);
    if (parts.empty())
        return built;
    for (const Part& part : parts)
        built.block_bytes += part.size;
    built.blocks = parts.size();
    built.framed = std::move(layout.bytes);
    return built;
}

} // namespace codex::exchange::detail
