#include "market/contract/detail/frame.hpp"

#include "base/checked.hpp"
#include "base/endian.hpp"

namespace codex::market::detail {

void revert(const Interface& of, std::string_view name, Value::List arguments) {
    const auto* fault = of.fault(name);
    CODEX_ASSERT(fault != nullptr);
    throw Revert{encode_fault(*fault, arguments)};
}

void revert(std::string_view name) {
    revert(marketplace_interface(), name);
}

void panic(Panic code) {
    revert(builtin_interface(), "Panic", {UInt256(static_cast<std::uint64_t>(code))});
}

UInt256 add(const UInt256& a, const UInt256& b) {
    const auto sum = checked_add(a, b);
    if (!sum)
        panic(Panic::arithmetic);
    return *sum;
}

UInt256 sub(const UInt256& a, const UInt256& b) {
    const auto difference = checked_sub(a, b);
    if (!difference)
        panic(Panic::arithmetic);
    return *difference;
}

UInt256 mul(const UInt256& a, const UInt256& b) {
    const auto product = checked_mul(a, b);
    if (!product)
        panic(Panic::arithmetic);
    return *product;
}

std::uint64_t add64(std::uint64_t a, std::uint64_t b) {
    const auto sum = codex::checked_add(a, b);
    if (!sum)
        panic(Panic::arithmetic);
    return *sum;
}

std::uint64_t sub64(std::uint64_t a, std::uint64_t b) {
    if (b > a)
        panic(Panic::arithmetic);
    return a - b;
}

std::uint64_t mul64(std::uint64_t a, std::uint64_t b) {
    const auto product = codex::checked_mul(a, b);
    if (!product)
        panic(Panic::arithmetic);
    return *product;
}

// --- what is kept -------------------------------------------------------------------------------

Packer& Packer::put(std::uint64_t number) {
    std::array<std::uint8_t, 8> bytes{};
    store_be(bytes.data(), number);
    return put(BytesView(bytes));
}

BytesView Unpacker::take(std::size_t size) {
    if (left_.size() < size)
        throw Unreadable{Error(Errc::malformed, "what contracts keep is cut off")};
    const BytesView taken = left_.first(size);
    left_ = left_.subspan(size);
    return taken;
}

Word Unpacker::word() {
    Word word{};
    const BytesView bytes = take(word.size());
    std::copy(bytes.begin(), bytes.end(), word.begin());
    return word;
}

std::uint64_t Unpacker::u64() {
    return load_be<std::uint64_t>(take(8).data());
}

void Unpacker::end() const {
    if (!left_.empty())
        throw Unreadable{Error(Errc::malformed, "what contracts keep is too long")};
}

std::optional<Bytes> Frame::get(const Packer& key) const {
    auto value = state_.get(key.bytes());
    if (!value)
        throw Unreadable{std::move(value).error()};
    return std::move(*value);
}

UInt256 Frame::number(const Packer& key) const {
    const auto bytes = get(key);
    if (!bytes)
        return 0;
    Unpacker kept(*bytes);
    const UInt256 number = kept.number();
    kept.end();
    return number;
}

void Frame::set_number(const Packer& key, const UInt256& to) {
    if (to == UInt256())
        erase(key);
    else
        put(key, Packer().put(to));
}

void Frame::tell(const Address& contract, const Interface& of, std::string_view event,
                 const Value::List& arguments) {
    const auto* known = of.event(event);
    CODEX_ASSERT(known != nullptr);
    logs_.push_back(encode_log(contract, *known, arguments));
}

} // namespace codex::market::detail
