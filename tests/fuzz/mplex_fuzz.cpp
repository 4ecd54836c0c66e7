// mplex: see mux_property.hpp.
#include "mux_property.hpp"
#include "net/mux/mplex.hpp"

using namespace codex;
using namespace codex::net::mux;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    check_muxer<Mplex>([] { return Mplex(small_limits()); }, {data, size});
    return 0;
}
