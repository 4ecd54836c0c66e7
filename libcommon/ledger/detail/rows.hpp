// Bytes of rows and of small files: numbers have the highest byte first.
#pragma once

#include "base/endian.hpp"
#include "ethereum/uint256.hpp"
#include "market/contract/contracts.hpp"

#include <algorithm>

namespace codex::ledger::detail {

/// Puts values behind each other.
class Writer {
public:
    Writer& put(BytesView bytes) {
        append(bytes_, bytes);
        return *this;
    }
    Writer& put(const ethereum::Address& address) { return put(BytesView(address.bytes)); }
    Writer& put(const Digest& digest) { return put(BytesView(digest)); }
    Writer& put(std::uint64_t number) { return integer(number); }
    Writer& put(std::uint32_t number) { return integer(number); }
    Writer& put(std::uint8_t number) {
        bytes_.push_back(number);
        return *this;
    }
    [[nodiscard]] const Bytes& bytes() const& { return bytes_; }
    [[nodiscard]] Bytes bytes() && { return std::move(bytes_); }

private:
    template <class T> Writer& integer(T number) {
        std::array<std::uint8_t, sizeof number> bytes{};
        store_be(bytes.data(), number);
        return put(BytesView(bytes));
    }
    Bytes bytes_;
};

/// Takes what a Writer has put. What is not there is zeros, and ok() is false from then on.
class Reader {
public:
    explicit Reader(BytesView bytes) : left_(bytes) {}
    [[nodiscard]] bool ok() const { return ok_; }
    /// All was there, and nothing is left.
    [[nodiscard]] bool at_end() const { return ok_ && left_.empty(); }
    [[nodiscard]] std::size_t left() const { return left_.size(); }

    [[nodiscard]] BytesView take(std::size_t size) {
        if (left_.size() < size) {
            ok_ = false;
            return {};
        }
        const BytesView taken = left_.first(size);
        left_ = left_.subspan(size);
        return taken;
    }
    [[nodiscard]] Digest digest() {
        Digest digest{};
        std::ranges::copy(take(digest.size()), digest.begin());
        return digest;
    }
    [[nodiscard]] ethereum::Address address() {
        const BytesView bytes = take(ethereum::Address::kBytes);
        return ok_ ? ethereum::Address::from_bytes(bytes) : ethereum::Address();
    }
    [[nodiscard]] std::uint64_t u64() { return integer<std::uint64_t>(); }
    [[nodiscard]] std::uint32_t u32() { return integer<std::uint32_t>(); }
    [[nodiscard]] std::uint8_t u8() { return integer<std::uint8_t>(); }

private:
    template <class T> [[nodiscard]] T integer() {
        const BytesView bytes = take(sizeof(T));
        return ok_ ? load_be<T>(bytes.data()) : T{};
    }
    BytesView left_;
    bool ok_ = true;
};

} // namespace codex::ledger::detail
