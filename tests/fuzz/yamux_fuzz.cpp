// yamux: see mux_property.hpp; and of either side.
#include "mux_property.hpp"
#include "net/mux/yamux.hpp"

using namespace codex;
using namespace codex::net::mux;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    for (const Side side : {Side::dialer, Side::listener})
        check_muxer<Yamux>([side] { return Yamux(side, small_limits()); }, {data, size});
    return 0;
}
