#include "net/nat/way_in.hpp"

#include "base/copy_error.hpp"
#include "net/address/multiaddr.hpp"

#include <algorithm>
#include <utility>

namespace codex::net::nat {

namespace {

constexpr Clock::Duration kFind = std::chrono::seconds(6); ///< by one way, with the address
constexpr Clock::Duration kMap = std::chrono::seconds(6);
constexpr Clock::Duration kEnd = std::chrono::seconds(2);
/// How often the router is asked whether it has another address.
constexpr Clock::Duration kLook = std::chrono::minutes(2);
constexpr Clock::Duration kRenew = std::chrono::minutes(20);
/// Also of a router that grants less: who lets nobody rest is not obeyed.
constexpr Clock::Duration kLeastRenew = std::chrono::seconds(30);
/// Between two tries where there is no way in, or it was not renewed.
constexpr Clock::Duration kFirstPause = std::chrono::seconds(30);
constexpr Clock::Duration kLongestPause = std::chrono::minutes(20);
/// Looks in a row that may fail before the way in counts as lost.
constexpr int kMostFailures = 3;

/// Without its port.
std::string host_text(const SocketAddress& address) {
    const std::string text = address.text();
    return text.substr(0, text.rfind(':'));
}

Result<void> check(const SocketAddress& address) {
    const Multiaddr shown = Multiaddr::tcp(address.ip_view(), 1);
    if (shown.is_global())
        return {};
    if (shown.is_private())
        return fail(Errc::unavailable,
                    "the router is itself behind another one: its address {} is no address of the "
                    "internet",
                    host_text(address));
    return fail(Errc::unavailable, "the router has no address of the internet: {}",
                host_text(address));
}

} // namespace

WayIn::WayIn(EventLoop& loop, std::vector<std::unique_ptr<PortMapper>> ways, WayInOptions options)
    : loop_(loop), ways_(std::move(ways)), options_(std::move(options)),
      log_(options_.logger.with_topics("nat")) {
    tasks_.emplace(loop_, on_thrown());
    tasks_->start(run(this));
}

WayIn::~WayIn() = default;

TaskGroup::OnThrown WayIn::on_thrown() {
    return [this](const std::exception_ptr& /*thrown*/) {
        ended_ = true; // what was granted ends by itself, or stays
        log_.error("The router is not asked any more", {{"error", Error(Errc::out_of_memory)}});
    };
}

void WayIn::end() {
    options_.changed = {};
    tasks_.reset(); // whatever is being asked
    tasks_.emplace(loop_, on_thrown());
    tasks_->start(finish(this));
}

Task<void> WayIn::run(WayIn* self) {
    for (Clock::Duration pause = kFirstPause;;) {
        const auto is_open = co_await open(self);
        if (is_open) {
            pause = kFirstPause;
            co_await hold(self);
        }
        co_await self->loop_.pause_until(self->loop_.now() + pause);
        pause = std::min(2 * pause, kLongestPause);
    }
}

/// By the first way that gives one.
Task<bool> WayIn::open(WayIn* self) {
    std::string why;
    for (const auto& way : self->ways_) {
        const auto opened = co_await open_by(self, way.get());
        if (opened)
            co_return true;
        why += fmt::format("{}{}: {}", why.empty() ? "" : "; ", way->name(), opened.error().text());
    }
    self->say_none(why);
    co_return false;
}

Task<Result<void>> WayIn::open_by(WayIn* self, PortMapper* way) {
    self->way_ = way;
    self->held_.clear();
    const auto want = [self](Transport transport, std::uint16_t port) {
        self->held_.push_back({{transport, port, port}});
    };
    want(Transport::tcp, self->options_.tcp_port);
    if (self->options_.udp_port != 0)
        want(Transport::udp, self->options_.udp_port);
    co_return co_await renew(self, true);
}

/// Asks for one of what is held, again.
Task<Result<void>> WayIn::map(WayIn* self, Held* held) {
    const Clock::Instant until = self->loop_.now() + kMap;
    CODEX_CO_TRY(granted, self->way_->map(held->mapping, until));
    held->mapping = granted;
    held->is_granted = true;
    co_return Result<void>();
}

/// Asks for the router's address and, where that is another one or `all` is wanted, for all that is
/// held.
Task<Result<void>> WayIn::renew(WayIn* self, bool all) {
    const Clock::Instant until = self->loop_.now() + kFind;
    CODEX_CO_TRY(outside, self->way_->outside(until));
    const auto checked = check(outside.address);
    if (!checked)
        co_return fail(copy_of(checked.error()));
    if (!all && !outside.is_new && outside.address == self->address_)
        co_return Result<void>();
    CODEX_CO_CHECK(map(self, &self->held_.front()));
    if (self->held_.size() > 1) {
        Held& datagrams = self->held_.back();
        const auto done = co_await map(self, &datagrams);
        if (!done)
            self->log_.warn("The router lets in connections and no datagrams",
                            {{"way", self->way_->name()}, {"error", done.error()}});
        datagrams.is_granted = done.has_value();
    }
    self->address_ = outside.address;
    self->tell();
    co_return Result<void>();
}

/// Until it is lost.
Task<void> WayIn::hold(WayIn* self) {
    int failures = 0;
    Clock::Instant renewed = self->loop_.now();
    while (failures < kMostFailures) {
        const Clock::Instant due = renewed + self->renewal();
        const Clock::Duration wait = failures == 0 ? kLook : kFirstPause;
        const Clock::Instant next = std::min(due, self->loop_.now() + wait);
        co_await self->loop_.pause_until(std::max(next, self->loop_.now() + kLeastRenew));
        const bool all = failures != 0 || self->loop_.now() >= due;
        const auto done = co_await renew(self, all);
        failures = done ? 0 : failures + 1;
        if (done && all)
            renewed = self->loop_.now();
        if (!done)
            self->log_.debug("The way in was not renewed",
                             {{"way", self->way_->name()}, {"error", done.error()}});
        if (!done && failures == kMostFailures)
            self->say_none(fmt::format("{}: {}", self->way_->name(), done.error().text()));
    }
    co_await take_back(self);
}

/// Half of the time for which the router has granted anything (RFC 6886, 3.3), within bounds.
Clock::Duration WayIn::renewal() const {
    Clock::Duration least = kRenew;
    for (const Held& held : held_)
        if (held.is_granted && held.mapping.lifetime)
            least = std::min(least, *held.mapping.lifetime / 2);
    return std::max(least, kLeastRenew);
}

void WayIn::tell() {
    Entrance entrance;
    entrance.tcp = SocketAddress(address_.ip_view(), held_.front().mapping.outside);
    if (held_.size() > 1 && held_.back().is_granted)
        entrance.udp.emplace(address_.ip_view(), held_.back().mapping.outside);
    if (told_ == entrance)
        return;
    told_ = entrance;
    said_.clear();
    log_.notice("The router lets others in",
                {{"way", way_->name()},
                 {"connections", entrance.tcp.text()},
                 {"datagrams", entrance.udp ? entrance.udp->text() : std::string("none")}});
    if (options_.changed)
        options_.changed(told_);
}

/// Once for each reason: a router that is not there is asked for again and again.
void WayIn::say_none(const std::string& why) {
    const bool was_told = std::exchange(told_, std::nullopt).has_value();
    const std::string_view text =
        was_told ? "The router lets nobody in any more" : "No router lets others in";
    if (why != said_ && options_.advice.empty())
        log_.warn(text, {{"why", why}});
    else if (why != said_)
        log_.warn(text, {{"why", why}, {"advice", options_.advice}});
    said_ = why;
    if (was_told && options_.changed)
        options_.changed(told_);
}

Task<void> WayIn::take_back(WayIn* self) {
    const Clock::Instant until = self->loop_.now() + kEnd;
    for (Held& held : self->held_) {
        if (!std::exchange(held.is_granted, false))
            continue;
        const auto done = co_await self->way_->unmap(held.mapping, until);
        if (!done)
            self->log_.warn("The router keeps a way in that was taken back",
                            {{"way", self->way_->name()},
                             {"port", held.mapping.outside},
                             {"error", done.error()}});
    }
}

Task<void> WayIn::finish(WayIn* self) {
    co_await take_back(self);
    self->ended_ = true;
}

std::vector<std::unique_ptr<PortMapper>> ways_of(NatKind kind, EventLoop& loop, Programs& programs,
                                                 const ProgramFor& program,
                                                 std::optional<SocketAddress> own) {
    std::vector<std::unique_ptr<PortMapper>> ways;
    const auto add = [&](Way way) {
        ways.push_back(std::make_unique<ProcessMapper>(loop, programs, way, program, own));
    };
    if (kind == NatKind::any || kind == NatKind::upnp)
        add(Way::upnp);
    if (kind == NatKind::any || kind == NatKind::pmp)
        add(Way::pmp);
    return ways;
}

} // namespace codex::net::nat
