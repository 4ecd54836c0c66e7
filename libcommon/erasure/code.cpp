#include "erasure/code.hpp"

#include "erasure/detail/kernel_choice.hpp"
#include "erasure/detail/solver.hpp"

#include <mutex>

namespace codex::erasure {

namespace {

using detail::Role;

constexpr std::size_t kChunkBytes = 64;

Result<void> check_size(std::size_t size_bytes) {
    if (size_bytes == 0 || size_bytes % kChunkBytes != 0)
        return fail(Error(Errc::erasure_parameters,
                          fmt::format("buffers of {} bytes: not a positive multiple of {}",
                                      size_bytes, kChunkBytes))
                        .hint("pad the buffers with zeros"));
    return {};
}

Result<void> check_count(std::string_view what, std::size_t given, std::size_t needed) {
    if (given != needed)
        return fail(
            Error(Errc::erasure_parameters,
                  fmt::format("{} {} buffers given where the code has {}", given, what, needed))
                .hint("pass one entry for each position"));
    return {};
}

/// Data known, parity wanted.
std::vector<Role> encoding_roles(const Shape& shape) {
    std::vector<Role> roles(std::size_t{shape.parity_positions()} + shape.k(), Role::unused);
    std::fill_n(roles.begin(), shape.m(), Role::wanted);
    std::fill_n(roles.begin() + shape.parity_positions(), shape.k(), Role::known);
    return roles;
}

} // namespace

struct Code::Impl {
    explicit Impl(const Shape& of)
        : shape(of), kernels(detail::best_kernels()), skews(detail::skew_factors(shape, kernels)),
          encoder(solver(encoding_roles(shape))) {}

    [[nodiscard]] detail::Solver solver(std::span<const Role> roles) const {
        return {shape, kernels, skews, roles, detail::Solver::fastest(shape, kernels, roles)};
    }

    /// The solver of these losses: the last one where they are the same, as they are for most
    /// columns of a dataset.
    [[nodiscard]] std::shared_ptr<const detail::Solver> decoder(std::vector<Role> roles) const {
        {
            const std::lock_guard lock(mutex);
            if (roles == last_roles)
                return last_decoder;
        }
        auto made = std::make_shared<const detail::Solver>(solver(roles));
        const std::lock_guard lock(mutex);
        last_roles = std::move(roles);
        last_decoder = made;
        return made;
    }

    Shape shape;
    const detail::KernelSet& kernels;
    std::vector<std::uint8_t> skews;
    detail::Solver encoder;

    mutable std::mutex mutex;
    mutable std::vector<Role> last_roles;                       // under mutex
    mutable std::shared_ptr<const detail::Solver> last_decoder; // under mutex
};

Code::Code(const Shape& shape) : impl_(std::make_unique<Impl>(shape)) {}
Code::~Code() = default;
Code::Code(Code&&) noexcept = default;
Code& Code::operator=(Code&&) noexcept = default;

const Shape& Code::shape() const {
    return impl_->shape;
}
std::uint32_t Code::k() const {
    return impl_->shape.k();
}
std::uint32_t Code::m() const {
    return impl_->shape.m();
}

Result<void> Code::encode(std::span<const std::uint8_t* const> data,
                          std::span<std::uint8_t* const> parity, std::size_t size_bytes,
                          Executor& pool) const {
    CODEX_CHECK(check_size(size_bytes));
    CODEX_CHECK(check_count("data", data.size(), k()));
    CODEX_CHECK(check_count("parity", parity.size(), m()));
    const std::size_t first_data = impl_->shape.parity_positions();
    std::vector<const std::uint8_t*> from(first_data + k());
    std::copy(data.begin(), data.end(), from.begin() + static_cast<std::ptrdiff_t>(first_data));
    impl_->encoder.run(from, parity, size_bytes, pool);
    return {};
}

Result<void> Code::decode(std::span<const Shard> shards, std::span<std::uint8_t* const> out,
                          std::size_t size_bytes, Executor& pool) const {
    CODEX_CHECK(check_size(size_bytes));
    CODEX_CHECK(check_count("shard", shards.size(), std::size_t{k()} + m()));
    CODEX_CHECK(check_count("output", out.size(), k()));

    const std::size_t first_data = impl_->shape.parity_positions();
    std::vector<Role> roles(first_data + k(), Role::unused);
    std::vector<const std::uint8_t*> from(roles.size());
    std::vector<std::uint8_t*> to(roles.size());
    std::size_t present = 0;
    bool wanted = false;
    for (std::size_t i = 0; i < shards.size(); ++i) {
        const std::size_t x = i < k() ? first_data + i : i - k();
        if (shards[i].present) {
            roles[x] = Role::known;
            from[x] = shards[i].bytes;
            ++present;
        } else if (i < k() && out[i] != nullptr) {
            roles[x] = Role::wanted;
            to[x] = out[i];
            wanted = true;
        }
    }
    if (present < k())
        return fail(Error(Errc::erasure_unrepairable,
                          fmt::format("{} of {} blocks of a column are present, {} are needed",
                                      present, shards.size(), k()))
                        .hint("fetch more of its blocks; only the loss of m of them is covered"));
    if (wanted)
        impl_->decoder(std::move(roles))->run(from, to, size_bytes, pool);
    return {};
}

} // namespace codex::erasure
