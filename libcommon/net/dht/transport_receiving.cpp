#include "net/dht/transport.hpp"

namespace codex::net::dht {

Result<Output> Transport::receive(BytesView datagram, const SocketAddress& from,
                                  Clock::Instant now) {
    CODEX_TRY(packet, open_packet(id_, datagram));
    return receive(packet, from, now);
}

Result<Output> Transport::receive(const Packet& packet, const SocketAddress& from,
                                  Clock::Instant now) {
    Output out;
    if (std::holds_alternative<ChallengeHead>(packet.head)) {
        CODEX_CHECK(receive_challenge(packet, from, now, out));
        return out;
    }
    const auto* ordinary = std::get_if<OrdinaryHead>(&packet.head);
    const Id& source =
        ordinary != nullptr ? ordinary->source : std::get<HandshakeHead>(packet.head).source;
    if (source == id_)
        return fail(Errc::peer_wrong, "{} speaks in the name of this node", from.text());
    if (ordinary != nullptr)
        CODEX_CHECK(receive_ordinary(packet, {source, from}, now, out));
    else
        CODEX_CHECK(receive_handshake(packet, {source, from}, now, out));
    return out;
}

Result<void> Transport::receive_ordinary(const Packet& packet, const Endpoint& from,
                                         Clock::Instant now, Output& out) {
    const auto plain = sessions_.open(from, packet);
    if (!plain)
        return challenge(packet, from, now, out);
    CODEX_TRY(message, decode(*plain));
    out.messages.push_back({from, std::move(message)});
    return {};
}

/// Asks who it is; but once at a time, so that whoever is challenged knows which one to answer.
Result<void> Transport::challenge(const Packet& packet, const Endpoint& whom, Clock::Instant now,
                                  Output& out) {
    if (challenges_.find(whom, now) != nullptr)
        return {};
    const auto known = known_.find(whom.id);
    ChallengeHead head;
    CODEX_CHECK(random_.fill(head.id_nonce));
    head.sequence = known ? known->sequence : 0;
    MaskingIv masking_iv{};
    CODEX_CHECK(random_.fill(masking_iv));
    Bytes header = make_header(masking_iv, packet.nonce, head);
    out.datagrams.push_back({whom.address, make_datagram(whom.id, header, {})});
    challenges_.put(
        whom, Challenge{std::move(header), known ? std::optional(known->key) : std::nullopt}, now);
    return {};
}

Result<void> Transport::receive_challenge(const Packet& packet, const SocketAddress& from,
                                          Clock::Instant now, Output& out) {
    const Request* request = requests_.find(packet.nonce, now);
    if (request == nullptr || request->to.endpoint.address != from)
        return fail(Errc::peer_wrong, "{} challenges what was not sent there", from.text());
    CODEX_CHECK(answer_challenge(packet, *request, out));
    const Endpoint peer = request->to.endpoint;
    requests_.erase(packet.nonce);
    return send_waiting(peer, now, out);
}

/// Sends the message again, with the proof of who sends it.
Result<void> Transport::answer_challenge(const Packet& packet, const Request& request,
                                         Output& out) {
    const Endpoint& to = request.to.endpoint;
    CODEX_TRY(ephemeral, SecretKey::generate(random_));
    CODEX_TRY(keys, agree_on_keys(ephemeral, request.to.key, id_, to.id, packet.header));
    CODEX_TRY(numbers, fresh());
    const BytesView ephemeral_key = ephemeral.public_key().encoded();
    HandshakeHead head;
    head.source = id_;
    head.signature = sign_id(identity_, packet.header, ephemeral_key, to.id);
    head.ephemeral_key.assign(ephemeral_key.begin(), ephemeral_key.end());
    if (std::get<ChallengeHead>(packet.head).sequence < sequence_)
        head.record = record_;
    const Bytes header = make_header(numbers.masking_iv, numbers.nonce, head);
    const Bytes sealed = seal_message(keys.initiator, numbers.nonce, header, request.message);
    out.datagrams.push_back({to.address, make_datagram(to.id, header, sealed)});
    sessions_.put(to, keys.recipient, keys.initiator);
    return {};
}

/// Until all of it is right the challenge stands, so that nobody else can use it up.
Result<void> Transport::receive_handshake(const Packet& packet, const Endpoint& from,
                                          Clock::Instant now, Output& out) {
    const auto& head = std::get<HandshakeHead>(packet.head);
    const Challenge* challenge = challenges_.find(from, now);
    if (challenge == nullptr)
        return fail(Errc::peer_wrong, "{} answers no challenge", from.address.text());
    std::optional<NodeRecord> record;
    std::optional<PublicKey> key = challenge->key;
    if (!head.record.empty()) {
        CODEX_SET(record, open_node_record(head.record));
        if (record->id != from.id)
            return fail(Errc::peer_wrong, "{} shows the record of another node, {}",
                        from.address.text(), record->record.peer.text());
        key = record->key;
    }
    if (!key)
        return fail(Errc::peer_wrong, "{} is not known, and shows no record", from.address.text());
    if (!verify_id(*key, head.signature, challenge->header, head.ephemeral_key, id_))
        return fail(Errc::peer_wrong, "{} cannot prove to be {}", from.address.text(),
                    from.id.text());
    const auto ephemeral = PublicKey::decode(head.ephemeral_key);
    if (!ephemeral)
        return fail(Errc::malformed, "key of a handshake: {}", ephemeral.error().text());
    const auto keys = agree_on_keys(identity_, *ephemeral, from.id, id_, challenge->header);
    if (!keys)
        return fail(Errc::malformed, "key of a handshake: {}", keys.error().text());
    const auto plain = open_message(keys->initiator, packet);
    if (!plain)
        return fail(Errc::peer_wrong, "the message of a handshake was changed on its way");
    CODEX_TRY(message, decode(*plain));

    sessions_.put(from, keys->initiator, keys->recipient);
    challenges_.erase(from);
    if (record && udp_address(record->record) == from.address)
        out.learned.push_back(std::move(*record));
    out.messages.push_back({from, std::move(message)});
    return send_waiting(from, now, out);
}

} // namespace codex::net::dht
