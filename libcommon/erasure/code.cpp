#include "erasure/code.hpp"

#include "erasure/detail/erasures.hpp"
#include "erasure/detail/parameters.hpp"

#include <cstring>

namespace codex::erasure {

namespace {

constexpr std::size_t kChunkBytes = 64;

/// to ^= factor * from, word by word.
void multiply_add(const detail::Field& field, std::uint32_t factor, const std::uint8_t* from,
                  std::uint8_t* to, std::size_t size_bytes) {
    std::vector<std::uint16_t> low(256);
    std::vector<std::uint16_t> high(256);
    for (std::uint32_t v = 0; v < 256; ++v) {
        low[v] = static_cast<std::uint16_t>(field.mul(factor, v));
        if (field.bits() == 16)
            high[v] = static_cast<std::uint16_t>(field.mul(factor, v << 8));
    }
    if (field.bits() == 8) {
        for (std::size_t i = 0; i < size_bytes; ++i)
            to[i] = static_cast<std::uint8_t>(to[i] ^ low[from[i]]);
        return;
    }
    for (std::size_t chunk = 0; chunk < size_bytes; chunk += kChunkBytes)
        for (std::size_t i = chunk; i < chunk + 32; ++i) {
            const unsigned product = low[from[i]] ^ high[from[i + 32]];
            to[i] = static_cast<std::uint8_t>(to[i] ^ product);
            to[i + 32] = static_cast<std::uint8_t>(to[i + 32] ^ product >> 8);
        }
}

Result<void> check_size(std::size_t size_bytes) {
    if (size_bytes == 0 || size_bytes % kChunkBytes != 0)
        return fail(Error(Errc::erasure_parameters,
                          fmt::format("buffers of {} bytes: not a positive multiple of {}",
                                      size_bytes, kChunkBytes))
                        .hint("pad the buffers with zeros"));
    return {};
}

} // namespace

struct Code::Impl {
    std::uint32_t k;
    std::uint32_t m;
    std::uint32_t parity_positions;
    std::uint32_t positions;
    const detail::Field& field;
};

Result<Code> Code::create(std::uint32_t k, std::uint32_t m) {
    CODEX_CHECK(detail::check_parameters(k, m));
    const std::uint32_t positions = detail::total_positions(k, m);
    return Code(std::make_unique<Impl>(
        Impl{k, m, detail::parity_positions(m), positions,
             positions <= 256 ? detail::Field::gf8() : detail::Field::gf16()}));
}

Code::Code(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Code::~Code() = default;
Code::Code(Code&&) noexcept = default;
Code& Code::operator=(Code&&) noexcept = default;

std::uint32_t Code::k() const {
    return impl_->k;
}
std::uint32_t Code::m() const {
    return impl_->m;
}
unsigned Code::field_bits() const {
    return impl_->field.bits();
}

Result<void> Code::encode(std::span<const std::uint8_t* const> data,
                          std::span<std::uint8_t* const> parity, std::size_t size_bytes,
                          ThreadPool*) const {
    CODEX_CHECK(check_size(size_bytes));
    if (data.size() != k() || parity.size() != m())
        return fail(Errc::erasure_parameters,
                    "{} data and {} parity buffers given, {} and {} needed", data.size(),
                    parity.size(), k(), m());
    std::vector<bool> erased(impl_->positions);
    std::fill_n(erased.begin(), impl_->parity_positions, true);
    const auto logs = detail::locator_logs(impl_->field, erased);
    for (std::uint32_t i = 0; i < m(); ++i) {
        std::memset(parity[i], 0, size_bytes);
        for (std::uint32_t j = 0; j < k(); ++j)
            if (data[j] != nullptr)
                multiply_add(
                    impl_->field,
                    detail::coefficient(impl_->field, logs, i, impl_->parity_positions + j),
                    data[j], parity[i], size_bytes);
    }
    return {};
}

Result<void> Code::decode(std::span<const Shard> shards, std::span<std::uint8_t* const> out,
                          std::size_t size_bytes, ThreadPool*) const {
    CODEX_CHECK(check_size(size_bytes));
    if (shards.size() != std::size_t{k()} + m() || out.size() != k())
        return fail(Errc::erasure_parameters, "{} shards and {} outputs given, {} and {} needed",
                    shards.size(), out.size(), std::size_t{k()} + m(), k());
    std::uint32_t present = 0;
    std::uint32_t lost = 0;
    for (std::uint32_t s = 0; s < shards.size(); ++s) {
        present += shards[s].present ? 1 : 0;
        lost += s < k() && !shards[s].present ? 1 : 0;
    }
    if (present < k())
        return fail(Error(Errc::erasure_unrepairable, fmt::format("{} of {} blocks are present, {} "
                                                                  "are needed",
                                                                  present, shards.size(), k()))
                        .hint("fetch more blocks"));
    // Positions in the order of the code word: parity, unused parity (erased), data, zeros.
    std::vector<bool> erased(impl_->positions);
    std::vector<const std::uint8_t*> words(impl_->positions, nullptr);
    std::fill_n(erased.begin(), impl_->parity_positions, true);
    for (std::uint32_t j = 0; j < k(); ++j) {
        erased[impl_->parity_positions + j] = !shards[j].present;
        words[impl_->parity_positions + j] = shards[j].bytes;
    }
    for (std::uint32_t i = 0, used = 0; i < m() && used < lost; ++i)
        if (shards[k() + i].present) {
            erased[i] = false;
            words[i] = shards[k() + i].bytes;
            ++used;
        }
    const auto logs = detail::locator_logs(impl_->field, erased);
    for (std::uint32_t j = 0; j < k(); ++j) {
        if (shards[j].present || out[j] == nullptr)
            continue;
        std::memset(out[j], 0, size_bytes);
        for (std::uint32_t y = 0; y < impl_->positions; ++y)
            if (!erased[y] && words[y] != nullptr)
                multiply_add(
                    impl_->field,
                    detail::coefficient(impl_->field, logs, impl_->parity_positions + j, y),
                    words[y], out[j], size_bytes);
    }
    return {};
}

} // namespace codex::erasure
