#include "base/random.hpp"

#include "base/endian.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <sys/random.h>

namespace codex {

namespace {

class SystemRandom final : public SecretRandom {
public:
    [[nodiscard]] Result<void> fill(MutableBytes out) override {
        while (!out.empty()) {
            const ssize_t n = ::getrandom(out.data(), out.size(), 0);
            if (n < 0 && errno != EINTR)
                return fail(system_error(errno, "get random bytes"));
            if (n > 0)
                out = out.subspan(static_cast<std::size_t>(n));
        }
        return {};
    }
};

/// splitmix64: the next of a sequence that passes through all 64-bit numbers.
std::uint64_t mixed(std::uint64_t& state) {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

} // namespace

SecretRandom& Random::system() {
    static SystemRandom random;
    return random;
}

Result<std::uint64_t> Random::number() {
    std::array<std::uint8_t, 8> bytes{};
    CODEX_CHECK(fill(bytes));
    return load_le<std::uint64_t>(bytes.data());
}

Result<std::uint64_t> Random::below(std::uint64_t bound) {
    CODEX_ASSERT(bound != 0);
    // As many of the lowest numbers are passed over as 2^64 has more than a multiple of the bound.
    const std::uint64_t surplus = (0 - bound) % bound;
    for (;;) {
        CODEX_TRY(drawn, number());
        if (drawn >= surplus)
            return drawn % bound;
    }
}

SeededRandom::SeededRandom(std::uint64_t seed, std::uint64_t stream) {
    // Streams begin apart from each other, and from those of neighbouring seeds.
    std::uint64_t mix = stream;
    mix = seed ^ mixed(mix);
    for (std::uint64_t& word : state_)
        word = mixed(mix);
}

std::uint64_t SeededRandom::next() {
    std::array<std::uint64_t, 4>& s = state_;
    const std::uint64_t result = std::rotl(s[1] * 5, 7) * 9;
    const std::uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = std::rotl(s[3], 45);
    return result;
}

Result<void> SeededRandom::fill(MutableBytes out) {
    const std::lock_guard lock(mutex_);
    std::array<std::uint8_t, 8> bytes{};
    while (!out.empty()) {
        store_le(bytes.data(), next());
        const std::size_t count = std::min(out.size(), bytes.size());
        std::copy_n(bytes.begin(), count, out.begin());
        out = out.subspan(count);
    }
    return {};
}

} // namespace codex
