// All columns of a dataset, coded from front to back: a pipeline of three stages over strips of a
// few consecutive columns. One strip is being read while the one before it is coded and hashed and
// the one before that is written or compared.
#pragma once

#include "dataset/dataset.hpp"
#include "dataset/detail/buffer.hpp"
#include "erasure/code.hpp"
#include "erasure/layout.hpp"

#include <functional>
#include <span>
#include <vector>

namespace codex::dataset::detail {

/// The columns [first, first + width). Consecutive columns are consecutive blocks of each row, so a
/// strip is read in k runs. Blocks are row-major: data[row * width + column - first].
struct Strip {
    std::uint64_t first = 0;
    std::uint64_t width = 0;
    std::vector<BlockRead> data;   ///< k * width, verified; padding is the empty block
    std::vector<BytesView> parity; ///< m * width
    std::vector<Digest> digests;   ///< of `parity`
    std::vector<bool> coded;       ///< width: false where a data block could not be read

    PageBuffer data_buffer, parity_buffer;
};

/// Computes the parity of a whole dataset.
class StripCoder {
public:
    /// `leaves` is a tree whose leaves 0 .. n-1 are the data blocks: the plain one, or the
    /// protected one. `block_size` is a multiple of 64. All references outlive the coder.
    StripCoder(const Job& job, const erasure::Layout& layout, const erasure::Code& code,
               const repo::StoredTree& leaves, std::uint32_t block_size);

    /// Gives each strip to `sink`, in order, one at a time, in another thread; stops at the first
    /// error. Memory: kColumnMemoryBytes, or one column (k + m blocks) where that is more.
    /// Errors: io, the sink's; a data block that cannot be read is the sink's matter.
    [[nodiscard]] Result<void> run(const std::function<Result<void>(Strip&)>& sink);

private:
    [[nodiscard]] Result<void> read(Strip& strip, std::uint64_t number) const;
    [[nodiscard]] Result<void> code(Strip& strip) const;
    [[nodiscard]] Result<void> code_column(Strip& strip, std::uint64_t offset,
                                           Executor& pool) const;

    const Job& job_;
    const erasure::Layout& layout_;
    const erasure::Code& code_;
    const repo::StoredTree& leaves_;
    std::uint32_t block_size_;
    std::uint64_t width_; ///< columns of a strip
    std::size_t strips_;  ///< that circulate
};

} // namespace codex::dataset::detail
