#include "net/mux/muxer.hpp"

namespace codex::net::mux {

std::size_t Muxer::write(StreamId stream, BytesView bytes, Bytes& out) {
    std::size_t written = 0;
    while (written < bytes.size()) {
        const std::size_t part = begin_data(stream, bytes.size() - written, out);
        if (part == 0)
            break;
        append(out, bytes.subspan(written, part));
        written += part;
    }
    return written;
}

} // namespace codex::net::mux
