#include "net/exchange/message.hpp"

#include "codec/protobuf.hpp"
#include "codec/uvarint.hpp"
#include "net/exchange/detail/fields.hpp"

// All scalars are written, zero or not, as the reference writes them (codex-exchange(7), MESSAGES).
namespace codex::net::exchange {
namespace {

using codec::protobuf::Writer;

std::uint64_t number(bool value) {
    return value ? 1 : 0;
}

Writer address_message(const BlockAddress& address) {
    CODEX_ASSERT(address.index <= kMaxIndex && !address.cid.is_null());
    Writer writer;
    writer.varint(detail::kLeaf, number(address.leaf));
    if (address.leaf) {
        writer.bytes(detail::kTreeCid, address.cid.bytes());
        writer.varint(detail::kLeafIndex, address.index);
    } else {
        writer.bytes(detail::kBlockCid, address.cid.bytes());
    }
    return writer;
}

void write_wants(Writer& writer, const Message& message) {
    Writer list;
    for (const Want& want : message.wants) {
        Writer entry;
        entry.message(detail::kEntryAddress, address_message(want.address));
        entry.varint(detail::kEntryPriority, 0);
        entry.varint(detail::kEntryCancel, number(want.cancel));
        entry.varint(detail::kEntryType, static_cast<std::uint64_t>(want.type));
        entry.varint(detail::kEntrySendDontHave, number(want.send_dont_have));
        list.message(detail::kEntries, entry);
    }
    list.varint(detail::kFull, number(message.full));
    writer.message(detail::kWantList, list);
}

void write_presence(Writer& writer, const Presence& presence) {
    Writer nested;
    nested.message(detail::kPresenceAddress, address_message(presence.address));
    nested.varint(detail::kPresenceType, number(!presence.have));
    nested.bytes(detail::kPresencePrice, presence.price);
    writer.message(detail::kPresences, nested);
}

void write_tail(Writer& writer, BytesView account) {
    Writer paid_to;
    paid_to.bytes(detail::kAccountAddress, account);
    Writer update;
    update.bytes(detail::kPaymentUpdate, {});
    writer.varint(detail::kPendingBytes, 0);
    writer.message(detail::kAccount, paid_to);
    writer.message(detail::kPayment, update);
}

/// Tag and length of a field of bytes that follow.
void append_bytes_head(Bytes& to, std::uint32_t field, std::size_t size) {
    codec::append_uvarint(to, std::uint64_t{field} << 3 |
                                  static_cast<std::uint64_t>(codec::protobuf::WireType::bytes));
    codec::append_uvarint(to, size);
}

Bytes no_wants() {
    Writer writer;
    write_wants(writer, Message{});
    return writer.take();
}

} // namespace

const DeliveryMessage::Part& DeliveryMessage::add(const Cid& cid, std::size_t data_bytes,
                                                  const BlockAddress& address, BytesView proof) {
    CODEX_ASSERT(parts_.size() < kMaxBlocksWritten && !cid.is_null());
    Part part;
    part.data_bytes = data_bytes;
    Writer behind;
    behind.message(detail::kDeliveryAddress, address_message(address));
    if (address.leaf)
        behind.bytes(detail::kDeliveryProof, proof);
    part.tail = behind.take();

    Bytes front;
    append_bytes_head(front, detail::kDeliveryCid, cid.bytes().size());
    append(front, cid.bytes());
    append_bytes_head(front, detail::kDeliveryData, data_bytes);
    append_bytes_head(part.head, detail::kPayload, front.size() + data_bytes + part.tail.size());
    append(part.head, front);
    return parts_.emplace_back(std::move(part));
}

std::size_t DeliveryMessage::size() const {
    std::size_t bytes = no_wants().size() + tail().size();
    for (const Part& part : parts_)
        bytes += part.size();
    return bytes;
}

Bytes DeliveryMessage::head() const {
    Bytes bytes;
    codec::append_uvarint(bytes, size());
    append(bytes, no_wants());
    return bytes;
}

Bytes DeliveryMessage::tail() {
    Writer writer;
    write_tail(writer, {});
    return writer.take();
}

Bytes encode(const Message& message) {
    CODEX_ASSERT(message.account.empty() || message.account.size() == 20);
    Writer wants;
    write_wants(wants, message);
    Bytes bytes = wants.take();
    DeliveryMessage blocks;
    for (const Delivery& delivery : message.deliveries) {
        const auto& part =
            blocks.add(delivery.cid, delivery.data.size(), delivery.address, delivery.proof);
        append(bytes, part.head);
        append(bytes, delivery.data);
        append(bytes, part.tail);
    }
    Writer rest;
    for (const Presence& presence : message.presences)
        write_presence(rest, presence);
    write_tail(rest, message.account);
    append(bytes, rest.view());
    return bytes;
}

Bytes encode_framed(const Message& message) {
    const Bytes body = encode(message);
    Bytes framed;
    codec::append_uvarint(framed, body.size());
    append(framed, body);
    return framed;
}

} // namespace codex::net::exchange
