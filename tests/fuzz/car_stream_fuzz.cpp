// CAR archives, plain and compressed, cut into sections: whatever comes, the sections are in order,
// do not overlap, and lie within the input.
#include "base/fd_stream.hpp"
#include "dataset/detail/car_reader.hpp"

#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace codex;
using namespace codex::dataset::detail;

Result<void> read_archive(int fd) {
    static CarBatch batch; // its buffer is made once
    CODEX_TRY(input, FdSource::create(fd, "input"));
    CODEX_TRY(source, open_source(input, std::uint64_t{1} << 26));
    CODEX_TRY(reader, CarReader::open(std::move(source)));
    std::uint64_t end = reader.offset();
    for (;;) {
        CODEX_TRY(more, reader.next(batch));
        if (!more)
            return {};
        for (const CarSection& section : batch.sections) {
            if (section.offset != end)
                std::abort();
            const Bytes prefix = codec::encode_car_section_prefix(section.cid, section.data.size());
            end += prefix.size() + section.data.size();
        }
        if (end != reader.offset())
            std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Fd file(::memfd_create("input", MFD_CLOEXEC));
    if (!file || !pwrite_full(file.get(), {data, size}, 0, "input"))
        std::abort();
    static_cast<void>(read_archive(file.get()));
    return 0;
}
