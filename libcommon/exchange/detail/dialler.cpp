#include "exchange/detail/dialler.hpp"

#include "exchange/detail/thrown.hpp"

#include <algorithm>

namespace codex::exchange::detail {
namespace {

constexpr Clock::Duration kDial = std::chrono::seconds(15);
constexpr Clock::Duration kFirstPause = std::chrono::seconds(1);
constexpr Clock::Duration kLastPause = std::chrono::seconds(30);
/// One that is full refuses, and may have room a moment later.
constexpr unsigned kTries = 3;
constexpr Clock::Duration kLook = std::chrono::seconds(5);

} // namespace

std::string too_late(std::string_view name) {
    return fmt::format("{}: it has not answered before the others had given all", name);
}

Dialler::Dialler(Peers& peers, const Roster& roster, const std::vector<net::Multiaddr>& addresses)
    : host_(peers.host()), roster_(roster),
      tasks_(peers.loop(), [this](const std::exception_ptr& thrown) {
          error_ = error_of(thrown);
          broken_ = true;
      }) {
    for (const net::Multiaddr& address : addresses) {
        const auto peer = address.peer();
        const auto at = address.without_peer();
        if (!peer || !at)
            continue;
        auto source = std::find_if(sources_.begin(), sources_.end(),
                                   [&](const auto& other) { return other->peer == *peer; });
        if (source == sources_.end())
            source = sources_.insert(sources_.end(), std::make_unique<Source>(Source{
                                                         *peer, {}, State::trying, false, {}}));
        (*source)->addresses.push_back(*at);
    }
    for (const auto& source : sources_)
        tasks_.start(keep(this, source.get()));
}

bool Dialler::was_connected() const {
    return std::any_of(sources_.begin(), sources_.end(),
                       [](const auto& source) { return source->was_connected; });
}

std::vector<std::pair<net::PeerId, std::string>> Dialler::unreached() const {
    std::vector<std::pair<net::PeerId, std::string>> all;
    for (const auto& source : sources_)
        if (!source->was_connected && !host_->connection(source->peer))
            all.emplace_back(source->peer, source->error.empty()
                                               ? too_late(source->addresses.front().text())
                                               : source->error);
    return all;
}

std::vector<std::string> Dialler::unheard() const {
    std::vector<std::string> all;
    for (const auto& source : sources_)
        if (source->state == State::trying && source->error.empty())
            all.push_back(source->addresses.front().text());
    return all;
}

bool Dialler::all_failed() const {
    return broken_ || std::all_of(sources_.begin(), sources_.end(), [](const auto& source) {
               return source->state == State::failed;
           });
}

Task<void> Dialler::keep(Dialler* self, Source* source) {
    net::Host& host = *self->host_;
    EventLoop& loop = host.loop();
    Signal& changed = host.changed();
    Clock::Duration pause = kFirstPause;
    unsigned failures = 0;
    while (true) {
        if (self->roster_.is_banned(source->peer, loop.now())) {
            source->state = State::failed;
        } else {
            const Clock::Instant until = loop.now() + kDial;
            auto addresses = source->addresses;
            auto made = co_await host.connect(source->peer, std::move(addresses), until,
                                              net::Redial::at_once);
            if (made) {
                source->state = State::connected;
                source->was_connected = true;
                pause = kFirstPause;
                while (host.connection(source->peer)) {
                    const Clock::Instant look = loop.now() + kLook;
                    co_await changed.wait(look);
                }
                source->state = State::failed;
            } else {
                source->error = made.error().text();
                self->error_ = std::move(made).error();
                if (++failures >= kTries || self->error_->code() == Errc::peer_wrong)
                    source->state = State::failed;
            }
        }
        const Clock::Instant again = loop.now() + pause;
        pause = std::min(2 * pause, kLastPause);
        co_await loop.pause_until(again);
    }
}

} // namespace codex::exchange::detail
