#include "repo/index/entries.hpp"

#include "base/endian.hpp"
#include "codec/manifest.hpp"
#include "merkle/tree.hpp"

namespace codex::repo::detail {

namespace {

constexpr std::uint8_t kPresent = 1;
constexpr std::uint8_t kKept = 2;
constexpr std::uint8_t kZstd = 4;
constexpr std::uint8_t kDamaged = 8;

class Writer {
public:
    Writer& u8(std::uint8_t v) {
        out_.push_back(v);
        return *this;
    }
    Writer& u32(std::uint32_t v) { return le(v); }
    Writer& u64(std::uint64_t v) { return le(v); }
    Writer& be32(std::uint32_t v) { return be(v); }
    Writer& be64(std::uint64_t v) { return be(v); }
    Writer& cid(const Cid& cid) {
        append(out_, cid.bytes());
        return *this;
    }
    Writer& sized_cid(const Cid& value) {
        return u8(static_cast<std::uint8_t>(value.bytes().size())).cid(value);
    }
    Bytes take() { return std::move(out_); }

private:
    template <class T> Writer& le(T v) {
        out_.resize(out_.size() + sizeof v);
        store_le(out_.data() + out_.size() - sizeof v, v);
        return *this;
    }
    template <class T> Writer& be(T v) {
        out_.resize(out_.size() + sizeof v);
        store_be(out_.data() + out_.size() - sizeof v, v);
        return *this;
    }
    Bytes out_;
};

/// Reads past the end give zero and make good() false: one check at the end of a decoder.
class FieldReader {
public:
    explicit FieldReader(BytesView in) : in_(in) {}
    std::uint8_t u8() {
        const BytesView b = take(1);
        return b.empty() ? std::uint8_t{0} : b[0];
    }
    std::uint32_t u32() { return le<std::uint32_t>(); }
    std::uint64_t u64() { return le<std::uint64_t>(); }
    std::uint32_t be32() { return be<std::uint32_t>(); }
    std::uint64_t be64() { return be<std::uint64_t>(); }
    Cid cid(std::size_t size) {
        const BytesView b = take(size);
        auto parsed = Cid::from_bytes(b);
        good_ = good_ && parsed.has_value();
        return parsed ? *parsed : Cid();
    }
    Cid sized_cid() { return cid(u8()); }
    BytesView rest() { return take(in_.size()); }
    [[nodiscard]] std::size_t left() const { return in_.size(); }
    /// All read, nothing missing, nothing over.
    [[nodiscard]] bool done() const { return good_ && in_.empty(); }
    [[nodiscard]] bool good() const { return good_; }

private:
    BytesView take(std::size_t n) {
        if (in_.size() < n) {
            good_ = false;
            in_ = {};
            return {};
        }
        const BytesView head = in_.first(n);
        in_ = in_.subspan(n);
        return head;
    }
    template <class T> T le() {
        const BytesView b = take(sizeof(T));
        return b.empty() ? T{0} : load_le<T>(b.data());
    }
    template <class T> T be() {
        const BytesView b = take(sizeof(T));
        return b.empty() ? T{0} : load_be<T>(b.data());
    }
    BytesView in_;
    bool good_ = true;
};

bool aligned(const Extent& extent) {
    return extent.offset % kRecordAlign == 0;
}

bool plausible_leaves(std::uint64_t leaf_count) {
    return leaf_count > 0 && leaf_count <= kMaxTreeStoredBytes / sizeof(Digest) / 2;
}

} // namespace

Unexpected<Error> index_damaged(std::string_view table, std::string_view what) {
    return fail(Error(Errc::repo_damaged, fmt::format("index: table {}: {}", table, what))
                    .remedy(Remedy::rebuild_index));
}

Bytes encode(const BlockEntry& e) {
    const std::uint8_t flags = static_cast<std::uint8_t>(
        (e.present ? kPresent : 0) | (e.kept ? kKept : 0) |
        (e.encoding == Encoding::zstd ? kZstd : 0) | (e.damaged ? kDamaged : 0));
    return Writer()
        .u32(flags)
        .u32(e.plain_bytes)
        .u32(e.stored_bytes)
        .u32(e.extent.segment)
        .u64(e.extent.offset)
        .u64(e.references)
        .u64(e.expiry)
        .take();
}

Result<BlockEntry> decode_block(BytesView value) {
    FieldReader in(value);
    BlockEntry e;
    const std::uint32_t flags = in.u32();
    e.present = (flags & kPresent) != 0;
    e.kept = (flags & kKept) != 0;
    e.encoding = (flags & kZstd) != 0 ? Encoding::zstd : Encoding::raw;
    e.damaged = (flags & kDamaged) != 0;
    e.plain_bytes = in.u32();
    e.stored_bytes = in.u32();
    e.extent.segment = in.u32();
    e.extent.offset = in.u64();
    e.references = in.u64();
    e.expiry = in.u64();
    const bool sizes = e.plain_bytes <= codec::kMaxBlockSizeBytes &&
                       e.stored_bytes <= e.plain_bytes && (!e.present || e.stored_bytes > 0);
    if (!in.done() || flags > (kPresent | kKept | kZstd | kDamaged) || !sizes || !aligned(e.extent))
        return index_damaged("blocks", "a value makes no sense");
    return e;
}

Bytes encode(const TreeEntry& e) {
    return Writer()
        .u32(e.extent.segment)
        .u32(0)
        .u64(e.extent.offset)
        .u64(e.leaf_count)
        .u64(e.references)
        .take();
}

Result<TreeEntry> decode_tree_entry(BytesView value) {
    FieldReader in(value);
    TreeEntry e;
    e.extent.segment = in.u32();
    const std::uint32_t zero = in.u32();
    e.extent.offset = in.u64();
    e.leaf_count = in.u64();
    e.references = in.u64();
    if (!in.done() || zero != 0 || !aligned(e.extent) || !plausible_leaves(e.leaf_count))
        return index_damaged("trees", "a value makes no sense");
    return e;
}

Bytes encode(const DatasetEntry& e) {
    Bytes out = Writer().u64(e.added).u64(e.expiry).u8(e.kind).sized_cid(e.tree).take();
    append(out, e.manifest_bytes);
    return out;
}

Result<DatasetEntry> decode_dataset(BytesView value) {
    FieldReader in(value);
    DatasetEntry e;
    e.added = in.u64();
    e.expiry = in.u64();
    e.kind = in.u8();
    e.tree = in.sized_cid();
    const BytesView manifest = in.rest();
    if (!in.done() || e.kind > 2 || manifest.empty() || manifest.size() > codec::kMaxManifestBytes)
        return index_damaged("datasets", "a value makes no sense");
    e.manifest_bytes.assign(manifest.begin(), manifest.end());
    return e;
}

Bytes encode(const SegmentEntry& e) {
    return Writer()
        .u64(e.committed_end)
        .u64(e.live_bytes)
        .u64(e.synced_end)
        .u64(e.punched_bytes)
        .take();
}

Result<SegmentEntry> decode_segment(BytesView value) {
    FieldReader in(value);
    const SegmentEntry e{in.u64(), in.u64(), in.u64(), in.u64()};
    if (!in.done() || e.live_bytes > e.committed_end || e.synced_end > e.committed_end ||
        e.punched_bytes > e.committed_end || e.committed_end % kRecordAlign != 0)
        return index_damaged("segments", "a value makes no sense");
    return e;
}

Bytes encode(const Totals& t) {
    return Writer()
        .u64(t.blocks)
        .u64(t.used_bytes)
        .u64(t.reserved_bytes)
        .u64(t.datasets)
        .u64(t.tree_bytes)
        .take();
}

Result<Totals> decode_totals(BytesView value) {
    FieldReader in(value);
    const Totals t{in.u64(), in.u64(), in.u64(), in.u64(), in.u64()};
    if (!in.done())
        return index_damaged("meta", "the totals make no sense");
    return t;
}

Bytes encode_pins(std::span<const Cid> cids) {
    Bytes out;
    for (const Cid& cid : cids) {
        out.push_back(static_cast<std::uint8_t>(cid.bytes().size()));
        append(out, cid.bytes());
    }
    return out;
}

Result<std::vector<Cid>> decode_pins(BytesView value) {
    FieldReader in(value);
    std::vector<Cid> cids;
    while (in.left() > 0) {
        cids.push_back(in.sized_cid());
        if (!in.good())
            return index_damaged("pending", "a value makes no sense");
    }
    return cids;
}

Bytes slot_prefix(const Cid& tree) {
    return Writer().sized_cid(tree).take();
}

Bytes encode(const SlotKey& key) {
    return Writer()
        .sized_cid(key.tree)
        .be32(key.block_size_bytes)
        .be32(key.cell_size_bytes)
        .be32(key.slots)
        .u8(static_cast<std::uint8_t>(key.strategy))
        .be32(key.slot)
        .take();
}

Bytes segment_key(std::uint32_t segment) {
    return Writer().be32(segment).take();
}

Bytes extent_key(const Extent& extent) {
    return Writer().be32(extent.segment).be64(extent.offset).take();
}

Bytes dead_value(const DeadRange& range) {
    return Writer().u64(range.length).u8(range.punched ? 1 : 0).take();
}

Bytes doomed_value(const DoomedTree& doomed) {
    return Writer().u64(doomed.leaf_count).u64(doomed.done).sized_cid(doomed.tree).take();
}

Bytes encode(const ExpiryKey& key) {
    return Writer().be64(key.expiry).u8(static_cast<std::uint8_t>(key.kind)).cid(key.cid).take();
}

Bytes encode(const PendingKey& key) {
    return Writer().be64(key.writer).be32(key.sequence).take();
}

Result<std::uint32_t> decode_segment_key(BytesView key) {
    FieldReader in(key);
    const std::uint32_t segment = in.be32();
    if (!in.done())
        return index_damaged("segments", "a key makes no sense");
    return segment;
}

namespace {

/// A key as extent_key() makes it; whether it is one.
bool decode_extent_key(BytesView key, Extent& extent) {
    FieldReader in(key);
    extent.segment = in.be32();
    extent.offset = in.be64();
    return in.done() && aligned(extent);
}

} // namespace

Result<DeadRange> decode_dead(BytesView key, BytesView value) {
    FieldReader v(value);
    DeadRange range;
    const bool placed = decode_extent_key(key, range.extent);
    range.length = v.u64();
    const std::uint8_t punched = v.u8();
    range.punched = punched == 1;
    if (!placed || !v.done() || punched > 1 || range.length % kRecordAlign != 0 ||
        range.length == 0 || range.extent.offset + range.length < range.extent.offset)
        return index_damaged("dead", "a range makes no sense");
    return range;
}

Result<DoomedTree> decode_doomed(BytesView key, BytesView value) {
    FieldReader v(value);
    DoomedTree doomed;
    const bool placed = decode_extent_key(key, doomed.extent);
    doomed.leaf_count = v.u64();
    doomed.done = v.u64();
    doomed.tree = v.sized_cid();
    if (!placed || !v.done() || !plausible_leaves(doomed.leaf_count) ||
        doomed.done > doomed.leaf_count)
        return index_damaged("doomed", "an entry makes no sense");
    return doomed;
}

Result<ExpiryKey> decode_expiry_key(BytesView key) {
    FieldReader in(key);
    ExpiryKey out;
    out.expiry = in.be64();
    const std::uint8_t kind = in.u8();
    out.kind = static_cast<ExpiryKind>(kind);
    out.cid = in.cid(in.left());
    if (!in.done() || kind < 1 || kind > 2)
        return index_damaged("expiries", "a key makes no sense");
    return out;
}

Result<PendingKey> decode_pending_key(BytesView key) {
    FieldReader in(key);
    const PendingKey out{in.be64(), in.be32()};
    if (!in.done())
        return index_damaged("pending", "a key makes no sense");
    return out;
}

Result<Cid> decode_cid_key(Table table, BytesView key) {
    auto cid = Cid::from_bytes(key);
    if (!cid)
        return index_damaged(name_of(table), "a key is no CID");
    return *cid;
}

} // namespace codex::repo::detail
