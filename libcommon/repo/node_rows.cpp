#include "repo/node_rows.hpp"

#include "base/endian.hpp"
#include "base/error.hpp"
#include "repo/segments/crc32c.hpp"

#include <algorithm>

namespace codex::repo {

namespace {

constexpr std::size_t kSumBytes = 4;
constexpr std::size_t kIdBytes = 32;
constexpr std::size_t kMostSourceBytes = 16;
constexpr std::uint32_t kMostReliability = 1'000'000;

void append(Bytes& to, BytesView bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}
template <class Number> void append_number(Bytes& to, Number number) {
    to.resize(to.size() + sizeof number);
    store_le(to.data() + to.size() - sizeof number, number);
}

std::uint32_t sum_of(BytesView key, BytesView rest) {
    Bytes all(key.begin(), key.end());
    append(all, rest);
    return detail::crc32c(all);
}
Bytes summed(BytesView key, BytesView rest) {
    Bytes value;
    append_number(value, sum_of(key, rest));
    append(value, rest);
    return value;
}
/// What stands behind the checksum; nothing, where that is of other bytes.
std::optional<BytesView> behind_sum(BytesView key, BytesView value) {
    if (value.size() < kSumBytes)
        return std::nullopt;
    const BytesView rest = value.subspan(kSumBytes);
    return load_le<std::uint32_t>(value.data()) == sum_of(key, rest) ? std::optional(rest)
                                                                     : std::nullopt;
}

Bytes copy_of(BytesView bytes) {
    return {bytes.begin(), bytes.end()};
}
bool is_peer(BytesView peer) {
    return !peer.empty() && peer.size() <= kMostPeerBytes;
}
bool is_envelope(BytesView envelope) {
    return !envelope.empty() && envelope.size() <= kMostEnvelopeBytes;
}

} // namespace

Bytes provider_key(const ProviderRow& row) {
    Bytes key(row.content.begin(), row.content.end());
    append(key, row.peer);
    return key;
}

Bytes encode(const ProviderRow& row) {
    CODEX_ASSERT(is_peer(row.peer) && row.source.size() <= kMostSourceBytes);
    Bytes rest;
    append_number(rest, row.until);
    rest.push_back(row.first_hand ? 1 : 0);
    append(rest, row.source);
    return summed(provider_key(row), rest);
}

std::optional<ProviderRow> decode_provider_row(BytesView key, BytesView value) {
    constexpr std::size_t kHandAt = sizeof(std::uint64_t);
    const auto rest = behind_sum(key, value);
    if (!rest || key.size() <= kIdBytes || !is_peer(key.subspan(kIdBytes)) ||
        rest->size() <= kHandAt || rest->size() > kHandAt + 1 + kMostSourceBytes ||
        (*rest)[kHandAt] > 1)
        return std::nullopt;
    ProviderRow row;
    std::copy_n(key.begin(), kIdBytes, row.content.begin());
    row.peer = copy_of(key.subspan(kIdBytes));
    row.until = load_le<std::uint64_t>(rest->data());
    row.first_hand = (*rest)[kHandAt] == 1;
    row.source = copy_of(rest->subspan(kHandAt + 1));
    return row;
}

Bytes encode(const RecordRow& row) {
    CODEX_ASSERT(is_peer(row.peer) && is_envelope(row.envelope));
    Bytes rest;
    append_number(rest, row.sequence);
    append(rest, row.envelope);
    return summed(row.peer, rest);
}

std::optional<RecordRow> decode_record_row(BytesView key, BytesView value) {
    constexpr std::size_t kEnvelopeAt = sizeof(std::uint64_t);
    const auto rest = behind_sum(key, value);
    if (!rest || !is_peer(key) || rest->size() <= kEnvelopeAt ||
        !is_envelope(rest->subspan(kEnvelopeAt)))
        return std::nullopt;
    return RecordRow{copy_of(key), load_le<std::uint64_t>(rest->data()),
                     copy_of(rest->subspan(kEnvelopeAt))};
}

Bytes encode(const NodeRow& row) {
    CODEX_ASSERT(is_envelope(row.envelope) && row.reliability <= kMostReliability);
    Bytes rest;
    append_number(rest, row.last_seen);
    append_number(rest, row.reliability);
    append(rest, row.envelope);
    return summed(row.id, rest);
}

std::optional<NodeRow> decode_node_row(BytesView key, BytesView value) {
    constexpr std::size_t kReliabilityAt = sizeof(std::uint64_t);
    constexpr std::size_t kEnvelopeAt = kReliabilityAt + sizeof(std::uint32_t);
    const auto rest = behind_sum(key, value);
    if (!rest || key.size() != kIdBytes || rest->size() <= kEnvelopeAt ||
        !is_envelope(rest->subspan(kEnvelopeAt)))
        return std::nullopt;
    NodeRow row;
    std::copy_n(key.begin(), kIdBytes, row.id.begin());
    row.last_seen = load_le<std::uint64_t>(rest->data());
    row.reliability = load_le<std::uint32_t>(rest->data() + kReliabilityAt);
    row.envelope = copy_of(rest->subspan(kEnvelopeAt));
    return row.reliability <= kMostReliability ? std::optional(std::move(row)) : std::nullopt;
}

Bytes encode_number_row(BytesView key, std::uint64_t number) {
    Bytes rest;
    append_number(rest, number);
    return summed(key, rest);
}

std::optional<std::uint64_t> decode_number_row(BytesView key, BytesView value) {
    const auto rest = behind_sum(key, value);
    if (!rest || rest->size() != sizeof(std::uint64_t))
        return std::nullopt;
    return load_le<std::uint64_t>(rest->data());
}

} // namespace codex::repo
