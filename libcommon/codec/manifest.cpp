// The wire form of manifests; field numbers from codex-manifest(5), FIELDS and THE LAYOUT OF 2026.
#include "codec/manifest.hpp"

#include "base/checked.hpp"
#include "codec/protobuf.hpp"

#include <limits>

namespace codex::codec {

std::uint64_t Manifest::blocks_count() const {
    return div_up(dataset_size_bytes, block_size_bytes);
}

std::uint64_t Manifest::content_size_bytes() const {
    return erasure ? erasure->original_size_bytes : dataset_size_bytes;
}

std::uint64_t Manifest::original_blocks_count() const {
    return div_up(content_size_bytes(), block_size_bytes);
}

std::uint64_t Manifest::steps() const {
    return div_up(original_blocks_count(), erasure->k);
}

Manifest Manifest::plain() const {
    Manifest original = *this;
    if (erasure) {
        original.tree = erasure->original_tree;
        original.dataset_size_bytes = erasure->original_size_bytes;
        original.erasure.reset();
    }
    return original;
}

namespace {

using protobuf::Field;
using protobuf::Reader;
using protobuf::Writer;

constexpr std::uint32_t kHeader = 1; // of the outer message
constexpr std::uint64_t kVersion2026 = 0;

/// The field numbers that differ between the layouts are counted from treeCid's; 0 is no field.
struct HeaderNumbers {
    std::uint32_t tree, block_size, dataset_size, codec, hash, version, erasure, filename, mimetype;
};
constexpr HeaderNumbers kClassic = {1, 2, 3, 4, 5, 6, 7, 8, 9};
constexpr HeaderNumbers k2026 = {2, 3, 4, 5, 6, 7, 0, 8, 9};

const HeaderNumbers& numbers_of(ManifestLayout layout) {
    return layout == ManifestLayout::classic ? kClassic : k2026;
}

Writer write_verification(const VerificationInfo& verification) {
    Writer out;
    out.bytes(1, verification.verify_root.bytes());
    for (const Cid& root : verification.slot_roots)
        out.bytes(2, root.bytes());
    out.varint(3, verification.cell_size_bytes);
    out.varint(4, static_cast<std::uint64_t>(verification.strategy));
    return out;
}

Writer write_erasure(const ErasureInfo& erasure) {
    Writer out;
    out.varint(1, erasure.k);
    out.varint(2, erasure.m);
    out.bytes(3, erasure.original_tree.bytes());
    out.varint(4, erasure.original_size_bytes);
    out.varint(5, static_cast<std::uint64_t>(erasure.strategy));
    if (erasure.verification)
        out.message(6, write_verification(*erasure.verification));
    return out;
}

Writer write_header(const Manifest& manifest) {
    const HeaderNumbers& n = numbers_of(manifest.layout);
    Writer out;
    if (manifest.layout == ManifestLayout::v0_2026)
        out.varint(1, kVersion2026);
    out.bytes(n.tree, manifest.tree.bytes());
    out.varint(n.block_size, manifest.block_size_bytes);
    out.varint(n.dataset_size, manifest.dataset_size_bytes);
    out.varint(n.codec, static_cast<std::uint64_t>(manifest.codec));
    out.varint(n.hash, static_cast<std::uint64_t>(manifest.hash));
    out.varint(n.version, manifest.cid_version);
    if (manifest.erasure)
        out.message(n.erasure, write_erasure(*manifest.erasure));
    if (manifest.filename)
        out.text(n.filename, *manifest.filename);
    if (manifest.mimetype)
        out.text(n.mimetype, *manifest.mimetype);
    return out;
}

Result<std::uint32_t> to_u32(std::uint64_t value, std::string_view what) {
    if (value > std::numeric_limits<std::uint32_t>::max())
        return fail(Errc::manifest_invalid, "{} {} is over 32 bits", what, value);
    return static_cast<std::uint32_t>(value);
}

/// The ordinal as it is on the wire; out-of-range ones are told here, since an enum cannot hold
/// them all.
Result<Strategy> to_strategy(std::uint64_t value, std::string_view what) {
    if (value > static_cast<std::uint64_t>(Strategy::stepped))
        return fail(Errc::manifest_invalid, "{} {} is neither 0 (linear) nor 1 (stepped)", what,
                    value);
    return static_cast<Strategy>(value);
}

/// Empty bytes, like an absent field, are the null CID, which validate() then reports as missing.
Result<Cid> to_cid(BytesView bytes, std::string_view what) {
    if (bytes.empty())
        return Cid();
    auto cid = Cid::from_bytes(bytes);
    if (!cid)
        return fail(Errc::manifest_invalid, "{}: {}", what, cid.error().text());
    return cid;
}

Error in_part(Error error, std::string_view part) {
    return std::move(error).context(part);
}

Result<VerificationInfo> read_verification(BytesView message) {
    VerificationInfo verification;
    BytesView verify_root;
    std::uint64_t cell_size = 0;
    std::uint64_t strategy = 0;
    Reader reader(message);
    for (;;) {
        CODEX_TRY(field, reader.next());
        if (!field)
            break;
        if (field->is_bytes(1)) {
            verify_root = field->bytes;
        } else if (field->is_bytes(2)) {
            CODEX_TRY(root, to_cid(field->bytes,
                                   fmt::format("slot root {}", verification.slot_roots.size())));
            verification.slot_roots.push_back(root);
        } else if (field->is_varint(3)) {
            cell_size = field->value;
        } else if (field->is_varint(4)) {
            strategy = field->value;
        }
    }
    CODEX_SET(verification.verify_root, to_cid(verify_root, "verify root"));
    CODEX_SET(verification.cell_size_bytes, to_u32(cell_size, "cell size"));
    CODEX_SET(verification.strategy, to_strategy(strategy, "verifiable strategy"));
    return verification;
}

Result<ErasureInfo> read_erasure(BytesView message) {
    std::uint64_t k = 0;
    std::uint64_t m = 0;
    std::uint64_t strategy = 0;
    BytesView original_tree;
    std::optional<BytesView> verification;
    ErasureInfo erasure;
    Reader reader(message);
    for (;;) {
        CODEX_TRY(field, reader.next());
        if (!field)
            break;
        if (field->is_varint(1))
            k = field->value;
        else if (field->is_varint(2))
            m = field->value;
        else if (field->is_bytes(3))
            original_tree = field->bytes;
        else if (field->is_varint(4))
            erasure.original_size_bytes = field->value;
        else if (field->is_varint(5))
            strategy = field->value;
        else if (field->is_bytes(6))
            verification = field->bytes;
    }
    CODEX_SET(erasure.k, to_u32(k, "k"));
    CODEX_SET(erasure.m, to_u32(m, "m"));
    CODEX_SET(erasure.original_tree, to_cid(original_tree, "original tree CID"));
    CODEX_SET(erasure.strategy, to_strategy(strategy, "protected strategy"));
    if (verification) {
        auto info = read_verification(*verification);
        if (!info)
            return fail(in_part(std::move(info.error()), "verification info"));
        erasure.verification = std::move(*info);
    }
    return erasure;
}

/// Field 1 is the tree's bytes in the classic layout and the version number in that of 2026; its
/// first appearance decides.
Result<ManifestLayout> layout_of(BytesView header) {
    Reader reader(header);
    for (;;) {
        CODEX_TRY(field, reader.next());
        if (!field || field->is_bytes(1))
            return ManifestLayout::classic;
        if (field->is_varint(1))
            return ManifestLayout::v0_2026;
    }
}

/// A header's fields before their ranges are known.
struct RawHeader {
    BytesView tree;
    std::uint64_t block_size = 0;
    std::uint64_t dataset_size = 0;
    std::uint64_t codec = 0;
    std::uint64_t hash = 0;
    std::uint64_t cid_version = 0;
    std::uint64_t layout_version = 0;
    std::optional<BytesView> erasure;
    std::string_view filename;
    std::string_view mimetype;
};

void take_field(RawHeader& raw, const HeaderNumbers& n, const Field& field) {
    if (field.is_bytes(n.tree))
        raw.tree = field.bytes;
    else if (field.is_varint(n.block_size))
        raw.block_size = field.value;
    else if (field.is_varint(n.dataset_size))
        raw.dataset_size = field.value;
    else if (field.is_varint(n.codec))
        raw.codec = field.value;
    else if (field.is_varint(n.hash))
        raw.hash = field.value;
    else if (field.is_varint(n.version))
        raw.cid_version = field.value;
    else if (field.is_bytes(n.erasure))
        raw.erasure = field.bytes;
    else if (field.is_bytes(n.filename))
        raw.filename = as_text(field.bytes);
    else if (field.is_bytes(n.mimetype))
        raw.mimetype = as_text(field.bytes);
    else if (&n == &k2026 && field.is_varint(1))
        raw.layout_version = field.value;
}

Result<Manifest> to_manifest(const RawHeader& raw, ManifestLayout layout) {
    if (raw.layout_version != kVersion2026)
        return fail(Error(Errc::manifest_invalid,
                          fmt::format("manifest version {} is not known", raw.layout_version))
                        .hint("a newer release of these tools may read it"));
    Manifest manifest;
    manifest.layout = layout;
    CODEX_SET(manifest.tree, to_cid(raw.tree, "tree CID"));
    CODEX_SET(manifest.block_size_bytes, to_u32(raw.block_size, "block size"));
    manifest.dataset_size_bytes = raw.dataset_size;
    manifest.codec = static_cast<Multicodec>(raw.codec);
    manifest.hash = static_cast<HashCodec>(raw.hash);
    CODEX_SET(manifest.cid_version, to_u32(raw.cid_version, "CID version number"));
    if (raw.erasure) {
        auto erasure = read_erasure(*raw.erasure);
        if (!erasure)
            return fail(in_part(std::move(erasure.error()), "erasure info"));
        manifest.erasure = std::move(*erasure);
    }
    if (!raw.filename.empty())
        manifest.filename = raw.filename;
    if (!raw.mimetype.empty())
        manifest.mimetype = raw.mimetype;
    return manifest;
}

Result<BytesView> find_header(BytesView message) {
    std::optional<BytesView> header;
    Reader reader(message);
    for (;;) {
        CODEX_TRY(field, reader.next());
        if (!field)
            break;
        if (field->is_bytes(kHeader))
            header = field->bytes;
    }
    if (!header)
        return fail(Errc::manifest_invalid, "no header in the manifest");
    return *header;
}

} // namespace

Result<Bytes> encode_manifest(const Manifest& manifest) {
    if (manifest.layout == ManifestLayout::v0_2026 && manifest.is_protected())
        return fail(Error(Errc::unsupported, "the 2026 manifest layout holds plain datasets only")
                        .hint("use the classic layout for protected datasets"));
    CODEX_CHECK(validate(manifest));
    Writer out;
    out.message(kHeader, write_header(manifest));
    if (out.view().size() > kMaxManifestBytes)
        return fail(Errc::manifest_invalid, "manifest of {} bytes is over the limit of {}",
                    out.view().size(), kMaxManifestBytes);
    return out.take();
}

Result<Manifest> decode_manifest(BytesView bytes) {
    if (bytes.size() > kMaxManifestBytes)
        return fail(Errc::manifest_invalid, "manifest of {} bytes is over the limit of {}",
                    bytes.size(), kMaxManifestBytes);
    CODEX_TRY(header, find_header(bytes));
    CODEX_TRY(layout, layout_of(header));
    RawHeader raw;
    Reader reader(header);
    for (;;) {
        CODEX_TRY(field, reader.next());
        if (!field)
            break;
        take_field(raw, numbers_of(layout), *field);
    }
    CODEX_TRY(manifest, to_manifest(raw, layout));
    CODEX_CHECK(validate(manifest));
    return manifest;
}

Result<Cid> manifest_cid(std::string_view text) {
    CODEX_TRY(cid, Cid::from_text(text));
    if (cid.codec() == Multicodec::codex_manifest)
        return cid;
    Error error(Errc::cid_wrong_codec, fmt::format("the CID of a {}, not of a manifest",
                                                   name_of(cid.codec()).value_or("foreign thing")));
    if (cid.codec() == Multicodec::codex_block)
        return fail(std::move(error).remedy(
            Remedy(Remedy::get_block, "that is a single block; get it").of(cid.text())));
    return fail(std::move(error).remedy(
        {Remedy::list_datasets, "a dataset is named by its manifest's CID, zDv...; list them"}));
}

} // namespace codex::codec
