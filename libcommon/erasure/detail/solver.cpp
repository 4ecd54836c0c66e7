#include "erasure/detail/solver.hpp"

#include "base/checked.hpp"
#include "erasure/detail/erasures.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace codex::erasure::detail {

namespace {

/// Calls work(begin, end) for ranges that cover size_bytes, on all threads of the pool.
template <class Work> void for_strips(std::size_t size_bytes, Executor& pool, Work work) {
    constexpr std::size_t kAlign = 256;
    constexpr std::size_t kStripsPerThread = 4;
    if (pool.size() == 1) {
        work(std::size_t{0}, size_bytes);
        return;
    }
    const std::size_t wanted = pool.size() * kStripsPerThread;
    const std::size_t strip = div_up(div_up(size_bytes, wanted), kAlign) * kAlign;
    pool.parallel_for(div_up(size_bytes, strip), [&](std::size_t i) {
        work(i * strip, std::min(size_bytes, (i + 1) * strip));
    });
}

/// Memory for the kernels' work rows, not initialised, aligned to a cache line.
class WorkMemory {
public:
    explicit WorkMemory(std::size_t bytes)
        : memory_(std::make_unique_for_overwrite<std::uint8_t[]>(bytes + kLine)) {}
    [[nodiscard]] std::uint8_t* data() const {
        const auto address = reinterpret_cast<std::uintptr_t>(memory_.get());
        return memory_.get() + (kLine - address % kLine) % kLine;
    }

private:
    static constexpr std::size_t kLine = 64;
    std::unique_ptr<std::uint8_t[]> memory_;
};

/// As many buffers read side by side as processors foresee; measured.
constexpr std::size_t kForeseenBuffers = 64;

/// What the factors of a matrix may take, about as much as those of the largest transform. There
/// would be hundreds of megabytes for dozens of tens of thousands of buffers, and many threads may
/// have as many each; a transform takes little longer then, if not less.
constexpr std::size_t kMostFactorBytes = std::size_t{16} << 20;

alignas(64) constexpr std::uint8_t kZeros[kZeroRowBytes] = {};

SourceRow source_row(const std::uint8_t* bytes) {
    return bytes == nullptr ? SourceRow{kZeros, 0} : SourceRow{bytes, ~std::size_t{0}};
}

} // namespace

const Field& field_of(const Shape& shape) {
    return shape.positions() <= 256 ? Field::gf8() : Field::gf16();
}

namespace {

/// The factors of a turn between positions 0 and group * size (row_turns.hpp): K is what the
/// innermost layers of the transforms make of a row 0 of 1.
std::array<std::uint32_t, kTurnFactors> turn_words(const Shape& shape, std::uint32_t group) {
    const Field& field = field_of(shape);
    const auto log_size = static_cast<unsigned>(std::countr_zero(shape.parity_positions()));
    const unsigned layers = turn_layers(log_size);
    const std::uint32_t rows = 1U << layers;
    std::array<std::uint32_t, 8> word{1};
    // Butterflies at a stride of 2^layer rows, of the transforms at the position `base`.
    const auto for_pairs = [&](unsigned layer, std::uint32_t base, auto work) {
        const unsigned shift = log_size - layers;
        for (std::uint32_t row = 0; row < rows; ++row)
            if ((row >> layer & 1U) == 0)
                work(word[row], word[row + (1U << layer)],
                     (base + (row >> layer << layer << shift)) >> (shift + layer));
    };
    for (unsigned layer = 0; layer < layers; ++layer)
        for_pairs(layer, group << log_size,
                  [&](std::uint32_t& u, std::uint32_t& v, std::uint32_t skew) {
                      v ^= u;
                      u ^= field.mul(skew, v);
                  });
    for (unsigned layer = layers; layer-- > 0;)
        for_pairs(layer, 0, [&](std::uint32_t& u, std::uint32_t& v, std::uint32_t skew) {
            u ^= field.mul(skew, v);
            v ^= u;
        });
    for (unsigned layer = 0; layer < layers; ++layer)
        for_pairs(layer, 0, [](std::uint32_t& u, std::uint32_t v, std::uint32_t) { u ^= v; });
    std::array<std::uint32_t, kTurnFactors> found{};
    std::copy(word.begin() + 1, word.end(), found.begin());
    return found;
}

} // namespace

std::vector<std::uint8_t> skew_factors(const Shape& shape, const KernelSet& kernels) {
    const Factors& factors = Factors::of_transform(field_of(shape), kernels.form);
    const std::size_t record = factors.record_bytes();
    const std::uint32_t groups = shape.positions() / shape.parity_positions();
    std::vector<std::uint8_t> records((shape.positions() / 2 + (groups - 1) * kTurnFactors) *
                                      record);
    for (std::uint32_t i = 0; i < shape.positions() / 2; ++i)
        factors.write(2 * i, records.data() + i * record);
    std::uint8_t* to = records.data() + shape.positions() / 2 * record;
    for (std::uint32_t group = 1; group < groups; ++group)
        for (const std::uint32_t word : turn_words(shape, group)) {
            factors.write(word, to);
            to += record;
        }
    return records;
}

Solver::Solver(const Shape& shape, const KernelSet& kernels, std::span<const std::uint8_t> skews,
               std::span<const Role> roles, Method method, const CacheSizes& caches)
    : shape_(shape), kernels_(&kernels), skews_(skews), method_(method), caches_(caches) {
    std::vector<bool> erased(shape.positions());
    std::fill_n(erased.begin(), shape.parity_positions(), true);
    for (std::uint32_t x = 0; x < roles.size(); ++x) {
        erased[x] = roles[x] != Role::known;
        if (roles[x] == Role::known)
            known_.push_back(x);
        if (roles[x] == Role::wanted)
            wanted_.push_back(x);
    }
    encoding_ = !wanted_.empty() && wanted_.front() < shape.parity_positions();
    if (method_ == Method::transform)
        prepare_transform(erased);
    else
        prepare_matrix(std::move(erased));
}

void Solver::prepare_matrix(std::vector<bool> erased) {
    // Exactly `size` positions are erased: parity that is not needed counts as such.
    std::size_t surplus = shape_.parity_positions();
    for (const bool flag : erased)
        surplus -= flag ? 1 : 0;
    for (std::uint32_t x = shape_.parity_positions(); surplus > 0 && x-- > 0;)
        if (!erased[x]) {
            erased[x] = true;
            --surplus;
        }
    std::erase_if(known_, [&](std::uint32_t x) { return erased[x]; });
    if (method_ == Method::exclusive_or)
        return;

    const Field& field = field_of(shape_);
    const auto logs = locator_logs(field, erased);
    const Factors& factors = Factors::of(field, kernels_->form);
    factors_.resize(known_.size() * wanted_.size() * factors.record_bytes());
    std::uint8_t* to = factors_.data();
    for (const std::uint32_t y : known_)
        for (const std::uint32_t x : wanted_) {
            factors.write(coefficient(field, logs, x, y), to);
            to += factors.record_bytes();
        }
}

void Solver::prepare_transform(const std::vector<bool>& erased) {
    if (encoding_)
        return;
    // With L the locator of all erased positions, S the syndromes (received parity XOR the parity
    // of the known data) and c[j] = position[j] >> log2(size), the polynomial Q of degree < size
    // with Q(i) = L(i) S(i) at received parity and 0 at the rest has
    // Q(position[j]) = c[j] data[j] L'(position[j]) at lost data.
    const Field& field = field_of(shape_);
    const auto logs = locator_logs(field, erased);
    const Factors& factors = Factors::of_transform(field, kernels_->form);
    const std::size_t record = factors.record_bytes();
    locator_.resize(shape_.parity_positions() * record);
    const std::uint32_t first = field.exp(logs[0]);
    undisturbed_ = true; // as where all data are lost, and as many as there are parity positions
    for (std::uint32_t i = 0; i < shape_.parity_positions(); ++i) {
        undisturbed_ = undisturbed_ && !erased[i] && field.exp(logs[i]) == first;
        if (!erased[i])
            factors.write(field.exp(logs[i]), locator_.data() + i * record);
    }
    factors_.resize((shape_.positions() - shape_.parity_positions()) * record);
    for (const std::uint32_t x : wanted_) {
        const std::uint32_t scale = field.exp(field.sub_logs(0, logs[x]));
        const std::uint32_t factor = field.div(scale, x / shape_.parity_positions());
        undisturbed_ = undisturbed_ && field.mul(factor, first) == 1;
        factors.write(factor, factors_.data() + (x - shape_.parity_positions()) * record);
    }
}

Method Solver::fastest(const Shape& shape, const KernelSet& kernels, std::span<const Role> roles) {
    if (shape.m() == 1)
        return Method::exclusive_or;
    const std::uint32_t size = shape.parity_positions();
    std::size_t wanted = 0;
    std::size_t data = 0;                              // that is known
    std::vector<bool> groups(roles.size() / size + 1); // with something wanted
    for (std::uint32_t x = 0; x < roles.size(); ++x) {
        if (roles[x] == Role::wanted) {
            ++wanted;
            groups[x / size] = true;
        } else if (roles[x] == Role::known && x >= size) {
            ++data;
        }
    }
    const Field& field = field_of(shape);
    const std::size_t products = wanted * shape.k();
    if (products > kMostFactorBytes / Factors::of(field, kernels.form).record_bytes())
        return Method::transform;
    // Rows that go through transforms: the known data and the parity of it, as in encoding, and to
    // decode, the polynomial and the groups it is evaluated at.
    const std::size_t encoded = data > 0 ? data + size : 0;
    const std::size_t evaluated = // groups[0] is wanted to encode
        groups[0] ? 0
                  : 1 + static_cast<std::size_t>(std::count(groups.begin(), groups.end(), true));
    const bool bytes = field.bits() == 8;
    const auto rows_cost = [&](std::size_t rows, const RowCost& cost) {
        return static_cast<double>(rows) * (cost.once + cost.layer * std::countr_zero(size));
    };
    const double transform_cost =
        rows_cost(encoded, bytes ? kernels.encode8 : kernels.encode16) +
        rows_cost(evaluated * size, bytes ? kernels.decode8 : kernels.decode16);
    return static_cast<double>(products) > transform_cost ? Method::transform : Method::matrix;
}

void Solver::run(std::span<const std::uint8_t* const> from, std::span<std::uint8_t* const> to,
                 std::size_t size_bytes, Executor& pool) const {
    if (wanted_.empty())
        return;
    bool any = false;
    for (const std::uint32_t x : known_)
        any = any || from[x] != nullptr;
    if (!any) {
        for (const std::uint32_t x : wanted_)
            std::memset(to[x], 0, size_bytes);
        return;
    }
    if (method_ == Method::transform)
        run_transform(from, to, size_bytes, pool);
    else
        run_matrix(from, to, size_bytes, pool);
}

void Solver::run_matrix(std::span<const std::uint8_t* const> from,
                        std::span<std::uint8_t* const> to, std::size_t size_bytes,
                        Executor& pool) const {
    const std::size_t column_bytes = known_.empty() ? 0 : factors_.size() / known_.size();
    std::vector<MatrixInput> inputs;
    for (std::size_t j = 0; j < known_.size(); ++j)
        if (from[known_[j]] != nullptr)
            inputs.push_back({from[known_[j]], factors_.data() + j * column_bytes});
    std::vector<std::uint8_t*> outputs;
    for (const std::uint32_t x : wanted_)
        outputs.push_back(to[x]);
    const auto kernel = method_ == Method::exclusive_or ? kernels_->exclusive_or
                        : field_of(shape_).bits() == 8  ? kernels_->matrix8
                                                        : kernels_->matrix16;
    const std::size_t strip = matrix_strip_bytes(caches_);
    for_strips(size_bytes, pool, [&](std::size_t begin, std::size_t end) {
        kernel({inputs.data(), inputs.size(), outputs.data(), outputs.size(), strip, begin, end});
    });
}

void Solver::run_transform(std::span<const std::uint8_t* const> from,
                           std::span<std::uint8_t* const> to, std::size_t size_bytes,
                           Executor& pool) const {
    const std::size_t size = shape_.parity_positions();
    std::vector<SourceRow> sources(shape_.positions(), source_row(nullptr));
    std::vector<std::uint8_t*> results(shape_.positions());
    std::vector<const std::uint8_t*> ahead;
    std::vector<std::size_t> first(shape_.positions() / size, size); // row of a group with bytes
    std::vector<std::size_t> used(shape_.positions() / size);        // rows up to the last such
    std::vector<std::size_t> needed(shape_.positions() / size);      // rows of each group wanted
    for (const std::uint32_t x : known_)
        if (from[x] != nullptr) {
            sources[x] = source_row(from[x]);
            ahead.push_back(from[x]);
            first[x / size] = std::min(first[x / size], x % size);
            used[x / size] = x % size + 1;
        }
    for (const std::uint32_t x : wanted_) {
        results[x] = to[x];
        needed[x / size] = x % size + 1;
    }
    const std::size_t skew_count = shape_.positions() / 2;
    const std::size_t record = skews_.size() / (skew_count + (used.size() - 1) * kTurnFactors);
    std::vector<InputGroup> inputs;
    std::vector<OutputGroup> outputs;
    for (std::size_t group = 0; group < used.size(); ++group) {
        const std::size_t position = group * size;
        if (group > 0 && used[group] > 0)
            inputs.push_back({sources.data() + position, position, first[group], used[group]});
        if (needed[group] > 0)
            outputs.push_back({results.data() + position,
                               encoding_ ? nullptr : factors_.data() + (position - size) * record,
                               position, needed[group]});
    }
    bool streamed = !kernels_->by_planes && wanted_.size() * size_bytes > cached_bytes(caches_);
    for (const std::uint32_t x : wanted_)
        streamed = streamed && reinterpret_cast<std::uintptr_t>(to[x]) % 64 == 0;
    if (!streamed)
        for (const std::uint32_t x : wanted_)
            ahead.push_back(to[x]);
    if (ahead.size() <= kForeseenBuffers)
        ahead.clear();
    const bool one_set = // of work rows is enough
        inputs.size() < 2 &&
        (encoding_ || (kernels_->by_rows && !kernels_->by_planes && outputs.size() == 1));
    const std::size_t row_bytes = work_row_bytes(*kernels_, caches_, one_set ? size : 2 * size,
                                                 known_.size() + wanted_.size());
    std::size_t received = 0;
    for (const std::uint32_t x : known_)
        received = x < size ? x + 1 : received;
    const auto kernel = field_of(shape_).bits() == 8 ? kernels_->transform8 : kernels_->transform16;
    for_strips(size_bytes, pool, [&](std::size_t begin, std::size_t end) {
        const WorkMemory work((2 * size + 1) * row_bytes);
        kernel({.log_size = static_cast<unsigned>(std::countr_zero(size)),
                .skews = skews_.data(),
                .turns = skews_.data() + skew_count * record,
                .inputs = inputs.data(),
                .input_count = inputs.size(),
                .known = encoding_ ? nullptr : sources.data(),
                .known_count = received,
                .locator = locator_.data(),
                .undisturbed = undisturbed_ && inputs.empty(),
                .outputs = outputs.data(),
                .output_count = outputs.size(),
                .ahead = ahead.data(),
                .ahead_count = ahead.size(),
                .stretch = std::max<std::size_t>(512, row_bytes),
                .streamed = streamed,
                .work = work.data(),
                .row_bytes = row_bytes,
                .begin = begin,
                .end = end});
    });
}

} // namespace codex::erasure::detail
