#include "base/stream.hpp"

namespace codex {

Result<std::size_t> ByteSource::read_some(MutableBytes to) {
    if (to.empty())
        return std::size_t{0};
    CODEX_TRY(got, take(to));
    CODEX_ASSERT(got <= to.size());
    bytes_read_ += got;
    return got;
}

Result<std::size_t> ByteSource::read(MutableBytes to) {
    std::size_t done = 0;
    while (done < to.size()) {
        CODEX_TRY(got, read_some(to.subspan(done)));
        if (got == 0)
            break;
        done += got;
    }
    return done;
}

Error cancelled(std::string_view doing, std::string_view name) {
    return {Errc::cancelled, fmt::format("{} {}: cancelled", doing, name)};
}

} // namespace codex
