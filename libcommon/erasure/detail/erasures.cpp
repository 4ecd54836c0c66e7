#include "erasure/detail/erasures.hpp"

namespace codex::erasure::detail {

namespace {

/// Walsh-Hadamard transform in place, modulo the order of the field's group.
void walsh_hadamard(const Field& field, std::vector<std::uint16_t>& values) {
    for (std::size_t half = 1; half < values.size(); half *= 2)
        for (std::size_t start = 0; start < values.size(); start += 2 * half)
            for (std::size_t i = start; i < start + half; ++i) {
                const std::uint32_t a = values[i];
                const std::uint32_t b = values[i + half];
                values[i] = static_cast<std::uint16_t>(field.add_logs(a, b));
                values[i + half] = static_cast<std::uint16_t>(field.sub_logs(a, b));
            }
}

} // namespace

std::vector<std::uint16_t> locator_logs(const Field& field, const std::vector<bool>& erased) {
    // logs[x] = sum over erased e of log(x ^ e), log(0) := 0: a convolution over XOR, so the
    // product of two transforms. All of it stays below n, where leopard uses the whole field.
    const std::size_t n = erased.size();
    std::vector<std::uint16_t> logs(n);
    std::vector<std::uint16_t> flags(n);
    for (std::size_t x = 0; x < n; ++x) {
        logs[x] = static_cast<std::uint16_t>(x == 0 ? 0 : field.log(static_cast<uint32_t>(x)));
        flags[x] = erased[x] ? 1 : 0;
    }
    walsh_hadamard(field, logs);
    walsh_hadamard(field, flags);
    // Two transforms of size n scale by n; 2^bits = 1 modulo 2^bits - 1, so 2^bits / n undoes it.
    const std::uint64_t scale = (std::uint64_t{1} << field.bits()) / n;
    for (std::size_t x = 0; x < n; ++x)
        logs[x] = static_cast<std::uint16_t>(logs[x] * scale * flags[x] % field.modulus());
    walsh_hadamard(field, logs);
    return logs;
}

} // namespace codex::erasure::detail
