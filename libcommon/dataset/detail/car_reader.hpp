// A CAR v1 stream, a batch of sections at a time (ipld.io/specs/transport/car/carv1). The bytes are
// read in bulk into the batch's buffer and cut up in place.
#pragma once

#include "codec/car.hpp"
#include "dataset/detail/buffer.hpp"
#include "dataset/detail/stream.hpp"

#include <memory>
#include <vector>

namespace codex::dataset::detail {

struct CarSection {
    std::uint64_t offset = 0; ///< of the section's first byte in the (uncompressed) archive
    Cid cid;
    BytesView data; ///< in the batch's buffer; not yet compared with the CID
};

struct CarBatch {
    PageBuffer buffer;
    std::vector<CarSection> sections;
};

class CarReader {
public:
    /// Reads the header. Errors: car_invalid with the byte offset; unsupported (other versions);
    /// io.
    [[nodiscard]] static Result<CarReader> open(std::unique_ptr<ByteSource> source);

    [[nodiscard]] const std::vector<Cid>& roots() const { return roots_; }

    /// The next sections, at least one and at most kMaxBatchBlocks; false at the end of the
    /// archive. Uses the batch's buffer, and makes a larger one for a section that does not fit, up
    /// to codec::kMaxCarSectionBytes. Errors: car_invalid with the byte offset; io.
    [[nodiscard]] Result<bool> next(CarBatch& batch);

    /// Bytes of the archive that next() has given out.
    [[nodiscard]] std::uint64_t offset() const { return offset_; }
    /// A car_invalid error at a byte of the archive.
    [[nodiscard]] Error invalid(std::uint64_t offset, std::string_view what) const;

private:
    [[nodiscard]] Error no_archive() const;
    [[nodiscard]] Error cut_off(std::uint64_t offset, std::string_view what) const;
    explicit CarReader(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

    [[nodiscard]] Result<void> read_header();
    [[nodiscard]] Result<std::size_t> read(MutableBytes to);
    [[nodiscard]] Result<std::size_t> fill(CarBatch& batch, std::size_t size);
    void give_back(BytesView bytes);
    [[nodiscard]] Result<std::size_t> cut(BytesView bytes, std::vector<CarSection>& sections) const;

    std::unique_ptr<ByteSource> source_;
    std::vector<Cid> roots_;
    std::uint64_t offset_ = 0;
    Bytes rest_; // read already, but not given out: the beginning of a section, or tiny sections
    std::size_t rest_at_ = 0; // of what is left of it
    bool ended_ = false;
};

} // namespace codex::dataset::detail
