#include "ethereum/rlp.hpp"

namespace codex::ethereum::rlp {

namespace {

constexpr std::uint8_t kString = 0x80;
constexpr std::uint8_t kList = 0xc0;
/// Up to here the length stands in the first byte.
constexpr std::size_t kShort = 55;

void put_length(Bytes& to, std::uint8_t kind, std::size_t length) {
    if (length <= kShort) {
        to.push_back(static_cast<std::uint8_t>(kind + length));
        return;
    }
    Bytes digits;
    put_number(digits, UInt256(length));
    // A number below 128 has no byte in front of it.
    const std::size_t skipped = length < kString ? 0 : 1;
    to.push_back(static_cast<std::uint8_t>(kind + kShort + digits.size() - skipped));
    append(to, BytesView(digits).subspan(skipped));
}

} // namespace

void put_bytes(Bytes& to, BytesView bytes) {
    if (bytes.size() != 1 || bytes[0] >= kString)
        put_length(to, kString, bytes.size());
    append(to, bytes);
}

void put_number(Bytes& to, const UInt256& number) {
    const auto whole = number.bytes();
    put_bytes(to, BytesView(whole).last((number.bits() + 7) / 8));
}

void put_list(Bytes& to, BytesView items) {
    put_length(to, kList, items.size());
    append(to, items);
}

Result<Reader::Item> Reader::next() {
    if (left_.empty())
        return fail(Errc::rlp_invalid, "an item is missing");
    const std::uint8_t first = left_[0];
    if (first < kString) {
        const Item item{false, left_.first(1)};
        left_ = left_.subspan(1);
        return item;
    }
    const bool is_list = first >= kList;
    std::size_t length = first - (is_list ? kList : kString);
    std::size_t head = 1;
    if (length > kShort) {
        const std::size_t digits = length - kShort;
        if (left_.size() - 1 < digits)
            return fail(Errc::rlp_invalid, "a length is cut off");
        const UInt256 said = UInt256::from_bytes(left_.subspan(1, digits));
        if (left_[1] == 0 || said.low() <= kShort)
            return fail(Errc::rlp_invalid, "a length is longer than it need be");
        length = said.low(); // of at most eight bytes
        head += digits;
    }
    if (left_.size() - head < length)
        return fail(Errc::rlp_invalid, "an item is cut off");
    const Item item{is_list, left_.subspan(head, length)};
    if (!is_list && head == 1 && length == 1 && item.content[0] < kString)
        return fail(Errc::rlp_invalid, "a byte has a length that it needs not");
    left_ = left_.subspan(head + length);
    return item;
}

Result<BytesView> Reader::bytes() {
    CODEX_TRY(item, next());
    if (item.is_list)
        return fail(Errc::rlp_invalid, "a list where a string belongs");
    return item.content;
}

Result<UInt256> Reader::number() {
    CODEX_TRY(digits, bytes());
    if (digits.size() > UInt256::kBytes)
        return fail(Errc::rlp_invalid, "a number of more than 256 bits");
    if (!digits.empty() && digits[0] == 0)
        return fail(Errc::rlp_invalid, "a number with zeros in front");
    return UInt256::from_bytes(digits);
}

Result<Reader> Reader::list() {
    CODEX_TRY(item, next());
    if (!item.is_list)
        return fail(Errc::rlp_invalid, "a string where a list belongs");
    return Reader(item.content);
}

} // namespace codex::ethereum::rlp
