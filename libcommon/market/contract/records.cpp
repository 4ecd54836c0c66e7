#include "market/contract/detail/records.hpp"

#include "base/endian.hpp"
#include "crypto/hash/keccak256.hpp"

#include <algorithm>

namespace codex::market::detail {

namespace {

/// The argument of requestStorage, which is what getRequest returns.
const std::vector<ethereum::abi::Type>& request_types() {
    static const auto& types = marketplace_interface().function("requestStorage")->inputs;
    return types;
}

Packer key(Table table, const Word& id) {
    return Packer(table).put(BytesView(id));
}

Packer mark_key(Table table, const Word& slot, std::uint64_t period) {
    return key(table, slot).put(period);
}

/// Below `last`; what is kept by another release of these is not guessed at.
template <class State> State state_from(std::uint8_t number, State last) {
    if (number > static_cast<std::uint8_t>(last))
        throw Unreadable{Error(Errc::malformed, "what contracts keep has an unknown state")};
    return static_cast<State>(number);
}

} // namespace

// --- requests -----------------------------------------------------------------------------------

Bytes Request::encoded() const {
    return encode(request_types(), {value_});
}

Word Request::id() const {
    return crypto::keccak256(encoded());
}

UInt256 Request::price_per_slot_per_second() const {
    return mul(price_per_byte_per_second(), slot_size());
}

UInt256 Request::collateral_per_slot() const {
    return mul(collateral_per_byte(), slot_size());
}

UInt256 Request::max_price() const {
    return mul(mul64(slots(), duration()), price_per_slot_per_second());
}

std::optional<Request> find_request(const Frame& frame, const Word& id) {
    const auto kept = frame.get(key(Table::request, id));
    if (!kept)
        return std::nullopt;
    auto values = ethereum::abi::decode(request_types(), *kept);
    if (!values)
        throw Unreadable{std::move(values).error()};
    return Request(std::move((*values)[0]));
}

void keep(Frame& frame, const Request& request) {
    frame.put(key(Table::request, request.id()), request.encoded());
}

Context context_of(const Frame& frame, const Word& request) {
    Context context;
    const auto kept = frame.get(key(Table::context, request));
    if (!kept)
        return context;
    Unpacker from(*kept);
    context.state = state_from(from.u8(), RequestState::failed);
    context.funds_to_return = from.number();
    context.slots_filled = from.u64();
    context.started_at = from.u64();
    context.ends_at = from.u64();
    context.expires_at = from.u64();
    from.end();
    return context;
}

void keep(Frame& frame, const Word& request, const Context& context) {
    frame.put(key(Table::context, request), Packer()
                                                .put(static_cast<std::uint8_t>(context.state))
                                                .put(context.funds_to_return)
                                                .put(context.slots_filled)
                                                .put(context.started_at)
                                                .put(context.ends_at)
                                                .put(context.expires_at));
}

// --- slots --------------------------------------------------------------------------------------

Slot slot_of(const Frame& frame, const Word& slot) {
    Slot of;
    const auto kept = frame.get(key(Table::slot, slot));
    if (!kept)
        return of;
    Unpacker from(*kept);
    of.state = state_from(from.u8(), SlotState::repair);
    of.request = from.word();
    of.filled_at = from.u64();
    of.index = from.u64();
    of.current_collateral = from.number();
    of.host = from.address();
    from.end();
    return of;
}

void keep(Frame& frame, const Word& slot, const Slot& of) {
    frame.put(key(Table::slot, slot), Packer()
                                          .put(static_cast<std::uint8_t>(of.state))
                                          .put(BytesView(of.request))
                                          .put(of.filled_at)
                                          .put(of.index)
                                          .put(of.current_collateral)
                                          .put(of.host));
}

Proofs proofs_of(const Frame& frame, const Word& slot) {
    Proofs proofs;
    const auto kept = frame.get(key(Table::proofs, slot));
    if (!kept)
        return proofs;
    Unpacker from(*kept);
    proofs.start = from.u64();
    proofs.missed = from.u64();
    from.end();
    return proofs;
}

void keep(Frame& frame, const Word& slot, const Proofs& of) {
    frame.put(key(Table::proofs, slot), Packer().put(of.start).put(of.missed));
}

bool is_received(const Frame& frame, const Word& slot, std::uint64_t period) {
    return frame.get(mark_key(Table::received, slot, period)).has_value();
}

void set_received(Frame& frame, const Word& slot, std::uint64_t period) {
    frame.put(mark_key(Table::received, slot, period), Packer());
}

bool is_missing(const Frame& frame, const Word& slot, std::uint64_t period) {
    return frame.get(mark_key(Table::missing, slot, period)).has_value();
}

void set_missing(Frame& frame, const Word& slot, std::uint64_t period) {
    frame.put(mark_key(Table::missing, slot, period), Packer());
}

std::vector<Address> reservations_of(const Frame& frame, const Word& slot) {
    std::vector<Address> hosts;
    const auto kept = frame.get(key(Table::reservations, slot));
    if (!kept)
        return hosts;
    Unpacker from(*kept);
    for (std::size_t i = 0; i < kept->size() / Address::kBytes; ++i)
        hosts.push_back(from.address());
    from.end();
    return hosts;
}

void keep_reservations(Frame& frame, const Word& slot, const std::vector<Address>& hosts) {
    if (hosts.empty())
        return frame.erase(key(Table::reservations, slot));
    Packer all;
    for (const Address& host : hosts)
        all.put(host);
    frame.put(key(Table::reservations, slot), std::move(all));
}

// --- lists --------------------------------------------------------------------------------------

Packer IdList::key(Table table) const {
    return Packer(table).put(static_cast<std::uint8_t>(kind_)).put(of_);
}

Packer IdList::item_key(std::uint64_t place) const {
    return key(Table::list_item).put(place);
}

std::uint64_t IdList::size() const {
    return frame_.number(key(Table::list_size)).low();
}

void IdList::set_size(std::uint64_t size) {
    frame_.set_number(key(Table::list_size), size);
}

Word IdList::item(std::uint64_t place) const {
    const auto kept = frame_.get(item_key(place));
    if (!kept)
        throw Unreadable{Error(Errc::malformed, "what contracts keep has a list with a gap")};
    Unpacker from(*kept);
    const Word id = from.word();
    from.end();
    return id;
}

std::vector<Word> IdList::all() const {
    std::vector<Word> ids;
    const std::uint64_t count = size();
    for (std::uint64_t place = 0; place < count; ++place)
        ids.push_back(item(place));
    return ids;
}

void IdList::add(const Word& id) {
    const Packer place_key = key(Table::list_place).put(BytesView(id));
    if (frame_.get(place_key))
        return;
    const std::uint64_t place = size();
    frame_.put(item_key(place), Packer().put(BytesView(id)));
    frame_.put(place_key, Packer().put(place));
    set_size(place + 1);
}

void IdList::remove(const Word& id) {
    const Packer place_key = key(Table::list_place).put(BytesView(id));
    const auto kept = frame_.get(place_key);
    if (!kept)
        return;
    const std::uint64_t place = Unpacker(*kept).u64();
    const std::uint64_t last = size() - 1;
    if (place != last) {
        const Word moved = item(last);
        frame_.put(item_key(place), Packer().put(BytesView(moved)));
        frame_.put(key(Table::list_place).put(BytesView(moved)), Packer().put(place));
    }
    frame_.erase(item_key(last));
    frame_.erase(place_key);
    set_size(last);
}

Totals totals_of(const Frame& frame) {
    Totals totals;
    const auto kept = frame.get(Packer(Table::totals));
    if (!kept)
        return totals;
    Unpacker from(*kept);
    totals.received = from.number();
    totals.sent = from.number();
    from.end();
    return totals;
}

void keep(Frame& frame, const Totals& totals) {
    frame.put(Packer(Table::totals), Packer().put(totals.received).put(totals.sent));
}

} // namespace codex::market::detail
