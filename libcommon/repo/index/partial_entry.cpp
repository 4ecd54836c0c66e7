#include "repo/index/partial_entry.hpp"

#include "base/endian.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

// Rows of the table `meta`, so that no process has to open a table that another one has made.
constexpr std::string_view kPartialPrefix = "partial:";          // manifest -> the entry
constexpr std::string_view kPartialFilePrefix = "partial-file:"; // number -> manifest
constexpr std::string_view kPartialTreePrefix = "partial-tree:"; // tree, manifest -> nothing
constexpr std::string_view kPartialHeldPrefix = "partial-held:"; // number, piece -> leaves

constexpr std::size_t kFixedEntryBytes = 44;
constexpr std::uint8_t kHeldRuns = 1;
constexpr std::uint8_t kHeldBits = 2;
constexpr std::size_t kHeldBitsBytes = kHeldPiece / 8;

Unexpected<Error> partial_damaged() {
    return index_damaged("meta", "a partial dataset makes no sense");
}

Bytes partial_key(std::string_view prefix, std::initializer_list<BytesView> parts) {
    Bytes key(prefix.begin(), prefix.end());
    for (const BytesView part : parts)
        append(key, part);
    return key;
}

Bytes manifest_key(const Cid& manifest) {
    return partial_key(kPartialPrefix, {manifest.bytes()});
}

template <class T> std::array<std::uint8_t, sizeof(T)> big_endian(T number) {
    std::array<std::uint8_t, sizeof(T)> bytes{};
    store_be(bytes.data(), number);
    return bytes;
}

Bytes file_key(std::uint64_t id) {
    return partial_key(kPartialFilePrefix, {big_endian(id)});
}

Bytes held_key(std::uint64_t id, std::uint32_t piece) {
    return partial_key(kPartialHeldPrefix, {big_endian(id), big_endian(piece)});
}

/// What the keys of all partial datasets over a tree begin with.
Bytes tree_prefix(const Cid& tree) {
    const auto size = static_cast<std::uint8_t>(tree.bytes().size());
    return partial_key(kPartialTreePrefix, {BytesView(&size, 1), tree.bytes()});
}

Bytes tree_key(const Cid& tree, const Cid& manifest) {
    Bytes key = tree_prefix(tree);
    append(key, manifest.bytes());
    return key;
}

Result<IndexSet> read_piece(const Txn& txn, std::uint64_t id, std::uint32_t piece) {
    CODEX_TRY(value, txn.get(Table::meta, held_key(id, piece)));
    return value ? decode_held(*value) : Result<IndexSet>(IndexSet());
}

} // namespace

Bytes encode(const PartialEntry& e) {
    Bytes out(kFixedEntryBytes);
    std::uint8_t* at = out.data();
    for (const std::uint64_t number : {e.id, e.added, e.expiry, e.leaf_count, e.held}) {
        store_le(at, number);
        at += sizeof number;
    }
    store_le(at, e.pin_rows);
    append(out, e.tree.bytes());
    return out;
}

Result<PartialEntry> decode_partial(BytesView value) {
    if (value.size() <= kFixedEntryBytes)
        return partial_damaged();
    const auto number = [&](std::size_t i) { return load_le<std::uint64_t>(value.data() + 8 * i); };
    PartialEntry e{number(0), number(1), number(2),
                   number(3), number(4), load_le<std::uint32_t>(&value[40]),
                   {}};
    CODEX_SET(e.tree, decode_cid_key(Table::meta, value.subspan(kFixedEntryBytes)));
    const bool right = e.tree.codec() == codec::Multicodec::codex_root &&
                       e.tree.digest().size() == sizeof(Digest) && e.leaf_count > 0 &&
                       e.leaf_count <= IndexSet::kMaxIndices && e.held < e.leaf_count;
    return right ? Result<PartialEntry>(std::move(e)) : partial_damaged();
}

Bytes encode_held(const IndexSet& piece) {
    Bytes runs = {kHeldRuns};
    Bytes bits(1 + kHeldBitsBytes);
    bits[0] = kHeldBits;
    for (auto run = piece.next_run(0); run; run = piece.next_run(run->end())) {
        if (runs.size() < bits.size()) {
            runs.resize(runs.size() + 4);
            std::uint8_t* const at = runs.data() + runs.size() - 4;
            store_le(at, static_cast<std::uint16_t>(run->first));
            store_le(at + 2, static_cast<std::uint16_t>(run->end() - 1));
        }
        for (std::uint64_t i = run->first; i < run->end(); ++i)
            bits[1 + i / 8] |= static_cast<std::uint8_t>(1U << (i % 8));
    }
    return runs.size() < bits.size() ? runs : bits;
}

Result<IndexSet> decode_held(BytesView value) {
    IndexSet piece;
    if (value.size() == 1 + kHeldBitsBytes && value[0] == kHeldBits) {
        for (std::uint32_t i = 0; i < kHeldPiece; ++i)
            if ((value[1 + i / 8] >> (i % 8) & 1) != 0)
                piece.insert(i);
        return piece.empty() ? Result<IndexSet>(partial_damaged())
                             : Result<IndexSet>(std::move(piece));
    }
    if (value.size() < 5 || value.size() % 4 != 1 || value[0] != kHeldRuns)
        return partial_damaged();
    std::uint32_t next = 0; // a run that touches the one before would be one with it
    for (std::size_t at = 1; at < value.size(); at += 4) {
        const std::uint32_t first = load_le<std::uint16_t>(&value[at]);
        const std::uint32_t last = load_le<std::uint16_t>(&value[at + 2]);
        if (last < first || first < next)
            return partial_damaged();
        piece.insert({first, last + 1 - first});
        next = last + 2;
    }
    return piece;
}

Result<std::optional<PartialEntry>> find_partial(const Txn& txn, const Cid& manifest) {
    CODEX_TRY(value, txn.get(Table::meta, manifest_key(manifest)));
    if (!value)
        return std::nullopt;
    CODEX_TRY(entry, decode_partial(*value));
    return std::optional(std::move(entry));
}

Result<std::optional<Cid>> partial_of_writer(const Txn& txn, std::uint64_t id) {
    CODEX_TRY(value, txn.get(Table::meta, file_key(id)));
    if (!value)
        return std::nullopt;
    CODEX_TRY(cid, decode_cid_key(Table::meta, *value));
    return std::optional(cid);
}

Result<std::vector<Cid>> partials_over(const Txn& txn, const Cid& tree) {
    std::vector<Cid> manifests;
    const Bytes prefix = tree_prefix(tree);
    CODEX_CHECK(for_each(txn, Table::meta, prefix, [&](BytesView key, BytesView) -> Result<bool> {
        if (!has_prefix(key, prefix))
            return false;
        CODEX_TRY(cid, decode_cid_key(Table::meta, key.subspan(prefix.size())));
        manifests.push_back(cid);
        return true;
    }));
    return manifests;
}

Result<void>
for_each_partial(const Txn& txn, BytesView from,
                 const std::function<Result<bool>(const Cid& manifest, PartialEntry)>& visit) {
    const BytesView prefix = as_bytes(kPartialPrefix);
    return for_each(txn, Table::meta, partial_key(kPartialPrefix, {from}),
                    [&](BytesView key, BytesView value) -> Result<bool> {
                        if (!has_prefix(key, prefix))
                            return false;
                        CODEX_TRY(cid, decode_cid_key(Table::meta, key.subspan(prefix.size())));
                        CODEX_TRY(entry, decode_partial(value));
                        return visit(cid, std::move(entry));
                    });
}

Result<void> put_partial(Txn& txn, const Cid& manifest, const PartialEntry& entry) {
    CODEX_CHECK(txn.put(Table::meta, manifest_key(manifest), encode(entry)));
    CODEX_CHECK(txn.put(Table::meta, file_key(entry.id), manifest.bytes()));
    return txn.put(Table::meta, tree_key(entry.tree, manifest), {});
}

Result<void> erase_partial(Txn& txn, const Cid& manifest, const PartialEntry& entry) {
    CODEX_CHECK(txn.erase(Table::meta, manifest_key(manifest)));
    CODEX_CHECK(txn.erase(Table::meta, file_key(entry.id)));
    CODEX_CHECK(txn.erase(Table::meta, tree_key(entry.tree, manifest)));
    for (std::uint64_t at = 0; at < entry.leaf_count; at += kHeldPiece)
        CODEX_CHECK(txn.erase(Table::meta,
                              held_key(entry.id, static_cast<std::uint32_t>(at / kHeldPiece))));
    return {};
}

Result<IndexSet> held_leaves(const Txn& txn, const PartialEntry& entry) {
    IndexSet all;
    for (std::uint64_t at = 0; at < entry.leaf_count; at += kHeldPiece) {
        CODEX_TRY(piece, read_piece(txn, entry.id, static_cast<std::uint32_t>(at / kHeldPiece)));
        for (auto run = piece.next_run(0); run; run = piece.next_run(run->end())) {
            if (at + run->end() > entry.leaf_count)
                return partial_damaged();
            all.insert({at + run->first, run->count});
        }
    }
    return all;
}

Result<void> put_held(Txn& txn, std::uint64_t id, std::uint32_t piece, const IndexSet& leaves) {
    return txn.put(Table::meta, held_key(id, piece), encode_held(leaves));
}

Result<bool> HeldLeaves::insert(std::uint64_t index) {
    const auto piece = static_cast<std::uint32_t>(index / kHeldPiece);
    auto found = pieces_.find(piece);
    if (found == pieces_.end()) {
        CODEX_TRY(read, read_piece(txn_, id_, piece));
        found = pieces_.emplace(piece, std::move(read)).first;
    }
    return found->second.insert(index % kHeldPiece);
}

Result<void> HeldLeaves::write() {
    for (const auto& [piece, leaves] : pieces_)
        CODEX_CHECK(put_held(txn_, id_, piece, leaves));
    return {};
}

} // namespace codex::repo::detail
