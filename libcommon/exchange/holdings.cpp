#include "exchange/detail/holdings.hpp"

#include "base/checked.hpp"
#include "merkle/coding.hpp"

#include <algorithm>

namespace codex::exchange::detail {

namespace {

using net::exchange::BlockAddress;
using net::exchange::DeliveryMessage;

/// A tree that is here, whole or as far as its dataset has come.
struct OpenTree {
    std::optional<repo::StoredTree> whole;
    OpenPartials::TreePtr part;

    [[nodiscard]] std::uint64_t leaf_count() const {
        return whole ? whole->leaf_count() : part->leaf_count();
    }
    [[nodiscard]] auto proved(std::uint64_t first, std::size_t count) const {
        return whole ? whole->proved(first, count) : part->proved(first, count);
    }
};

/// Trees of a batch, each opened once. Those that are not here, too.
/// Threads: one at a time.
class Trees {
public:
    Trees(const repo::Repo& repo, OpenPartials& partials) : repo_(repo), partials_(partials) {}

    /// The blocks that leaves name, in order, which is how they are asked for mostly; nothing when
    /// the tree has no such leaf, or is not here.
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
    /// `count` leaves with their proofs; nothing for those that cannot be proved.
    std::vector<std::optional<merkle::ProvedLeaf>> proved(const Cid& tree, std::uint64_t first,
                                                          std::size_t count) {
        const OpenTree* const stored = open(tree);
        const std::size_t there = stored == nullptr ? 0 : count_in(*stored, first, count);
        std::vector<std::optional<merkle::ProvedLeaf>> leaves(count);
        auto run = there == 0 ? Result<std::vector<std::optional<merkle::ProvedLeaf>>>()
                              : stored->proved(first, there);
        if (run) {
            std::ranges::move(*run, leaves.begin());
            return leaves;
        }
        // What cannot be read may be that of one of them.
        for (std::size_t i = 0; i < there; ++i)
            if (auto one = stored->proved(first + i, 1))
                leaves[i] = std::move(one->front());
        return leaves;
    }

private:
    static std::size_t count_in(const OpenTree& tree, std::uint64_t first, std::size_t count) {
        const std::uint64_t end = tree.leaf_count();
        return first >= end ? 0
                            : static_cast<std::size_t>(std::min<std::uint64_t>(count, end - first));
    }
    const OpenTree* open(const Cid& tree) {
        const auto there = trees_.find(tree);
        if (there != trees_.end())
            return there->second ? &*there->second : nullptr;
        auto& place = trees_[tree];
        if (tree.codec() != codec::Multicodec::codex_root)
            return nullptr;
        OpenTree found;
        found.part = partials_.find(tree);
        if (found.part == nullptr) {
            if (auto whole = repo_.tree(tree)) {
                found.whole = std::move(*whole);
            } else if (auto part = repo_.partial_tree(tree)) {
                found.part = std::make_shared<const repo::PartialTree>(std::move(*part));
                partials_.keep(tree, found.part);
            }
        }
        if (found.whole || found.part)
            place = std::move(found);
        return place ? &*place : nullptr;
    }
    void run_of(const Cid& tree, std::uint64_t first, std::size_t count,
                std::vector<std::optional<Cid>>& out) {
        const OpenTree* const stored = open(tree);
        const std::size_t there = stored == nullptr ? 0 : count_in(*stored, first, count);
        std::vector<Digest> digests(there);
        const bool read = there > 0 && (stored->whole ? stored->whole->leaves(first, digests)
                                                      : stored->part->leaves(first, digests))
                                           .has_value();
        for (std::size_t i = 0; i < count; ++i) {
            const bool known =
                read && i < there && (stored->whole || digests[i] != Digest{}); // in part of it
            out.push_back(known ? std::optional(Cid::block(digests[i])) : std::nullopt);
        }
    }

    const repo::Repo& repo_;
    OpenPartials& partials_;
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

/// Where its parts are in messages that are laid out, with all but the data in place.
struct Layout {
    RawBytes bytes;
    std::vector<std::size_t> data_at;
    std::size_t messages = 0;
};

/// Puts a message behind what there is.
void lay_out(const DeliveryMessage& message, Layout& layout) {
    append(layout.bytes, message.head());
    for (const auto& part : message.parts()) {
        append(layout.bytes, part.head);
        layout.data_at.push_back(layout.bytes.size());
        layout.bytes.resize(layout.bytes.size() + part.data_bytes);
        append(layout.bytes, part.tail);
    }
    append(layout.bytes, DeliveryMessage::tail());
}

/// As few messages as can be, with as many blocks each.
Layout lay_out(std::span<const WantList::Block> wanted, std::span<const Part> parts) {
    Layout layout;
    layout.messages = div_up(parts.size(), net::exchange::kMaxBlocksWritten);
    const std::size_t each = layout.messages == 0 ? 0 : div_up(parts.size(), layout.messages);
    std::vector<DeliveryMessage> messages(layout.messages);
    for (std::size_t i = 0; i < parts.size(); ++i)
        messages[i / each].add(parts[i].cid, parts[i].size, wanted[parts[i].at].address,
                               parts[i].proof);
    std::size_t bytes = 0;
    for (const DeliveryMessage& message : messages)
        bytes += message.head().size() + message.size();
    layout.bytes.reserve(bytes);
    for (const DeliveryMessage& message : messages)
        lay_out(message, layout);
    return layout;
}

/// What is known of a block before its bytes are read: nothing, when it is not here.
std::optional<Part> find_part(const repo::Repo& repo, const BlockAddress& address,
                              const std::optional<merkle::ProvedLeaf>& leaf) {
    Part part;
    part.cid = address.cid;
    if (address.leaf) {
        if (!leaf)
            return std::nullopt;
        part.cid = Cid::block(leaf->digest);
        part.proof = merkle::encode_proof(leaf->proof);
    }
    if (part.cid.is_empty_block())
        return part;
    const auto info = repo.stat(part.cid);
    if (!info || !*info || !(*info)->present || (*info)->damaged)
        return std::nullopt;
    part.size = (*info)->size_bytes;
    return part;
}

/// How many at the front are neighbours in a tree, which are proved together: 1 of other blocks.
std::size_t run_at_front(std::span<const WantList::Block> wanted) {
    const BlockAddress& first = wanted.front().address;
    std::size_t run = 1;
    while (first.leaf && run < wanted.size() && wanted[run].address.leaf &&
           wanted[run].address.index == first.index + run && wanted[run].address.cid == first.cid)
        ++run;
    return run;
}

/// Takes parts of `wanted` as far as they fit, and says what becomes of each.
std::vector<Part> find_parts(const repo::Repo& repo, OpenPartials& partials,
                             std::span<const WantList::Block> wanted, std::size_t most_bytes,
                             std::vector<Built::State>& states) {
    Trees trees(repo, partials);
    std::vector<Part> parts;
    std::vector<std::optional<merkle::ProvedLeaf>> proved;
    std::size_t run_from = 0;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < wanted.size() && parts.size() < kMostBuilt; ++i) {
        const BlockAddress& address = wanted[i].address;
        if (i == run_from + proved.size()) {
            run_from = i;
            proved.assign(run_at_front(wanted.subspan(i)), std::nullopt);
            if (address.leaf)
                proved = trees.proved(address.cid, address.index, proved.size());
        }
        auto part = find_part(repo, address, proved[i - run_from]);
        if (!part) {
            states[i] = Built::State::absent;
            continue;
        }
        if (!parts.empty() && bytes + part->size > most_bytes)
            break;
        bytes += part->size;
        part->at = i;
        parts.push_back(std::move(*part));
    }
    return parts;
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

/// The same of those alone that are good.
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

std::vector<bool> look_for(const repo::Repo& repo, OpenPartials& partials,
                           const WantList::Questions& questions) {
    std::vector<std::optional<Cid>> cids;
    if (questions.tree.is_null())
        cids.assign(questions.blocks.begin(), questions.blocks.end());
    else
        Trees(repo, partials).leaves(questions.tree, questions.indices, cids);
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

Built build_messages(const repo::Repo& repo, OpenPartials& partials,
                     std::span<const WantList::Block> wanted, std::size_t most_bytes) {
    Built built;
    built.states.assign(wanted.size(), Built::State::later);
    std::vector<Part> parts = find_parts(repo, partials, wanted, most_bytes, built.states);
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
    built.messages = layout.messages;
    built.framed = std::move(layout.bytes);
    return built;
}

} // namespace codex::exchange::detail
