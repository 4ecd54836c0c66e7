#include "exchange/server.hpp"

#include "exchange/detail/server_impl.hpp"
#include "exchange/detail/thrown.hpp"

#include <algorithm>

namespace codex::exchange {

namespace {

/// Entries of a list after which it is looked at before its end.
constexpr std::size_t kLookEntries = 1024;
/// Blocks of a peer that are watched after they were gone.
constexpr std::size_t kMostWatched = 64;

} // namespace

Server::Server(Peers& peers, const repo::Repo& repo, Executor& executor, ServerOptions options)
    : impl_(std::make_unique<Impl>(peers, repo, executor, std::move(options))) {}

Server::~Server() = default;

void Server::arrived(const Cid& tree, IndexRange leaves) {
    impl_->arrived([&](WantList& list) { list.arrived(tree, leaves); });
}

void Server::arrived(const Cid& /*block*/) {
    impl_->arrived([](WantList& list) { list.arrived_plain(); });
}

const ServerCounts& Server::counts() const {
    return impl_->counts();
}

std::size_t Server::wants(const PeerId& peer) const {
    return impl_->wants(peer);
}

void Server::set_limits(const ServerOptions& options) {
    impl_->set_limits(options);
}

std::size_t Server::wants() const {
    return impl_->wants();
}

std::size_t Server::unsent_bytes() const {
    return impl_->unsent_bytes();
}

Server::Impl::Impl(Peers& peers, const repo::Repo& repo, Executor& executor, ServerOptions options)
    : peers_(peers), repo_(repo), executor_(executor), loop_(peers.loop()),
      options_(std::move(options)), turns_(options_.quantum_bytes, options_.message_bytes),
      partials_used_(loop_), work_(loop_), gone_changed_(loop_), waits_(loop_),
      tasks_(loop_, [this](const std::exception_ptr& thrown) { peers_.count_thrown(thrown); }) {
    auto changes = repo_.changes();
    if (changes)
        growth_ = std::make_shared<Growth>(Growth{std::move(*changes), {}, 0});
    else
        options_.logger.warn("what others store is not noticed", {{"error", changes.error()}});
    for (unsigned i = 0; i < options_.builders; ++i)
        tasks_.start(keep_on(this, build));
    tasks_.start(keep_on(this, follow_sent));
    tasks_.start(keep_on(this, forget_partials));
    tasks_.start(keep_on(this, watch_gone));
    if (growth_)
        tasks_.start(keep_on(this, watch_changes));
    peers_.add(*this);
}

/// What a server does all the time begins anew after what it has thrown.
Task<void> Server::Impl::keep_on(Impl* self, Task<void> (*work)(Impl*)) {
    for (bool over = false; !over;) {
        try {
            co_await work(self);
            over = true;
        } catch (...) {
            self->peers_.count_thrown(std::current_exception());
        }
        if (!over) {
            co_await self->loop_.pause_until(self->loop_.now() + detail::kAfterThrown);
        }
    }
}

/// What is done for a peer, and throws, leaves it in a state that nobody knows: it is left, and may
/// come again.
Task<void> Server::Impl::work_for(Impl* self, ClientPtr client, Task<void> work) {
    try {
        co_await std::move(work);
    } catch (...) {
        self->peers_.count_thrown(std::current_exception());
        self->peers_.drop(client->id, "there is too little memory to serve it");
    }
}

void Server::Impl::start(const ClientPtr& client, Task<void> work) {
    tasks_.start(work_for(this, client, std::move(work)));
}

Server::Impl::~Impl() {
    peers_.remove(*this);
}

Server::Impl::ClientPtr Server::Impl::find(const PeerId& peer) const {
    const auto found = clients_.find(peer);
    return found == clients_.end() ? nullptr : found->second;
}

std::size_t Server::Impl::wants(const PeerId& peer) const {
    const ClientPtr client = find(peer);
    return client ? client->list.size() : 0;
}

void Server::Impl::set_limits(const ServerOptions& options) {
    options_.wants = options.wants;
    options_.all_wants = options.all_wants;
    options_.few_wants = options.few_wants;
    options_.wants_a_second = options.wants_a_second;
}

// --- what peers say -----------------------------------------------------------------------------

void Server::Impl::joined(const PeerId& peer) {
    const auto client = std::make_shared<Client>(peer, options_);
    client->counted = loop_.now();
    clients_.emplace(peer, client);
}

void Server::Impl::left(const PeerId& peer) {
    const auto client = find(peer);
    if (!client)
        return;
    wants_ -= client->list.size();
    client->left = true;
    turns_.remove(peer);
    clients_.erase(peer);
}

void Server::Impl::wants_begin(const PeerId& peer) {
    if (const auto client = find(peer)) {
        client->list.begin_list();
        client->entries = 0;
    }
}

void Server::Impl::want(const PeerId& peer, const Want& want) {
    const auto client = find(peer);
    if (!client)
        return;
    ++counts_.wants;
    if (want.cancel)
        ++counts_.cancels;
    else
        ++(want.type == WantType::have ? counts_.asked_haves : counts_.asked_blocks);
    ++client->entries;
    client->tokens -= 1;
    if (!want.cancel && wants_ >= options_.all_wants && client->list.size() >= options_.few_wants)
        return refuse(*client, want, net::Limit::exchange_all_wants);
    const auto taken = change(*client, [&](WantList& list) { return list.add(want); });
    if (taken == WantList::Taken::too_many)
        refuse(*client, want, net::Limit::exchange_wants);
    if (++client->unseen >= kLookEntries)
        act(client);
}

/// What is beyond a limit is not remembered: so that the peer asks again, or somebody else, it is
/// told that the block is not here, if it wants to be told.
void Server::Impl::refuse(Client& client, const Want& want, net::Limit limit) {
    peers_.count_limit(limit, client.id.text());
    if (!want.send_dont_have)
        return;
    client.refused.presences.push_back({want.address, false, {}});
    if (client.refused.presences.size() == net::exchange::kMaxEntriesWritten)
        send_refused(client);
}

void Server::Impl::send_refused(Client& client) {
    if (!client.refused.presences.empty())
        peers_.send(client.id, std::exchange(client.refused, {}));
}

void Server::Impl::wants_end(const PeerId& peer, bool full) {
    const auto client = find(peer);
    if (!client)
        return;
    send_refused(*client);
    change(*client, [&](WantList& list) { list.end_list(full); });
    if (options_.logger.passes(log::Level::trace))
        options_.logger.trace("Received want list from peer",
                              {{"peer", log::Id{peer.text()}}, {"wantList", client->entries}});
    act(client);
}

bool Server::Impl::may_read(const PeerId& peer) {
    const auto client = find(peer);
    if (!client)
        return true;
    const auto most = static_cast<double>(options_.wants_a_second);
    const std::chrono::duration<double> passed = loop_.now() - client->counted;
    client->tokens = std::min(most, client->tokens + passed.count() * most);
    client->counted = loop_.now();
    if (client->tokens >= 0)
        return true;
    peers_.count_limit(net::Limit::exchange_rate, peer.text());
    if (!std::exchange(client->read_later, true)) {
        const std::chrono::duration<double> wait(-client->tokens / most);
        start(client,
              read_later(this, client, loop_.now() + std::chrono::ceil<Clock::Duration>(wait)));
    }
    return false;
}

Task<void> Server::Impl::read_later(Impl* self, ClientPtr client, Clock::Instant when) {
    co_await self->loop_.pause_until(when);
    client->read_later = false;
    if (!client->left)
        self->peers_.read_on(client->id);
}

/// Begins what there is to do for a peer.
void Server::Impl::act(const ClientPtr& client) {
    client->unseen = 0;
    if (client->list.has_questions() && !std::exchange(client->answering, true))
        start(client, answer(this, client));
    schedule(*client);
}

void Server::Impl::arrived(const std::function<void(WantList&)>& say) {
    const auto clients = clients_;
    for (const auto& [id, client] : clients) {
        change(*client, say);
        act(client);
    }
}

// --- what is not here ---------------------------------------------------------------------------

void Server::Impl::watch(Client& client, const BlockAddress& address) {
    if (client.gone >= kMostWatched)
        return;
    ++client.gone;
    gone_.push_back({loop_.now() + options_.gone, client.id, address});
    gone_changed_.notify();
}

/// That a block is gone cannot be said to old nodes: only the end of a connection frees them.
Task<void> Server::Impl::watch_gone(Impl* self) {
    for (;;) {
        if (self->gone_.empty()) {
            co_await self->gone_changed_.wait();
            continue;
        }
        const Clock::Instant until = self->gone_.front().until;
        if (self->loop_.now() < until) {
            co_await self->loop_.pause_until(until);
            continue;
        }
        const Gone gone = std::move(self->gone_.front());
        self->gone_.pop_front();
        const ClientPtr client = self->find(gone.peer);
        if (!client)
            continue;
        client->gone -= client->gone > 0 ? 1 : 0;
        if (!client->list.misses(gone.address))
            continue;
        ++self->counts_.gone;
        self->options_.logger.info(
            "Dropping peer",
            {{"peer", log::Id{gone.peer.text()}}, {"msg", "a block that was announced is gone"}});
        self->peers_.drop(gone.peer, "a block that was announced is gone");
    }
}

} // namespace codex::exchange
