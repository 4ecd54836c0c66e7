// What the marketplace keeps: requests, slots, marks and lists, under ids.
#pragma once

#include "market/contract/detail/frame.hpp"
#include "market/contract/states.hpp"
#include "market/request.hpp"

namespace codex::market::detail {

/// A request as it was posted, with names for what is in it.
class Request {
public:
    explicit Request(Value value) : value_(std::move(value)) {}

    [[nodiscard]] const Value& value() const { return value_; }
    [[nodiscard]] const Address& client() const { return value_[0].address(); }
    [[nodiscard]] const Value& ask() const { return value_[1]; }
    [[nodiscard]] const UInt256& proof_probability() const { return ask()[0].number(); }
    [[nodiscard]] const UInt256& price_per_byte_per_second() const { return ask()[1].number(); }
    [[nodiscard]] const UInt256& collateral_per_byte() const { return ask()[2].number(); }
    [[nodiscard]] std::uint64_t slots() const { return ask()[3].u64(); }
    [[nodiscard]] std::uint64_t slot_size() const { return ask()[4].u64(); }
    [[nodiscard]] std::uint64_t duration() const { return ask()[5].u64(); }
    [[nodiscard]] std::uint64_t max_slot_loss() const { return ask()[6].u64(); }
    [[nodiscard]] const Bytes& cid() const { return value_[2][0].bytes(); }
    [[nodiscard]] const Word& merkle_root() const { return value_[2][1].word(); }
    [[nodiscard]] std::uint64_t expiry() const { return value_[3].u64(); }

    /// Its encoding as the one argument of a call.
    [[nodiscard]] Bytes encoded() const;
    [[nodiscard]] Word id() const;
    // All of these end the call where they overflow.
    [[nodiscard]] UInt256 price_per_slot_per_second() const;
    [[nodiscard]] UInt256 collateral_per_slot() const;
    [[nodiscard]] UInt256 max_price() const;

private:
    Value value_;
};

struct Context {
    RequestState state = RequestState::fresh;
    UInt256 funds_to_return;
    std::uint64_t slots_filled = 0;
    std::uint64_t started_at = 0;
    std::uint64_t ends_at = 0;
    std::uint64_t expires_at = 0;
};

struct Slot {
    SlotState state = SlotState::free;
    Word request{}; ///< zeros: nobody has ever filled it
    std::uint64_t filled_at = 0;
    std::uint64_t index = 0;
    UInt256 current_collateral;
    Address host;
};

struct Proofs {
    std::uint64_t start = 0; ///< when the host began to owe proofs
    std::uint64_t missed = 0;
};

using market::slot_id;

// Each gives what there is, or what a contract takes for it where nothing is.
[[nodiscard]] std::optional<Request> find_request(const Frame& frame, const Word& id);
[[nodiscard]] Context context_of(const Frame& frame, const Word& request);
[[nodiscard]] Slot slot_of(const Frame& frame, const Word& slot);
[[nodiscard]] Proofs proofs_of(const Frame& frame, const Word& slot);
void keep(Frame& frame, const Request& request);
void keep(Frame& frame, const Word& request, const Context& context);
void keep(Frame& frame, const Word& slot, const Slot& of);
void keep(Frame& frame, const Word& slot, const Proofs& of);

// Marks of a slot in a period.
[[nodiscard]] bool is_received(const Frame& frame, const Word& slot, std::uint64_t period);
void set_received(Frame& frame, const Word& slot, std::uint64_t period);
[[nodiscard]] bool is_missing(const Frame& frame, const Word& slot, std::uint64_t period);
void set_missing(Frame& frame, const Word& slot, std::uint64_t period);

// Who has reserved a slot, in the order in which they did.
[[nodiscard]] std::vector<Address> reservations_of(const Frame& frame, const Word& slot);
void keep_reservations(Frame& frame, const Word& slot, const std::vector<Address>& hosts);

/// Ids that somebody has, without an order: who goes is replaced by the last one.
class IdList {
public:
    enum class Kind : std::uint8_t { requests = 1, slots = 2 };
    IdList(Frame& frame, Kind kind, const Address& of) : frame_(frame), kind_(kind), of_(of) {}

    [[nodiscard]] std::vector<Word> all() const;
    /// Nothing is done where it is there already.
    void add(const Word& id);
    /// Nothing is done where it is not there.
    void remove(const Word& id);

private:
    [[nodiscard]] Packer key(Table table) const;
    [[nodiscard]] Packer item_key(std::uint64_t place) const;
    [[nodiscard]] std::uint64_t size() const;
    [[nodiscard]] Word item(std::uint64_t place) const;
    void set_size(std::uint64_t size);

    Frame& frame_;
    Kind kind_;
    Address of_;
};

/// What the market has taken in and given out, which no view tells.
struct Totals {
    UInt256 received;
    UInt256 sent;
};
[[nodiscard]] Totals totals_of(const Frame& frame);
void keep(Frame& frame, const Totals& totals);

} // namespace codex::market::detail
