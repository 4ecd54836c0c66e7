#include "net/exchange/detail/parse.hpp"

#include "codec/last_fields.hpp"

namespace codex::net::exchange::detail {
namespace {

using Fields = codec::protobuf::LastFields<5>;

constexpr std::uint64_t kMaxPriority = INT32_MAX;

/// A number of the message, which is at most `most`: one beyond crashes other nodes.
Result<std::uint64_t> number_in(const Fields& fields, std::uint32_t field, std::uint64_t most,
                                std::string_view what) {
    const std::uint64_t number = fields.numbers[field].value_or(0);
    if (number > most)
        return fail(Errc::exchange_invalid, "{} is {}, more than {}", what, number, most);
    return number;
}

Result<bool> flag_in(const Fields& fields, std::uint32_t field, std::string_view what) {
    CODEX_TRY(value, number_in(fields, field, 1, what));
    return value == 1;
}

Result<Cid> cid_in(const Fields& fields, std::uint32_t field, std::string_view what) {
    if (!fields.bytes[field])
        return fail(Errc::exchange_invalid, "{} is missing", what);
    auto cid = Cid::from_bytes(*fields.bytes[field]);
    if (!cid)
        return fail(Errc::exchange_invalid, "{}: {}", what, cid.error().text());
    return cid;
}

Result<BlockAddress> address_in(const Fields& fields, std::uint32_t field) {
    if (!fields.bytes[field])
        return fail(Errc::exchange_invalid, "the address is missing");
    return parse_address(*fields.bytes[field]);
}

} // namespace

Result<BlockAddress> parse_address(BytesView message) {
    CODEX_TRY(fields, Fields::read(message));
    BlockAddress address;
    CODEX_SET(address.leaf, flag_in(fields, kLeaf, "leaf"));
    if (address.leaf) {
        CODEX_SET(address.cid, cid_in(fields, kTreeCid, "CID of the tree"));
        CODEX_SET(address.index, number_in(fields, kLeafIndex, kMaxIndex, "index"));
    } else {
        CODEX_SET(address.cid, cid_in(fields, kBlockCid, "CID of the block"));
    }
    return address;
}

Result<Want> parse_want(BytesView message) {
    CODEX_TRY(fields, Fields::read(message));
    Want want;
    CODEX_SET(want.address, address_in(fields, kEntryAddress));
    CODEX_CHECK(number_in(fields, kEntryPriority, kMaxPriority, "priority"));
    CODEX_SET(want.cancel, flag_in(fields, kEntryCancel, "cancel"));
    CODEX_TRY(type, number_in(fields, kEntryType, 1, "type of a want"));
    want.type = static_cast<WantType>(type);
    CODEX_SET(want.send_dont_have, flag_in(fields, kEntrySendDontHave, "sendDontHave"));
    return want;
}

Result<Delivery> parse_delivery(BytesView message) {
    CODEX_TRY(fields, Fields::read(message));
    Delivery delivery;
    CODEX_SET(delivery.cid, cid_in(fields, kDeliveryCid, "CID of a block"));
    CODEX_SET(delivery.address, address_in(fields, kDeliveryAddress));
    delivery.data = fields.bytes[kDeliveryData].value_or(BytesView());
    if (delivery.address.leaf)
        delivery.proof = fields.bytes[kDeliveryProof].value_or(BytesView());
    return delivery;
}

Result<std::optional<Presence>> parse_presence(BytesView message) {
    CODEX_TRY(fields, Fields::read(message));
    Presence presence;
    CODEX_SET(presence.address, address_in(fields, kPresenceAddress));
    CODEX_TRY(dont_have, flag_in(fields, kPresenceType, "type of a presence"));
    presence.have = !dont_have;
    const BytesView price = fields.bytes[kPresencePrice].value_or(BytesView());
    if (price.size() > kPriceBytes)
        return std::optional<Presence>();
    std::copy(price.begin(), price.end(),
              presence.price.end() - static_cast<std::ptrdiff_t>(price.size()));
    return std::optional<Presence>(presence);
}

} // namespace codex::net::exchange::detail
