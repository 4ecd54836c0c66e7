// The inner loops of the code, once for each instruction set: declarations only, so that a kernel
// file compiled for wider registers shares no code with the rest.
//
// Every kernel works on the bytes [begin, end) of all its buffers, multiples of 64; any alignment
// of the buffers. A factor is a constant multiplier in the form the instructions want, see
// factors.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

namespace codex::erasure::detail {

/// How a constant multiplier is stored. nibbles: products of each nibble (32 bytes for GF(2^8),
/// 128 for GF(2^16)); affine: 8x8 bit matrices (8 bytes, 32 bytes).
enum class FactorForm : std::uint8_t { nibbles, affine };

/// An input buffer of a matrix product and the factors that carry it to each output, in order.
struct MatrixInput {
    const std::uint8_t* bytes;
    const std::uint8_t* factors;
};

/// outputs[r] = XOR over inputs j of factor(j, r) * inputs[j]; at least one input.
struct MatrixJob {
    const MatrixInput* inputs;
    std::size_t input_count;
    std::uint8_t* const* outputs;
    std::size_t output_count;
    std::size_t strip_bytes; ///< of all inputs, to be read by all rows while they are in cache
    std::size_t begin;
    std::size_t end;
};

/// A buffer to read: offset & mask is added to `bytes`, so that a mask of 0 with one chunk of zeros
/// is a buffer of zeros of any size.
struct SourceRow {
    const std::uint8_t* bytes;
    std::size_t mask;
};

/// Data of `size` consecutive positions from `position` on; rows below `first` and from `count` on
/// are zeros.
struct InputGroup {
    const SourceRow* rows;
    std::size_t position;
    std::size_t first;
    std::size_t count;
};

/// Wanted results at `size` consecutive positions: nullptr where none is wanted, which is so for
/// all rows from `count` on. With `factors` (one for each row) results are multiplied.
struct OutputGroup {
    std::uint8_t* const* rows;
    const std::uint8_t* factors;
    std::size_t position;
    std::size_t count;
};

/// Transforms of size m = 2^log_size (codex-erasure(5), THE TRANSFORM). All inputs are transformed
/// and summed; the transform of the sum at positions 0..m-1 is the parity. Encoding ends there:
/// `outputs` is one group at position 0. Decoding adds the received parity (`known`, m rows),
/// multiplies by the locator (m factors, 0 for what was not received), and transforms the
/// polynomial so found to the positions of the outputs.
struct TransformJob {
    unsigned log_size;
    const std::uint8_t* skews; ///< factors of the words 0, 2, 4, ...
    const std::uint8_t*
        turns; ///< kTurnFactors for each group of 2^log_size positions but the first
    const InputGroup* inputs;
    std::size_t input_count;
    const SourceRow* known;  ///< nullptr to encode
    std::size_t known_count; ///< rows of it from here on were not received
    const std::uint8_t* locator;
    bool undisturbed; ///< locator and factors may be left out: no inputs, and all products are 1
    const OutputGroup* outputs;
    std::size_t output_count;
    const std::uint8_t* const* ahead; ///< the buffers to ask for ahead of their use
    std::size_t ahead_count;
    std::size_t stretch;   ///< bytes of each of them at a time, a multiple of row_bytes
    bool streamed;         ///< results go past the caches; all aligned to 64 then
    std::uint8_t* work;    ///< 2 m + 1 rows of row_bytes, aligned to 64
    std::size_t row_bytes; ///< bytes of every buffer taken together, a multiple of 128
    std::size_t begin;
    std::size_t end;
};

/// The factors that carry the sum of three, two or one innermost layers from one group of positions
/// to another: 7, 3 or 1 of them are used (row_turns.hpp).
constexpr std::size_t kTurnFactors = 7;

/// How many layers of a transform of size 2^log_size are in the turn: as many as there are factors
/// for, but that a single layer takes as long for a pass as two do.
constexpr unsigned turn_layers(unsigned log_size) {
    return log_size == 4 ? 2 : log_size < 3 ? log_size : 3;
}
constexpr std::size_t kZeroRowBytes = 2048; ///< bytes behind a SourceRow of mask 0

/// What a row of a transform costs, in products of the matrix, with buffers of 64 KiB: so much, and
/// so much for each layer. Measured; less than nothing where few layers take less than their share.
struct RowCost {
    double once;
    double layer;
};

struct KernelSet {
    const char* name;
    FactorForm form;
    bool by_rows;           ///< row_transform.hpp, or column_transform.hpp
    bool by_planes = false; ///< or plane_transform.hpp: two sets of rows, no stores past the caches
    RowCost encode8, encode16;              ///< of data, and of the parity of it
    RowCost decode8, decode16;              ///< of what only decoding has
    std::size_t shortest_row = 128;         ///< bytes of a buffer that are taken together, at least
    void (*exclusive_or)(const MatrixJob&); ///< all factors 1, one output, either field
    void (*matrix8)(const MatrixJob&);
    void (*matrix16)(const MatrixJob&);
    void (*transform8)(const TransformJob&);
    void (*transform16)(const TransformJob&);
};

extern const KernelSet kScalarKernels; ///< any machine
#if defined(__x86_64__)
extern const KernelSet kSsse3Kernels; ///< the x86-64-v2 baseline
extern const KernelSet kAvx2Kernels;
extern const KernelSet kGfniKernels;   ///< GFNI with 256-bit registers
extern const KernelSet kAvx512Kernels; ///< GFNI with 512-bit registers
// Its kernels of GF(2^16), which have a file of their own.
void avx512_matrix16(const MatrixJob& job);
void avx512_transform16(const TransformJob& job);
#endif

} // namespace codex::erasure::detail
