#include "codec/cid.hpp"

#include "codec/base58.hpp"
#include "codec/detail/text.hpp"
#include "codec/multibase.hpp"
#include "codec/multihash.hpp"
#include "codec/uvarint.hpp"

namespace codex::codec {
namespace {

/// Longest text looked at: kMaxBytes in base16, and some.
constexpr std::size_t kMaxTextChars = 256;
constexpr std::size_t kCidV0Chars = 46;

// SHA-256 and SHA-512 of the empty string (FIPS 180-4): this floor has no hash function.
constexpr Digest kEmptySha256 = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
                                 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
                                 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
constexpr std::array<std::uint8_t, 64> kEmptySha512 = {
    0xcf, 0x83, 0xe1, 0x35, 0x7e, 0xef, 0xb8, 0xbd, 0xf1, 0x54, 0x28, 0x50, 0xd6, 0x6d, 0x80, 0x07,
    0xd6, 0x20, 0xe4, 0x05, 0x0b, 0x57, 0x15, 0xdc, 0x83, 0xf4, 0xa9, 0x21, 0xd3, 0x6c, 0xe9, 0xce,
    0x47, 0xd0, 0xd1, 0x3c, 0x5d, 0x85, 0xf2, 0xb0, 0xff, 0x83, 0x18, 0xd2, 0x87, 0x7e, 0xec, 0x2f,
    0x63, 0xb9, 0x31, 0xbd, 0x47, 0x41, 0x7a, 0x81, 0xa5, 0x38, 0x32, 0x7a, 0xf9, 0x27, 0xda, 0x3e};

struct Header {
    unsigned version = 1;
    Multicodec codec = Multicodec::dag_pb;
    std::size_t size = 0; ///< bytes before the multihash
};

Result<Header> read_header(BytesView bytes) {
    if (bytes.size() >= 2 && bytes[0] == 0x12 && bytes[1] == 0x20)
        return Header{0, Multicodec::dag_pb, 0};
    CODEX_TRY(version, read_uvarint(bytes));
    if (version.value != 1)
        return fail(Errc::cid_invalid, "version {} at byte 0 is neither CIDv0 nor CIDv1",
                    version.value);
    auto codec = read_uvarint(bytes.subspan(version.size));
    if (!codec)
        return fail(std::move(codec.error()).context("content codec at byte 1"));
    const auto number = static_cast<Multicodec>(codec->value);
    if (number == Multicodec::identity || !name_of(number))
        return fail(Errc::cid_invalid, "0x{:x} at byte 1 is no content codec", codec->value);
    return Header{1, number, version.size + codec->size};
}

/// The same failure under the code that belongs to CIDs.
Error as_cid_error(const Error& error) {
    return {Errc::cid_invalid, error.text()};
}

/// So long, and of such letters, that somebody may have meant it as one.
bool looks_like_cid(std::string_view text) {
    constexpr std::size_t kFewestChars = 16;
    return text.size() >= kFewestChars || multibase_decode(text) || text.starts_with("zD");
}

std::string hint_for_text(std::string_view text) {
    if (text.find_first_of(" \t\r\n") != std::string_view::npos)
        return "remove the white space";
    if (text.find('/') != std::string_view::npos)
        return "give the CID alone, without a path or scheme around it";
    if (text.front() == 'z' && text.find_first_of("0OIl") != std::string_view::npos)
        return "the digit 0 and the letters O, I and l never occur in such a CID; compare with the "
               "original";
    if (text.front() == 'z' || text.starts_with("Qm") || text.starts_with("bafy"))
        return "it looks like a CID that was cut or mistyped; copy the whole of it, or its first "
               "12 characters";
    return "a CID is the text that begins with z, as printed by put";
}

} // namespace

Cid Cid::make(Multicodec codec, HashCodec hash, BytesView digest) {
    CODEX_ASSERT(digest.size() <= kMaxDigestBytes);
    Cid cid;
    std::uint8_t* const start = cid.bytes_.data();
    std::uint8_t* to = start;
    *to++ = 1;
    to += write_uvarint(to, static_cast<std::uint64_t>(codec));
    cid.multihash_at_ = static_cast<std::uint8_t>(to - start);
    to += write_uvarint(to, static_cast<std::uint64_t>(hash));
    to += write_uvarint(to, digest.size());
    cid.digest_at_ = static_cast<std::uint8_t>(to - start);
    std::copy(digest.begin(), digest.end(), to);
    cid.size_ = static_cast<std::uint8_t>(cid.digest_at_ + digest.size());
    cid.codec_ = codec;
    cid.hash_ = hash;
    return cid;
}

Cid Cid::block(const Digest& digest) {
    return sha256(Multicodec::codex_block, digest);
}

Cid Cid::sha256(Multicodec codec, const Digest& digest) {
    return make(codec, HashCodec::sha2_256, digest);
}

const Cid& Cid::empty_block() {
    static const Cid cid = block(kEmptySha256);
    return cid;
}

Result<std::pair<Cid, std::size_t>> Cid::from_prefix(BytesView bytes) {
    if (bytes.empty())
        return fail(Errc::cid_invalid, "no bytes where a CID should be");
    const auto header = read_header(bytes);
    if (!header)
        return fail(as_cid_error(header.error()));
    const auto multihash = read_multihash(bytes.subspan(header->size), header->size);
    if (!multihash)
        return fail(as_cid_error(multihash.error()));

    const std::size_t size = header->size + multihash->size;
    Cid cid;
    CODEX_ASSERT(size <= kMaxBytes);
    std::copy_n(bytes.begin(), size, cid.bytes_.begin());
    cid.size_ = static_cast<std::uint8_t>(size);
    cid.multihash_at_ = static_cast<std::uint8_t>(header->size);
    cid.digest_at_ = static_cast<std::uint8_t>(size - multihash->digest.size());
    cid.version_ = static_cast<std::uint8_t>(header->version);
    cid.codec_ = header->codec;
    cid.hash_ = multihash->hash;
    return std::pair{cid, size};
}

Result<Cid> Cid::from_bytes(BytesView bytes) {
    CODEX_TRY(parsed, from_prefix(bytes));
    if (parsed.second != bytes.size())
        return fail(Errc::cid_invalid, "{} bytes follow the CID that ends at byte {}",
                    bytes.size() - parsed.second, parsed.second);
    return parsed.first;
}

Result<Cid> Cid::from_text(std::string_view text) {
    if (text.empty())
        return fail(Error(Errc::cid_invalid, "empty CID")
                        .hint("a CID is the text that begins with z, as printed by put"));
    if (text.size() > kMaxTextChars)
        return fail(Errc::cid_invalid, "\"{}\" is not a CID: it has {} characters",
                    detail::printable(text), text.size());
    const bool bare_v0 = text.size() == kCidV0Chars && text.starts_with("Qm");
    const auto bytes = bare_v0 ? base58_decode(text) : multibase_decode(text);
    auto cid = bytes ? from_bytes(*bytes) : Result<Cid>(fail(as_cid_error(bytes.error())));
    if (cid)
        return cid;
    std::string what = fmt::format("\"{}\" is not a CID", detail::printable(text));
    // Of a word, what is wrong with its base says nothing; nor do the bytes of what lacks a digit
    // in base 58, or has a wrong one, which changes all of them: then it has no version that there
    // is.
    const bool garbled = text.starts_with('z') && bytes && !bytes->empty() && bytes->front() > 1;
    if (!garbled && looks_like_cid(text))
        what += ": " + cid.error().text();
    return fail(Error(Errc::cid_invalid, std::move(what)).hint(hint_for_text(text)));
}

Digest Cid::digest32() const {
    CODEX_ASSERT(digest().size() == sizeof(Digest));
    Digest copy;
    std::copy_n(digest().begin(), copy.size(), copy.begin());
    return copy;
}

std::string Cid::text() const {
    if (version_ == 0)
        return base58_encode(bytes());
    std::string text = base58_encode(bytes());
    text.insert(text.begin(), 'z');
    return text;
}

std::optional<Cid> Cid::other_version() const {
    if (version_ == 0)
        return make(codec_, hash_, digest());
    if (codec_ != Multicodec::dag_pb || hash_ != HashCodec::sha2_256 ||
        digest().size() != sizeof(Digest))
        return std::nullopt;
    auto v0 = from_bytes(bytes().subspan(multihash_at_));
    return v0 ? std::optional(*v0) : std::nullopt;
}

bool Cid::is_empty_block() const {
    if (version_ != 1 || codec_ != Multicodec::codex_block)
        return false;
    return (hash_ == HashCodec::sha2_256 && equal(digest(), kEmptySha256)) ||
           (hash_ == HashCodec::sha2_512 && equal(digest(), kEmptySha512));
}

bool operator==(const Cid& a, const Cid& b) {
    return a.codec_ == b.codec_ &&
           equal(a.bytes().subspan(a.multihash_at_), b.bytes().subspan(b.multihash_at_));
}

std::strong_ordering operator<=>(const Cid& a, const Cid& b) {
    if (const auto order = a.codec_ <=> b.codec_; order != 0)
        return order;
    const BytesView x = a.bytes().subspan(a.multihash_at_);
    const BytesView y = b.bytes().subspan(b.multihash_at_);
    return std::lexicographical_compare_three_way(x.begin(), x.end(), y.begin(), y.end());
}

} // namespace codex::codec

std::size_t std::hash<codex::codec::Cid>::operator()(const codex::codec::Cid& cid) const noexcept {
    std::size_t value = 0;
    const codex::BytesView digest = cid.digest();
    std::memcpy(&value, digest.data(), std::min(sizeof value, digest.size()));
    return value;
}
