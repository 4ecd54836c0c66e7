#include "dataset/detail/strip.hpp"

#include "base/checked.hpp"
#include "base/side_job.hpp"
#include "crypto/hash/sha256.hpp"
#include "dataset/detail/column.hpp"
#include "dataset/detail/hash.hpp"

#include <algorithm>

namespace codex::dataset::detail {

StripCoder::StripCoder(const Job& job, const erasure::Layout& layout, const erasure::Code& code,
                       const repo::StoredTree& leaves, std::uint32_t block_size)
    : job_(job), layout_(layout), code_(code), leaves_(leaves), block_size_(block_size) {
    constexpr std::size_t kStages = 3;
    const std::size_t columns = columns_at_a_time(layout.rows(), block_size);
    // Where three columns are too many for the memory, the stages take turns over one.
    strips_ = columns >= kStages ? kStages : 1;
    width_ = std::clamp<std::uint64_t>(columns / strips_, 1, layout.steps);
}

Result<void> StripCoder::run(const std::function<Result<void>(Strip&)>& sink) {
    std::vector<Strip> strips(strips_);
    for (Strip& strip : strips) {
        strip.data_buffer = PageBuffer(width_ * layout_.k() * block_size_);
        strip.parity_buffer = PageBuffer(width_ * layout_.m() * block_size_);
    }
    Result<void> was_read, was_sunk;
    SideJob reading, sinking; // die before the above, having waited
    const auto start = [this](SideJob& job, const auto& work) {
        if (strips_ > 1)
            job.start_or_run(job_.executor(), work);
        else
            work();
    };
    const auto start_reading = [&](std::uint64_t number) {
        start(reading, [this, &was_read, &strip = strips[number % strips_], number] {
            was_read = read(strip, number);
        });
    };

    const std::uint64_t count = div_up(layout_.steps, width_);
    start_reading(0);
    for (std::uint64_t number = 0; number < count; ++number) {
        Strip& strip = strips[number % strips_];
        reading.wait();
        CODEX_CHECK(job_.go_on());
        CODEX_CHECK(std::move(was_read));
        const bool more = number + 1 < count;
        // The next strip's memory is free: its last sink was waited for one turn ago.
        if (more && strips_ > 1)
            start_reading(number + 1);
        CODEX_CHECK(code(strip));
        CODEX_CHECK(job_.go_on());
        sinking.wait();
        CODEX_CHECK(std::move(was_sunk));
        start(sinking, [&was_sunk, &sink, &strip] { was_sunk = sink(strip); });
        if (more && strips_ == 1)
            start_reading(number + 1);
    }
    sinking.wait();
    return was_sunk;
}

Result<void> StripCoder::read(Strip& strip, std::uint64_t number) const {
    strip.first = number * width_;
    strip.width = std::min(width_, layout_.steps - strip.first);
    strip.data.assign(layout_.k() * strip.width, {});
    std::vector<Digest> leaves(strip.width);
    for (std::uint32_t row = 0; row < layout_.k(); ++row) {
        const std::uint64_t begin = layout_.index(strip.first, row);
        const std::uint64_t known = begin < layout_.original_blocks
                                        ? std::min(strip.width, layout_.original_blocks - begin)
                                        : 0;
        CODEX_CHECK(job_.go_on());
        if (known > 0)
            CODEX_CHECK(leaves_.leaves(begin, std::span(leaves).first(known)));
        for (std::uint64_t i = 0; i < strip.width; ++i) {
            const std::size_t place = row * strip.width + i;
            strip.data[place].cid = i < known ? Cid::block(leaves[i]) : Cid::empty_block();
            strip.data[place].buffer =
                strip.data_buffer.bytes().subspan(place * block_size_, block_size_);
            strip.data[place].leaf = {&leaves_.cid(), begin + i};
        }
    }
    return job_.blocks.read(strip.data);
}

Result<void> StripCoder::code(Strip& strip) const {
    strip.coded.assign(strip.width, true);
    for (std::size_t i = 0; i < strip.data.size(); ++i) {
        BlockRead& block = strip.data[i];
        // The empty block stands for a block of zeros (codex-cid(5), THE EMPTY BLOCK); no other
        // size is right.
        if (block.state == BlockRead::State::ok && block.size != 0 && block.size != block_size_)
            block.state = BlockRead::State::damaged;
        if (block.state != BlockRead::State::ok)
            strip.coded[i % strip.width] = false;
    }
    const std::size_t blocks = layout_.m() * strip.width;
    strip.parity.resize(blocks);
    strip.digests.resize(blocks);
    for (std::size_t i = 0; i < blocks; ++i)
        strip.parity[i] = strip.parity_buffer.bytes().subspan(i * block_size_, block_size_);

    Executor& pool = job_.executor();
    std::vector<Result<void>> results(strip.width);
    // Many columns: one to a thread. Fewer than threads: the threads share the blocks' strips.
    if (strip.width < pool.size()) {
        for (std::uint64_t i = 0; i < strip.width; ++i)
            results[i] = code_column(strip, i, pool);
    } else {
        pool.parallel_for(strip.width, [&](std::size_t i) {
            results[i] = code_column(strip, i, Executor::caller());
        });
    }
    for (Result<void>& result : results)
        CODEX_CHECK(std::move(result));
    hash_blocks(pool, strip.parity, strip.digests);
    job_.advance(strip.data.size() * block_size_);
    return {};
}

Result<void> StripCoder::code_column(Strip& strip, std::uint64_t offset, Executor& pool) const {
    if (!strip.coded[offset])
        return {};
    std::vector<const std::uint8_t*> data(layout_.k());
    for (std::uint32_t row = 0; row < layout_.k(); ++row) {
        const BlockRead& block = strip.data[row * strip.width + offset];
        data[row] = block.size == 0 ? nullptr : block.buffer.data();
    }
    std::vector<std::uint8_t*> parity(layout_.m());
    for (std::uint32_t row = 0; row < layout_.m(); ++row)
        parity[row] =
            strip.parity_buffer.bytes().data() + (row * strip.width + offset) * block_size_;
    return code_.encode(data, parity, block_size_, pool);
}

} // namespace codex::dataset::detail
