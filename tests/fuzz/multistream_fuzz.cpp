// Negotiation says the same however its bytes arrive, and answers with no more than it may.
#include "net/select/negotiation.hpp"
#include "property.hpp"

#include <optional>

using namespace codex;
using namespace codex::net::select;

namespace {

/// What one side made of it.
struct Outcome {
    bool failed = false;
    std::optional<std::string> chosen;
    Bytes out;
    std::size_t taken = 0;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

template <class Side> Outcome run(Side side, BytesView input, std::size_t piece) {
    Outcome outcome;
    Bytes pending;
    for (std::size_t at = 0; at < input.size() && !outcome.failed && !side.done(); at += piece) {
        append(pending, input.subspan(at, std::min(piece, input.size() - at)));
        const auto taken = side.receive(pending, outcome.out);
        outcome.failed = !taken;
        if (!taken)
            break;
        FUZZ_CHECK(*taken <= pending.size());
        outcome.taken += *taken;
        pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(*taken));
        FUZZ_CHECK(side.done() || pending.size() <= kMaxLineBytes + 10);
    }
    if (side.done())
        outcome.chosen = side.chosen();
    if (outcome.failed)
        outcome.taken = 0;
    return outcome;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<std::string> served = {"/noise", "/mplex/6.7.0", "/yamux/1.0.0"};
    const BytesView input(data, size);
    const Outcome listened = run(Listener(served), input, size + 1);
    FUZZ_CHECK(run(Listener(served), input, 1) == listened);
    FUZZ_CHECK(listened.out.size() <= (kMaxProposals + 1) * 64);
    const Outcome dialled = run(Dialer(served), input, size + 1);
    FUZZ_CHECK(run(Dialer(served), input, 1) == dialled);
    return 0;
}
