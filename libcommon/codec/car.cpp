#include "codec/car.hpp"

#include "codec/uvarint.hpp"

#include <algorithm>

namespace codex::codec {
namespace {

/// The major types of CBOR (RFC 8949 section 3.1) that a header is made of.
enum class Major : std::uint8_t {
    unsigned_integer = 0,
    bytes = 2,
    text = 3,
    array = 4,
    map = 5,
    tag = 6
};

constexpr std::uint64_t kCidTag = 42;
constexpr std::string_view kRoots = "roots";
constexpr std::string_view kVersion = "version";

void append_head(Bytes& to, Major major, std::uint64_t value) {
    const auto type = static_cast<std::uint8_t>(static_cast<unsigned>(major) << 5);
    if (value < 24) {
        to.push_back(static_cast<std::uint8_t>(type | value));
        return;
    }
    const unsigned width_log = value < 0x100         ? 0
                               : value < 0x10000     ? 1
                               : value < 0x100000000 ? 2
                                                     : 3;
    to.push_back(static_cast<std::uint8_t>(type | (24 + width_log)));
    for (unsigned shift = 8u << width_log; shift != 0;) {
        shift -= 8;
        to.push_back(static_cast<std::uint8_t>(value >> shift));
    }
}

void append_text(Bytes& to, std::string_view text) {
    append_head(to, Major::text, text.size());
    append(to, as_bytes(text));
}

/// Takes DAG-CBOR items off the front: definite lengths and shortest integers only.
class CborReader {
public:
    explicit CborReader(BytesView bytes) : bytes_(bytes) {}

    [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }

    Result<std::uint64_t> head(Major wanted, std::string_view what) {
        const std::size_t start = at_;
        CODEX_TRY(first, take(1, what));
        if (first[0] >> 5 != static_cast<unsigned>(wanted))
            return fail(Errc::car_invalid, "byte {}: {} expected", start, what);
        const unsigned info = first[0] & 31u;
        if (info < 24)
            return info;
        if (info > 27)
            return fail(Errc::car_invalid, "byte {}: indefinite length of {}", start, what);
        const unsigned width_log = info - 24;
        CODEX_TRY(raw, take(std::size_t{1} << width_log, what));
        std::uint64_t value = 0;
        for (const std::uint8_t byte : raw)
            value = value << 8 | byte;
        const std::uint64_t least = width_log == 0 ? 24 : std::uint64_t{1} << (4u << width_log);
        if (value < least)
            return fail(Errc::car_invalid, "byte {}: {} is not in its shortest form", start, what);
        return value;
    }

    Result<BytesView> take(std::uint64_t size, std::string_view what) {
        if (size > left())
            return fail(Errc::car_invalid, "byte {}: {} is cut", at_, what);
        const BytesView taken = bytes_.subspan(at_, static_cast<std::size_t>(size));
        at_ += taken.size();
        return taken;
    }

    [[nodiscard]] std::size_t at() const { return at_; }

private:
    BytesView bytes_;
    std::size_t at_ = 0;
};

Result<Cid> read_cid(CborReader& in) {
    CODEX_TRY(tag, in.head(Major::tag, "a CID tag"));
    if (tag != kCidTag)
        return fail(Errc::car_invalid, "byte {}: tag {} is not that of a CID", in.at(), tag);
    CODEX_TRY(size, in.head(Major::bytes, "a CID"));
    const std::size_t start = in.at();
    CODEX_TRY(raw, in.take(size, "a CID"));
    if (raw.empty() || raw[0] != 0)
        return fail(Errc::car_invalid, "byte {}: a CID begins with 00 here", start);
    auto cid = Cid::from_bytes(raw.subspan(1));
    if (!cid)
        return fail(Errc::car_invalid, "root at byte {}: {}", start + 1, cid.error().text());
    return cid;
}

Result<std::vector<Cid>> read_roots(CborReader& in) {
    CODEX_TRY(count, in.head(Major::array, "the list of roots"));
    if (count > kMaxCarRoots)
        return fail(Errc::car_invalid, "{} roots, at most {} are accepted", count, kMaxCarRoots);
    std::vector<Cid> roots;
    for (std::uint64_t i = 0; i < count; ++i) {
        CODEX_TRY(cid, read_cid(in));
        roots.push_back(cid);
    }
    return roots;
}

Result<void> read_version(CborReader& in) {
    CODEX_TRY(version, in.head(Major::unsigned_integer, "the version"));
    if (version == 1)
        return {};
    return fail(Error(version == 2 ? Errc::unsupported : Errc::car_invalid,
                      fmt::format("CAR version {}, only version 1 is read", version))
                    .hint("export the archive as CAR v1"));
}

} // namespace

Bytes encode_car_header(std::span<const Cid> roots) {
    CODEX_ASSERT(roots.size() <= kMaxCarRoots);
    Bytes body;
    append_head(body, Major::map, 2);
    append_text(body, kRoots);
    append_head(body, Major::array, roots.size());
    for (const Cid& root : roots) {
        CODEX_ASSERT(!root.is_null());
        append_head(body, Major::tag, kCidTag);
        append_head(body, Major::bytes, root.bytes().size() + 1);
        body.push_back(0);
        append(body, root.bytes());
    }
    append_text(body, kVersion);
    append_head(body, Major::unsigned_integer, 1);

    Bytes frame;
    frame.reserve(body.size() + kMaxUvarintBytes);
    append_uvarint(frame, body.size());
    append(frame, body);
    return frame;
}

Result<std::vector<Cid>> decode_car_header(BytesView body) {
    if (body.size() > kMaxCarHeaderBytes)
        return fail(Errc::car_invalid, "header of {} bytes, at most {} are accepted", body.size(),
                    kMaxCarHeaderBytes);
    CborReader in(body);
    CODEX_TRY(entries, in.head(Major::map, "a CAR header"));
    std::optional<std::vector<Cid>> roots;
    bool has_version = false;
    for (std::uint64_t i = 0; i < entries; ++i) {
        const std::size_t start = in.at();
        CODEX_TRY(size, in.head(Major::text, "a header key"));
        CODEX_TRY(raw, in.take(size, "a header key"));
        if (as_text(raw) == kRoots && !roots) {
            CODEX_SET(roots, read_roots(in));
        } else if (as_text(raw) == kVersion && !has_version) {
            CODEX_CHECK(read_version(in));
            has_version = true;
        } else {
            return fail(Errc::car_invalid, "byte {}: unexpected key in the header", start);
        }
    }
    if (!roots || !has_version)
        return fail(Errc::car_invalid, "the header lacks {}", roots ? kVersion : kRoots);
    if (in.left() != 0)
        return fail(Errc::car_invalid, "{} bytes follow the header's map", in.left());
    return std::move(*roots);
}

bool may_begin_car_header(BytesView bytes) {
    // A map of one or two entries (version 2 has one), and the first key's head and text.
    constexpr std::string_view kBegins[] = {"\xa1\x65roots", "\xa1\x67version", "\xa2\x65roots",
                                            "\xa2\x67version"};
    return std::ranges::any_of(kBegins, [&](std::string_view begin) {
        const std::size_t known = std::min(begin.size(), bytes.size());
        return as_text(bytes.first(known)) == begin.substr(0, known);
    });
}

Bytes encode_car_section_prefix(const Cid& cid, std::uint64_t data_size) {
    CODEX_ASSERT(!cid.is_null() && data_size <= kMaxBlockSizeBytes);
    Bytes prefix;
    append_uvarint(prefix, cid.bytes().size() + data_size);
    append(prefix, cid.bytes());
    return prefix;
}

Result<std::pair<Cid, std::size_t>> split_section(BytesView section) {
    auto found = Cid::from_prefix(section);
    if (!found)
        return fail(Errc::car_invalid, "section: {}", found.error().text());
    return found;
}

} // namespace codex::codec
