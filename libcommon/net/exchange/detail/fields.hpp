// Numbers of the fields of block exchange (codex-exchange(7), MESSAGES).
#pragma once

#include <cstdint>

namespace codex::net::exchange::detail {

enum MessageField : std::uint32_t {
    kWantList = 1,
    kPayload = 3,
    kPresences = 4,
    kPendingBytes = 5,
    kAccount = 6,
    kPayment = 7,
};
enum WantListField : std::uint32_t { kEntries = 1, kFull = 2 };
enum EntryField : std::uint32_t {
    kEntryAddress = 1,
    kEntryPriority = 2,
    kEntryCancel = 3,
    kEntryType = 4,
    kEntrySendDontHave = 5,
};
enum AddressField : std::uint32_t { kLeaf = 1, kTreeCid = 2, kLeafIndex = 3, kBlockCid = 4 };
enum DeliveryField : std::uint32_t {
    kDeliveryCid = 1,
    kDeliveryData = 2,
    kDeliveryAddress = 3,
    kDeliveryProof = 4,
};
enum PresenceField : std::uint32_t { kPresenceAddress = 1, kPresenceType = 2, kPresencePrice = 3 };
constexpr std::uint32_t kAccountAddress = 1;
constexpr std::uint32_t kPaymentUpdate = 1;

} // namespace codex::net::exchange::detail
