// Missing and damaged blocks of a protected dataset while it is read from front to end.
#pragma once

#include "dataset/detail/buffer.hpp"
#include "dataset/detail/column.hpp"

#include <map>

namespace codex::dataset::detail {

class Recovery {
public:
    /// For reading data blocks up to, not including, `end`. Errors: as Columns::open().
    [[nodiscard]] static Result<Recovery> open(const Job& job, const codec::Manifest& manifest,
                                               std::uint64_t end);

    /// One block that could not be read.
    struct Wanted {
        std::uint64_t index = 0;
        MutableBytes buffer; ///< block size bytes
    };
    /// Fills the buffers. `next` is the first index that will be read after this batch. Gives the
    /// position in `wanted` of a block that parity does not cover, or nothing when all are there.
    [[nodiscard]] Result<std::optional<std::size_t>> restore(std::span<const Wanted> wanted,
                                                             std::uint64_t next);

private:
    Recovery(const Job& job, Columns columns, std::uint64_t end)
        : job_(job), columns_(std::move(columns)), end_(end) {}

    [[nodiscard]] Result<std::vector<std::uint64_t>> missing_later(std::span<const LostBlock> lost,
                                                                   std::uint64_t next) const;

    Job job_;
    Columns columns_;
    std::uint64_t end_;
    // Blocks computed before their turn, by index: reading a code word costs k blocks, and where
    // the rows are short its other lost blocks are wanted soon.
    std::map<std::uint64_t, PageBuffer> ahead_;
};

} // namespace codex::dataset::detail
