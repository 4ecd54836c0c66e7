#include "net/nat/nat_pmp.hpp"

#include "base/endian.hpp"

#include <algorithm>

namespace codex::net::nat {

namespace {

constexpr std::uint16_t kPort = 5351;
constexpr std::uint8_t kAskAddress = 0;
constexpr std::uint8_t kMapUdp = 1;
constexpr std::uint8_t kMapTcp = 2;
constexpr std::uint8_t kAnswers = 128;
constexpr std::size_t kHeadBytes = 8; ///< version, kind, result, seconds since the router began
constexpr Clock::Duration kFirstWait = std::chrono::milliseconds(250);
constexpr std::uint32_t kLifetimeSeconds = 3600;
/// Beyond what clocks differ by: seconds that are missing in the router's count.
constexpr std::int64_t kEpochSlack = 2;

std::string_view reason(std::uint16_t result) {
    switch (result) {
    case 1:
        return "it speaks another version";
    case 2:
        return "it is not allowed there";
    case 3:
        return "it has no address itself yet";
    case 4:
        return "it has no room for more";
    case 5:
        return "it does not know how";
    default:
        return "it does not say why";
    }
}

Bytes mapping_question(const Mapping& mapping, std::uint16_t outside, std::uint32_t seconds) {
    Bytes question(12);
    question[1] = mapping.transport == Transport::tcp ? kMapTcp : kMapUdp;
    store_be(question.data() + 4, mapping.inside);
    store_be(question.data() + 6, outside);
    store_be(question.data() + 8, seconds);
    return question;
}

/// How long an answer to `question` is, at least.
std::size_t answer_bytes(BytesView question) {
    return question[1] == kAskAddress ? 12 : 16;
}

/// What is left of an answer behind its head; nothing, where it is none to `question`. Errors:
/// unavailable, when the router refuses.
Result<std::optional<Bytes>> open_answer(BytesView answer, BytesView question) {
    if (answer.size() < kHeadBytes || answer[1] != question[1] + kAnswers)
        return std::optional<Bytes>();
    const auto result = load_be<std::uint16_t>(answer.data() + 2);
    // One that knows PCP alone says so with that number of a version.
    if (answer[0] != 0 || result != 0)
        return fail(Errc::unavailable, "the router refuses: {}",
                    answer[0] != 0 ? reason(1) : reason(result));
    if (answer.size() < answer_bytes(question))
        return std::optional<Bytes>();
    if (question[1] != kAskAddress &&
        !std::ranges::equal(answer.subspan(8, 2), question.subspan(4, 2)))
        return std::optional<Bytes>(); // of another port
    return std::optional<Bytes>(Bytes(answer.begin() + 4, answer.end()));
}

/// Waits for the answer of `router` until `until`: nothing, when it has not come.
Task<Result<std::optional<Bytes>>> await_answer(DatagramSocket* socket, SocketAddress router,
                                                const Bytes* question, Clock::Instant until) {
    for (;;) {
        std::array<std::uint8_t, 64> bytes{};
        const auto arrived = socket->try_receive(bytes);
        if (!arrived) // that nobody listens there is such an error, and another may
            co_return fail(Errc::unavailable, "no router answers");
        if (!*arrived) {
            const auto waited = co_await socket->readable(until);
            if (!waited)
                co_return std::optional<Bytes>();
            continue;
        }
        if ((*arrived)->from != router) // anyone can send to us
            continue;
        auto answer = open_answer(BytesView(bytes).first(std::min((*arrived)->bytes, bytes.size())),
                                  *question);
        if (!answer || *answer)
            co_return answer;
    }
}

} // namespace

NatPmp::NatPmp(Network& network, Gateway gateway, std::optional<SocketAddress> own)
    : network_(network), gateway_(std::move(gateway)),
      own_(own ? SocketAddress(own->ip_view(), 0)
               : SocketAddress(std::array<std::uint8_t, 4>{}, 0)) {}

Task<Result<Bytes>> NatPmp::ask(NatPmp* self, Bytes question, Clock::Instant until) {
    SocketAddress router = *self->router_;
    router.port = kPort;
    auto socket = self->network_.bind_datagrams(self->own_);
    if (!socket)
        co_return fail(std::move(socket.error()));
    EventLoop& loop = self->network_.loop();
    for (Clock::Duration wait = kFirstWait; loop.now() < until; wait *= 2) {
        const auto sent = (*socket)->try_send(router, question);
        if (!sent)
            co_return fail(Errc::unavailable, "no way to the router");
        const Clock::Instant again = std::min(until, loop.now() + wait);
        CODEX_CO_TRY(answer, await_answer(socket->get(), router, &question, again));
        if (!answer)
            continue;
        self->see_epoch(load_be<std::uint32_t>(answer->data()));
        answer->erase(answer->begin(), answer->begin() + 4);
        co_return std::move(*answer);
    }
    co_return fail(Errc::timeout, "the router does not answer");
}

void NatPmp::see_epoch(std::uint32_t seconds) {
    const Clock::Instant now = network_.loop().now();
    if (epoch_at_) {
        const std::int64_t passed =
            std::chrono::duration_cast<std::chrono::seconds>(now - *epoch_at_).count();
        // RFC 6886, 3.6: it counts at least 7/8 of the seconds that have passed, or has begun anew.
        if (std::int64_t{seconds} + kEpochSlack < std::int64_t{epoch_} + passed * 7 / 8)
            is_new_ = true;
    }
    epoch_ = seconds;
    epoch_at_ = now;
}

Task<Result<Outside>> NatPmp::outside(Clock::Instant until) {
    const auto router = gateway_();
    if (!router) {
        router_.reset();
        co_return fail(Errc::unavailable, "this host has no router");
    }
    if (router != router_) {
        router_ = router;
        epoch_at_.reset();
        is_new_ = true;
    }
    Bytes question(2);
    CODEX_CO_TRY(answer, ask(this, std::move(question), until));
    Outside outside{SocketAddress(BytesView(answer).first(4), 0), is_new_};
    is_new_ = false;
    co_return outside;
}

Task<Result<Mapping>> NatPmp::map(Mapping wanted, Clock::Instant until) {
    if (!router_)
        co_return fail(Errc::unavailable, "this host has no router");
    Bytes question = mapping_question(wanted, wanted.outside, kLifetimeSeconds);
    CODEX_CO_TRY(answer, ask(this, std::move(question), until));
    Mapping granted = wanted;
    granted.outside = load_be<std::uint16_t>(answer.data() + 2);
    granted.lifetime = std::chrono::seconds(load_be<std::uint32_t>(answer.data() + 4));
    if (granted.outside == 0 || granted.lifetime == Clock::Duration::zero())
        co_return fail(Errc::malformed, "the router grants nothing, and does not say so");
    co_return granted;
}

Task<Result<void>> NatPmp::unmap(Mapping granted, Clock::Instant until) {
    if (!router_)
        co_return Result<void>();
    Bytes question = mapping_question(granted, 0, 0);
    CODEX_CO_CHECK(ask(this, std::move(question), until));
    co_return Result<void>();
}

} // namespace codex::net::nat
