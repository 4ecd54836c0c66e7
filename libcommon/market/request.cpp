#include "market/request.hpp"

#include "base/checked.hpp"
#include "base/hex.hpp"
#include "codec/cid.hpp"
#include "crypto/hash/keccak256.hpp"
#include "ethereum/abi/json.hpp"
#include "market/contract/interfaces.hpp"

namespace codex::market {

using ethereum::UInt256;
using ethereum::abi::Kind;
using ethereum::abi::Type;
using ethereum::abi::Value;
using ethereum::abi::Word;

namespace {

/// The one argument of requestStorage().
const std::vector<Type>& request_types() {
    return marketplace_interface().function("requestStorage")->inputs;
}

/// In documents the CID is a text.
const std::vector<Type>& document_types() {
    static const std::vector<Type> types = [] {
        auto made = request_types()[0].members;
        made[2].members[0].kind = Kind::string;
        return made;
    }();
    return types;
}

std::string cid_text(BytesView bytes) {
    const auto cid = Cid::from_bytes(bytes);
    // What is read again has to be the same bytes.
    if (cid && equal(cid->bytes(), bytes))
        return cid->text();
    return fmt::format("0x{}", to_hex(bytes));
}

Result<Bytes> cid_bytes(std::string_view text) {
    if (text.starts_with("0x"))
        return from_hex(text);
    CODEX_TRY(cid, Cid::from_text(text));
    return Bytes(cid.bytes().begin(), cid.bytes().end());
}

} // namespace

Word slot_id(const Word& request, std::uint64_t index) {
    Bytes both(request.begin(), request.end());
    append(both, UInt256(index).bytes());
    return crypto::keccak256(both);
}

Value Request::value() const {
    return Value::List{client,
                       Value::List{ask.proof_probability, ask.price_per_byte_per_second,
                                   ask.collateral_per_byte, UInt256(ask.slots),
                                   UInt256(ask.slot_size), UInt256(ask.duration),
                                   UInt256(ask.max_slot_loss)},
                       Value::List{cid, merkle_root}, UInt256(expiry), nonce};
}

Request Request::of(const Value& value) {
    const Value& ask = value[1];
    return {.client = value[0].address(),
            .ask = {.proof_probability = ask[0].number(),
                    .price_per_byte_per_second = ask[1].number(),
                    .collateral_per_byte = ask[2].number(),
                    .slots = ask[3].u64(),
                    .slot_size = ask[4].u64(),
                    .duration = ask[5].u64(),
                    .max_slot_loss = ask[6].u64()},
            .cid = value[2][0].bytes(),
            .merkle_root = value[2][1].word(),
            .expiry = value[3].u64(),
            .nonce = value[4].word()};
}

Bytes Request::encoded() const {
    return encode(request_types(), {value()});
}

Word Request::id() const {
    return crypto::keccak256(encoded());
}

std::optional<UInt256> Request::price_per_slot_per_second() const {
    return checked_mul(ask.price_per_byte_per_second, ask.slot_size);
}

std::optional<UInt256> Request::collateral_per_slot() const {
    return checked_mul(ask.collateral_per_byte, ask.slot_size);
}

std::optional<UInt256> Request::max_price() const {
    // In 64 bits, as the contract does it, whatever would fit behind it.
    const auto seconds = checked_mul(ask.slots, ask.duration);
    const auto price = price_per_slot_per_second();
    if (!seconds || !price)
        return std::nullopt;
    return checked_mul(UInt256(*seconds), *price);
}

std::string request_to_json(const Request& request) {
    Value::List members = request.value().list();
    members[2] = Value::List{Value::of_text(cid_text(request.cid)), request.merkle_root};
    JsonWriter json;
    write_values(json, document_types(), members);
    return std::move(json).text();
}

Result<Request> request_from_json(std::string_view json) {
    CODEX_TRY(members, values_from_json(document_types(), json));
    auto cid = cid_bytes(members[2][0].text());
    if (!cid)
        return fail(std::move(cid).error().context("cid").context("content"));
    if (cid->size() > kMaxRequestCidBytes)
        return fail(Errc::limit_exceeded, "content: cid: more than {} bytes", kMaxRequestCidBytes);
    members[2] = Value::List{std::move(*cid), members[2][1].word()};
    return Request::of(std::move(members));
}

} // namespace codex::market
