#include "codec/multihash.hpp"

#include "codec/uvarint.hpp"

namespace codex::codec {

bool is_digest_size(HashCodec hash, std::size_t size) {
    switch (hash) {
    case HashCodec::identity:
        return size <= kMaxDigestBytes;
    case HashCodec::sha2_256:
    case HashCodec::poseidon2_sponge_r2:
    case HashCodec::poseidon2_merkle_2kb:
        return size == 32;
    case HashCodec::sha2_512:
        return size == 64;
    case HashCodec::poseidon2_keyed_compress:
        break;
    }
    return false;
}

namespace {

bool is_usable(HashCodec hash) {
    return is_digest_size(hash, 32) || is_digest_size(hash, 64);
}

Result<Uvarint> read_field(BytesView bytes, std::size_t offset, std::string_view what) {
    auto field = read_uvarint(bytes);
    if (!field)
        return fail(std::move(field.error()).context(fmt::format("{} at byte {}", what, offset)));
    return field;
}

} // namespace

Result<Multihash> read_multihash(BytesView bytes, std::size_t offset) {
    CODEX_TRY(code, read_field(bytes, offset, "hash function"));
    const auto hash = static_cast<HashCodec>(code.value);
    if (!is_usable(hash)) {
        const auto name = name_of(hash);
        return fail(Errc::multihash_invalid, "hash function 0x{:x}{}{} at byte {} is not supported",
                    code.value, name ? " " : "", name.value_or(""), offset);
    }
    CODEX_TRY(length, read_field(bytes.subspan(code.size), offset + code.size, "digest length"));
    if (length.value > kMaxDigestBytes ||
        !is_digest_size(hash, static_cast<std::size_t>(length.value)))
        return fail(Errc::multihash_invalid, "digest length {} at byte {} is wrong for {}",
                    length.value, offset + code.size, *name_of(hash));
    const std::size_t start = code.size + length.size;
    const auto size = static_cast<std::size_t>(length.value);
    if (bytes.size() - start < size)
        return fail(Errc::truncated, "digest at byte {} is cut: {} of {} bytes", offset + start,
                    bytes.size() - start, size);
    return Multihash{hash, bytes.subspan(start, size), start + size};
}

void append_multihash(Bytes& to, HashCodec hash, BytesView digest) {
    CODEX_ASSERT(is_digest_size(hash, digest.size()));
    append_uvarint(to, static_cast<std::uint64_t>(hash));
    append_uvarint(to, digest.size());
    append(to, digest);
}

} // namespace codex::codec
