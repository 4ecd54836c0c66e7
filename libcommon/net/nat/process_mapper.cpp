#include "net/nat/process_mapper.hpp"

#include <algorithm>
#include <utility>

namespace codex::net::nat {

namespace {

/// More than it has ever taken, and little of a small machine.
constexpr ProgramLimits kLimits = {
    .memory_bytes = std::uint64_t{256} << 20,
    .cpu_seconds = 3,
    .descriptors = 32,
    .output_bytes = kMaxAnswerBytes,
};
/// It ends by itself before it is ended, so that it can say why.
constexpr Clock::Duration kToSayWhy = std::chrono::milliseconds(500);
/// Beyond what clocks differ by: seconds that are missing in the router's count.
constexpr std::int64_t kAgeSlack = 2;

std::int64_t seconds_of(Clock::Duration span) {
    return std::chrono::duration_cast<std::chrono::seconds>(span).count();
}

} // namespace

ProcessMapper::ProcessMapper(EventLoop& loop, Programs& programs, Way way, ProgramFor program,
                             std::optional<SocketAddress> own)
    : loop_(loop), programs_(programs), way_(way), program_(std::move(program)), own_(own) {}

RouterQuestion ProcessMapper::question(RouterQuestion::About about) const {
    RouterQuestion question;
    question.about = about;
    question.way = way_;
    question.router = router_;
    question.own = own_;
    return question;
}

Task<Result<RouterAnswer>> ProcessMapper::ask(ProcessMapper* self, RouterQuestion question,
                                              Clock::Instant until) {
    const std::int64_t patience = seconds_of(until - self->loop_.now() - kToSayWhy);
    question.patience = std::chrono::seconds(std::max<std::int64_t>(patience, 1));
    Program program = self->program_(question);
    program.limits = kLimits;
    auto end = co_await self->programs_.run(std::move(program), until);
    if (!end && end.error().code() == Errc::timeout)
        co_return fail(Errc::timeout, "the router does not answer");
    if (!end)
        co_return fail(std::move(end).error().context("ask the router"));
    auto answer = read_answer(end->output, question);
    // It may have been ended by a limit, or was never begun.
    if (!answer && answer.error().code() == Errc::malformed && end->status != 0)
        co_return fail(Errc::unavailable, "what asks the router ended with {}", end->status);
    co_return answer;
}

bool ProcessMapper::is_another(const RouterAnswer& answer) {
    const Clock::Instant now = loop_.now();
    const std::string before = std::exchange(before_, answer.router);
    const auto age = std::exchange(age_, answer.age_seconds);
    const Clock::Instant age_at = std::exchange(age_at_, now);
    if (before != answer.router || age.has_value() != answer.age_seconds.has_value())
        return true;
    // RFC 6886, 3.6: it counts at least 7/8 of the seconds that have passed, or has begun anew.
    return age && std::int64_t{*answer.age_seconds} + kAgeSlack <
                      std::int64_t{*age} + seconds_of(now - age_at) * 7 / 8;
}

Task<Result<Outside>> ProcessMapper::outside(Clock::Instant until) {
    // NAT-PMP has one router, which is this host's, now.
    if (way_ == Way::pmp)
        router_.clear();
    RouterQuestion wanted = question(RouterQuestion::About::address);
    auto answer = co_await ask(this, std::move(wanted), until);
    if (!answer) {
        router_.clear(); // the next time it is looked for
        co_return fail(std::move(answer).error());
    }
    router_ = answer->router;
    co_return Outside{answer->address, is_another(*answer)};
}

Task<Result<Mapping>> ProcessMapper::map(Mapping wanted, Clock::Instant until) {
    RouterQuestion asked = question(RouterQuestion::About::map);
    asked.mapping = wanted;
    CODEX_CO_TRY(answer, ask(this, std::move(asked), until));
    co_return answer.mapping;
}

Task<Result<void>> ProcessMapper::unmap(Mapping granted, Clock::Instant until) {
    RouterQuestion asked = question(RouterQuestion::About::unmap);
    asked.mapping = granted;
    CODEX_CO_CHECK(ask(this, std::move(asked), until));
    co_return Result<void>();
}

} // namespace codex::net::nat
