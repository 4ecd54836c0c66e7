#include "ledger/record.hpp"

#include "base/endian.hpp"
#include "crypto/hash/keccak256.hpp"

#include <algorithm>

namespace codex::ledger {

namespace {

using ethereum::Address;
using ethereum::Signature;

constexpr std::size_t kLengthBytes = 4;
/// Of a body without calldata.
constexpr std::size_t kHeadBytes = 1 + 8 + 8 + 2 * Address::kBytes;
/// Behind the body.
constexpr std::size_t kEndBytes = 32 + Signature::kBytes;
static_assert(kLengthBytes + kHeadBytes + kEndBytes == Record::kLeastBytes);

void put(Bytes& to, std::uint64_t number) {
    std::array<std::uint8_t, 8> bytes{};
    store_be(bytes.data(), number);
    append(to, bytes);
}

void put_body(Bytes& to, const Record& record) {
    to.push_back(static_cast<std::uint8_t>(record.kind));
    put(to, record.sequence);
    put(to, record.block);
    append(to, record.from.bytes);
    append(to, record.to.bytes);
    append(to, record.calldata);
}

/// A clock record has neither who nor what.
bool has_nothing_of_a_call(const Record& record) {
    return record.from.is_zero() && record.to.is_zero() && record.calldata.empty();
}

} // namespace

Digest Record::hash() const {
    Bytes hashed;
    hashed.reserve(previous.size() + kHeadBytes + calldata.size());
    append(hashed, previous);
    put_body(hashed, *this);
    return crypto::keccak256(hashed);
}

Bytes Record::encoded() const {
    CODEX_ASSERT(calldata.size() <= kMostCalldata);
    Bytes bytes(kLengthBytes);
    bytes.reserve(kLeastBytes + calldata.size());
    put_body(bytes, *this);
    append(bytes, previous);
    append(bytes, signature);
    store_be(bytes.data(), static_cast<std::uint32_t>(bytes.size() - kLengthBytes));
    return bytes;
}

Result<void> Record::check_signature(const Digest& hash) const {
    if (kind == RecordKind::clock) {
        if (signature != clock_signature(hash))
            return fail(Errc::signature_invalid, "its hash is not what stands in it");
        return {};
    }
    CODEX_TRY(signer, ethereum::recover(hash, Signature::from_bytes(signature)));
    if (signer != from)
        return fail(Errc::signature_invalid, "{} has signed it, not {}", signer.text(),
                    from.text());
    return {};
}

std::array<std::uint8_t, Signature::kBytes> Record::clock_signature(const Digest& hash) {
    std::array<std::uint8_t, Signature::kBytes> made{};
    std::ranges::copy(hash, made.begin());
    return made;
}

Result<std::optional<std::size_t>> record_bytes(BytesView bytes) {
    if (bytes.size() < kLengthBytes)
        return std::nullopt;
    const std::size_t size = kLengthBytes + load_be<std::uint32_t>(bytes.data());
    if (size < Record::kLeastBytes || size > Record::kMostBytes)
        return fail(Errc::record_invalid, "a record of {} bytes, where they have {} to {}", size,
                    Record::kLeastBytes, Record::kMostBytes);
    return size;
}

Result<Record> decode_record(BytesView bytes) {
    CODEX_TRY(size, record_bytes(bytes));
    if (!size || *size != bytes.size())
        return fail(Errc::record_invalid, "a record that is not as long as it says");
    Record record;
    BytesView left = bytes.subspan(kLengthBytes);
    const auto take = [&](std::size_t count) {
        const BytesView taken = left.first(count);
        left = left.subspan(count);
        return taken;
    };
    const std::uint8_t kind = take(1)[0];
    if (kind > static_cast<std::uint8_t>(RecordKind::clock))
        return fail(Errc::record_invalid, "a record of the unknown kind {}", kind);
    record.kind = static_cast<RecordKind>(kind);
    record.sequence = load_be<std::uint64_t>(take(8).data());
    record.block = load_be<std::uint64_t>(take(8).data());
    record.from = Address::from_bytes(take(Address::kBytes));
    record.to = Address::from_bytes(take(Address::kBytes));
    const BytesView calldata = take(left.size() - kEndBytes);
    record.calldata.assign(calldata.begin(), calldata.end());
    std::ranges::copy(take(record.previous.size()), record.previous.begin());
    std::ranges::copy(left, record.signature.begin());
    if (record.kind == RecordKind::clock && !has_nothing_of_a_call(record))
        return fail(Errc::record_invalid, "a record about the clock that has more than a time");
    return record;
}

} // namespace codex::ledger
