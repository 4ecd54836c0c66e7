// Integers, points and pieces off a section of a file, with the offset in every refusal.
#pragma once

#include "base/endian.hpp"
#include "base/error.hpp"
#include "snark/zkey.hpp"

#include <string>

namespace codex::snark::detail {

/// Every word of 32 bytes is below q, as Montgomery forms are.
[[nodiscard]] bool coordinates_reduced(BytesView bytes);

/// Reads one thing after another. Errors: malformed naming `what` and the offset.
class BoundedReader {
public:
    BoundedReader(BytesView bytes, std::string what) : bytes_(bytes), what_(std::move(what)) {}

    [[nodiscard]] std::size_t at() const { return at_; }
    [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }

    [[nodiscard]] Result<BytesView> take(std::size_t count) {
        if (left() < count)
            return fail(Errc::malformed, "{}: ends at offset {}, {} bytes short", what_,
                        bytes_.size(), count - left());
        at_ += count;
        return bytes_.subspan(at_ - count, count);
    }
    [[nodiscard]] Result<std::uint8_t> u8() {
        CODEX_TRY(bytes, take(1));
        return bytes[0];
    }
    [[nodiscard]] Result<std::uint32_t> u32() {
        CODEX_TRY(bytes, take(4));
        return load_le<std::uint32_t>(bytes.data());
    }
    /// Also refuses coordinates that are not reduced.
    [[nodiscard]] Result<G1> g1() {
        CODEX_TRY(bytes, reduced(kG1Bytes));
        return load_g1(bytes.data());
    }
    [[nodiscard]] Result<G2> g2() {
        CODEX_TRY(bytes, reduced(kG2Bytes));
        return load_g2(bytes.data());
    }

private:
    [[nodiscard]] Result<BytesView> reduced(std::size_t count) {
        CODEX_TRY(bytes, take(count));
        if (!coordinates_reduced(bytes))
            return fail(Errc::malformed, "{}: a coordinate at offset {} is not reduced", what_,
                        at_ - count);
        return bytes;
    }

    BytesView bytes_;
    std::string what_;
    std::size_t at_ = 0;
};

} // namespace codex::snark::detail
