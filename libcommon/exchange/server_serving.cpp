// What a server says and sends to the peers that want something.
#include "base/offload.hpp"
#include "exchange/detail/addresses_text.hpp"
#include "exchange/detail/server_impl.hpp"

#include <algorithm>

namespace codex::exchange {

namespace {

constexpr Clock::Duration kPartialsKept = std::chrono::seconds(1);

} // namespace

// --- questions ----------------------------------------------------------------------------------

Task<void> Server::Impl::answer(Impl* self, ClientPtr client) {
    Signal& progress = self->peers_.sent();
    while (!client->left && client->list.has_questions()) {
        if (self->peers_.unsent(client->id) >= self->options_.unsent_bytes) {
            co_await progress.wait();
            continue;
        }
        const auto questions =
            std::make_shared<const WantList::Questions>(self->change(*client, [](WantList& list) {
                return list.next_questions(net::exchange::kMaxEntriesWritten);
            }));
        self->counts_.looked += questions->send_dont_have.size();
        auto job = [repo = &self->repo_, partials = self->partials_, questions] {
            return detail::look_for(*repo, *partials, *questions);
        };
        const auto here = co_await offload(self->loop_, self->executor_, std::move(job));
        self->partials_used_.notify();
        if (client->left)
            break;
        self->change(*client, [&](WantList& list) { list.answered(*questions, here); });
        std::vector<Presence> presences;
        for (std::size_t i = 0; i < here.size(); ++i)
            if (here[i] || questions->send_dont_have[i]) {
                presences.emplace_back().address = questions->address(i);
                presences.back().have = here[i];
            }
        self->say(*client, std::move(presences));
    }
    client->answering = false;
    if (client->list.waits())
        self->waits_.notify();
}

void Server::Impl::say(Client& client, std::vector<Presence> presences) {
    if (presences.empty())
        return;
    for (const Presence& presence : presences)
        ++(presence.have ? counts_.haves : counts_.dont_haves);
    if (options_.logger.passes(log::Level::trace))
        options_.logger.trace("Sending presence to remote",
                              {{"peer", log::Id{client.id.text()}}, {"items", presences.size()}});
    Message message;
    message.presences = std::move(presences);
    peers_.send(client.id, message);
}

// --- blocks -------------------------------------------------------------------------------------

void Server::Impl::schedule(Client& client) {
    // One message is on its way, and one is ready to go, while the next is built: each takes its
    // time on a core of its own.
    if (client.left || client.building || client.messages >= 3 || !client.list.has_blocks() ||
        peers_.unsent_blocks(client.id) >= options_.unsent_bytes ||
        (client.messages > 0 && unsent_ >= options_.all_unsent_bytes))
        return;
    turns_.add(client.id);
    work_.notify();
}

std::size_t Server::Impl::may_build(const Client& client, std::size_t bytes) const {
    const std::size_t most = std::min(bytes, options_.message_bytes);
    const std::size_t room =
        options_.all_unsent_bytes - std::min(options_.all_unsent_bytes, unsent_);
    return std::min(most, client.messages == 0 ? std::max(room, options_.quantum_bytes) : room);
}

Task<void> Server::Impl::build(Impl* self) {
    for (;;) {
        const auto turn = self->turns_.next();
        if (!turn) {
            co_await self->work_.wait();
            continue;
        }
        const ClientPtr client = self->find(turn->peer);
        if (client) {
            co_await work_for(self, client, build_for(self, client, turn->bytes));
        }
    }
}

/// What goes in a turn.
Task<void> Server::Impl::build_for(Impl* self, ClientPtr client, std::size_t bytes) {
    const auto wanted = std::make_shared<const std::vector<WantList::Block>>(
        client->list.next_blocks(detail::kMostBuilt));
    if (wanted->empty())
        co_return;
    client->building = true;
    const std::size_t may = self->may_build(*client, bytes);
    std::optional<Unsent> reserved;
    reserved.emplace(self->unsent_, may);
    auto job = [repo = &self->repo_, partials = self->partials_, wanted, may] {
        return detail::build_messages(*repo, *partials, *wanted, may);
    };
    auto built = co_await offload(self->loop_, self->executor_, std::move(job));
    self->partials_used_.notify();
    reserved.reset();
    client->building = false;
    self->turns_.spent(client->id, built.block_bytes);
    if (client->left)
        co_return;
    self->settle(*client, *wanted, built);
    std::vector<BlockAddress> addresses;
    for (std::size_t i = 0; i < wanted->size(); ++i)
        if (built.states[i] == detail::Built::State::sent)
            addresses.push_back((*wanted)[i].address);
    if (!addresses.empty())
        self->start(client, send(self, client, std::move(addresses), std::move(built)));
    self->schedule(*client);
}

/// What is not in the message.
void Server::Impl::settle(Client& client, std::span<const WantList::Block> wanted,
                          const detail::Built& built) {
    std::vector<Presence> absent;
    std::size_t later = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (built.states[i] == detail::Built::State::later)
            ++later;
        if (built.states[i] != detail::Built::State::absent)
            continue;
        const bool told = change(client, [&](WantList& list) { return list.absent(wanted[i]); });
        if (wanted[i].send_dont_have) {
            absent.emplace_back().address = wanted[i].address;
            absent.back().have = false;
        } else if (told) {
            watch(client, wanted[i].address);
        }
    }
    change(client, [&](WantList& list) { list.put_back(wanted.last(later)); });
    say(client, std::move(absent));
    if (client.list.waits())
        waits_.notify();
}

Task<void> Server::Impl::send(Impl* self, ClientPtr client, std::vector<BlockAddress> addresses,
                              detail::Built built) {
    std::optional<Unsent> unsent;
    unsent.emplace(self->unsent_, built.framed.size());
    ++client->messages;
    if (self->options_.logger.passes(log::Level::trace))
        self->options_.logger.trace("Sending blocks to peer",
                                    {{"peer", log::Id{client->id.text()}},
                                     {"blocks", detail::addresses_text(addresses)},
                                     {"blockexc.event", "send"}});
    const auto sent =
        co_await self->peers_.send_blocks(client->id, std::move(built.framed), built.messages);
    unsent.reset();
    --client->messages;
    if (sent) {
        self->counts_.messages += built.messages;
        self->counts_.blocks += built.blocks;
        self->counts_.block_bytes += built.block_bytes;
    } else {
        self->options_.logger.debug("blocks were not sent",
                                    {{"peer", client->id.text()}, {"error", sent.error()}});
    }
    if (client->left)
        co_return;
    // What is lost is asked for again: who does not read gets nothing twice by itself.
    self->change(*client, [&](WantList& list) {
        for (const BlockAddress& address : addresses)
            list.done(address);
    });
    self->schedule(*client);
}

/// What is kept open is looked for anew after a while: another may have come that has more.
Task<void> Server::Impl::forget_partials(Impl* self) {
    for (;;) {
        co_await self->partials_used_.wait();
        co_await self->loop_.pause_until(self->loop_.now() + kPartialsKept);
        self->partials_->clear();
    }
}

Task<void> Server::Impl::follow_sent(Impl* self) {
    Signal& sent = self->peers_.sent();
    for (;;) {
        co_await sent.wait();
        for (const auto& [id, client] : self->clients_)
            self->schedule(*client);
    }
}

} // namespace codex::exchange
