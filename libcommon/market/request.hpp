// A request for storage: what is asked for, what it is called by, what it costs
// (codex-market(7), REQUESTS).
#pragma once

#include "ethereum/abi/value.hpp"

namespace codex::market {

/// The id of a slot of a request.
[[nodiscard]] ethereum::abi::Word slot_id(const ethereum::abi::Word& request, std::uint64_t index);

/// What is asked of hosts. Amounts are base units of the token.
struct Ask {
    ethereum::UInt256 proof_probability; ///< one proof in so many periods
    ethereum::UInt256 price_per_byte_per_second;
    ethereum::UInt256 collateral_per_byte;
    std::uint64_t slots = 0;
    std::uint64_t slot_size = 0; ///< bytes
    std::uint64_t duration = 0;  ///< seconds
    std::uint64_t max_slot_loss = 0;

    friend bool operator==(const Ask&, const Ask&) = default;
};

/// Threads: as its members.
struct Request {
    ethereum::Address client;
    Ask ask;
    Bytes cid;                         ///< binary, of a verifiable manifest; others may be anything
    ethereum::abi::Word merkle_root{}; ///< the lowest byte first
    std::uint64_t expiry = 0;          ///< seconds after it is posted
    ethereum::abi::Word nonce{};

    /// As the argument of a call, and from one, or from what getRequest() returns.
    [[nodiscard]] ethereum::abi::Value value() const;
    [[nodiscard]] static Request of(const ethereum::abi::Value& value);

    /// Its encoding as the one argument of a call.
    [[nodiscard]] Bytes encoded() const;
    /// The Keccak-256 of that.
    [[nodiscard]] ethereum::abi::Word id() const;

    // Nothing, where the contract's arithmetic overflows.
    /// What a host earns with a slot in a second.
    [[nodiscard]] std::optional<ethereum::UInt256> price_per_slot_per_second() const;
    [[nodiscard]] std::optional<ethereum::UInt256> collateral_per_slot() const;
    /// What the client pays for all slots until the end.
    [[nodiscard]] std::optional<ethereum::UInt256> max_price() const;

    friend bool operator==(const Request&, const Request&) = default;
};

/// The most bytes that a CID has in a document.
constexpr std::size_t kMaxRequestCidBytes = 1024;

/// The document of a request, on one line: an object with "client", "ask", "content", "expiry" and
/// "nonce" (codex-market(7), DOCUMENTS). A CID is written as text where its bytes are one.
[[nodiscard]] std::string request_to_json(const Request& request);
/// Of such a document, all members and no other; numbers also as strings, a CID also as 0x and
/// hexadecimal digits. Errors: json_invalid; malformed, amount_invalid, address_invalid,
/// hex_invalid, cid_invalid, which name the member; limit_exceeded.
[[nodiscard]] Result<Request> request_from_json(std::string_view json);

} // namespace codex::market
