#include "net/dht/outbox.hpp"

namespace codex::net::dht {

/// False, when the system takes no more now.
bool Outbox::try_send(const Datagram& datagram) {
    const auto sent = socket_.try_send(datagram.to, datagram.bytes);
    if (!sent) { // of this one alone: there is no way there, say
        lose(datagram);
        return true;
    }
    if (*sent) {
        ++packets_;
        bytes_ += datagram.bytes.size();
    }
    return *sent;
}

void Outbox::lose(const Datagram& datagram) {
    ++lost_;
    lost_bytes_ += datagram.bytes.size();
}

void Outbox::send(Datagram datagram, Urgency urgency) {
    if (waiting() == 0 && try_send(datagram))
        return;
    std::deque<Datagram>& kind = urgency == Urgency::answer ? answers_ : requests_;
    if (kind.size() == kMost) {
        lose(kind.front());
        kind.pop_front();
    }
    kind.push_back(std::move(datagram));
    filled_.notify();
}

Task<void> Outbox::run(Outbox* box) {
    for (;;) {
        while (box->waiting() == 0) {
            const auto filled = co_await box->filled_.wait();
            static_cast<void>(filled);
        }
        const auto writable = co_await box->socket_.writable(Clock::Instant::max());
        if (!writable)
            co_return;
        while (box->waiting() != 0) {
            std::deque<Datagram>& first = box->answers_.empty() ? box->requests_ : box->answers_;
            if (!box->try_send(first.front()))
                break;
            first.pop_front();
        }
    }
}

} // namespace codex::net::dht
