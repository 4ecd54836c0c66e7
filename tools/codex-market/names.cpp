#include "names.hpp"

#include "base/hex.hpp"
#include "base/printable.hpp"
#include "market/amount.hpp"

#include <algorithm>

namespace codex::market_tool {

namespace {

/// 64 digits: what an id is.
std::optional<Word> id_of(std::string_view text) {
    const auto bytes = from_hex(text);
    Word id{};
    if (!bytes || bytes->size() != id.size())
        return std::nullopt;
    std::ranges::copy(*bytes, id.begin());
    return id;
}

} // namespace

std::string text_of(const Word& id) {
    return "0x" + to_hex(id);
}

Result<Word> request_from_text(std::string_view text) {
    const auto id = id_of(text);
    if (!id)
        return fail(Error(Errc::hex_invalid,
                          fmt::format("\"{}\" is not the id of a request", printable(text)))
                        .hint("an id is 0x and 64 hex digits; list those of an account: "
                              "codex-market list mine"));
    return *id;
}

Result<std::uint64_t> number_from_text(std::string_view text) {
    const auto number = UInt256::from_text(text);
    const auto small = number ? number->as_u64() : std::nullopt;
    if (!small)
        return fail(Errc::amount_invalid, "\"{}\" is not a whole number of 64 bits",
                    printable(text));
    return *small;
}

Result<SlotName> slot_from_text(std::string_view text) {
    const std::size_t at = text.find('@');
    const auto id = id_of(text.substr(0, at));
    if (id && at == text.npos)
        return SlotName{*id, std::nullopt};
    const auto index = id ? number_from_text(text.substr(at + 1)) : Result<std::uint64_t>(0);
    if (!id || !index)
        return fail(Error(Errc::hex_invalid, fmt::format("\"{}\" is not a slot", printable(text)))
                        .hint("a slot is its id, 0x and 64 hex digits, or REQUEST@INDEX")
                        .remedy(Remedy(Remedy::list_slots)));
    return SlotName{market::slot_id(*id, *index), SlotPlace{*id, *index}};
}

Result<Address> account_from_text(std::string_view text) {
    auto address = Address::from_text(text);
    if (!address && !address.error().has_way_out())
        return fail(std::move(address).error().hint(
            "an account is 0x and 40 hex digits, as its key shows it: codex-market key show"));
    return address;
}

Result<UInt256> amount_from_text(std::string_view text) {
    auto amount = market::amount_from_text(text);
    if (!amount)
        return fail(Error(Errc::amount_invalid, fmt::format("\"{}\" is no amount", printable(text)))
                        .hint("base units are a whole number; tokens of 10^18 of them are written "
                              "with tst behind, and at most 18 decimals: 1.5tst"));
    return amount;
}

Result<market::Request> request_document(std::string_view json) {
    auto request = market::request_from_json(json);
    if (!request)
        return fail(no_request(std::move(request).error()));
    return request;
}

Error no_request(Error error) {
    if (error.has_way_out())
        return error;
    return std::move(error).hint(
        "see one that is right: codex-market get request REQUEST --json | jq -c .request");
}

} // namespace codex::market_tool
