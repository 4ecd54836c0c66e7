#include "net/dht/sessions.hpp"

#include "base/secret.hpp"

namespace codex::net::dht {

Sessions::Session::~Session() {
    wipe(write.data(), write.size());
    wipe(read.data(), read.size());
    if (other_read)
        wipe(other_read->data(), other_read->size());
}

Sessions::Sessions(std::size_t most) : most_(most) {
    CODEX_ASSERT(most != 0);
}

/// Found, it is the one used last.
Sessions::Session* Sessions::use(const Endpoint& peer) {
    const auto found = by_peer_.find(peer);
    if (found == by_peer_.end())
        return nullptr;
    sessions_.splice(sessions_.begin(), sessions_, found->second);
    return &*found->second;
}

void Sessions::put(const Endpoint& peer, const SessionKey& read, const SessionKey& write) {
    Session* session = use(peer);
    if (session != nullptr) {
        session->other_read = session->read;
    } else {
        if (by_peer_.size() == most_) {
            by_peer_.erase(Endpoint(sessions_.back().peer));
            sessions_.pop_back();
        }
        std::list<Session> made; // joined when nothing can fail any more
        session = &made.emplace_front(peer);
        by_peer_.emplace(peer, made.begin());
        sessions_.splice(sessions_.begin(), made);
    }
    session->read = read;
    session->write = write;
}

const SessionKey* Sessions::write_key(const Endpoint& peer) {
    const Session* session = use(peer);
    ++(session == nullptr ? counts_.misses : counts_.hits);
    return session == nullptr ? nullptr : &session->write;
}

std::optional<Bytes> Sessions::open(const Endpoint& peer, const Packet& packet) {
    const auto found = by_peer_.find(peer);
    if (found == by_peer_.end()) {
        ++counts_.misses;
        return std::nullopt;
    }
    ++counts_.hits;
    Session& session = *found->second;
    auto plain = open_message(session.read, packet);
    if (!plain && session.other_read) {
        plain = open_message(*session.other_read, packet);
        if (plain) // and most likely fits the next one, too
            std::swap(session.read, *session.other_read);
    }
    if (plain) // what anybody may send in a node's name does not count as use
        static_cast<void>(use(peer));
    else
        ++counts_.unopened;
    return plain;
}

} // namespace codex::net::dht
