// When a fetch gives up, what it says then, and how far it is.
#include "base/copy_error.hpp"
#include "base/counted.hpp"
#include "exchange/detail/fetch_impl.hpp"

#include <algorithm>

namespace codex::exchange {

std::optional<Error> Fetch::Impl::given_up(const Dialler& dialler) {
    const Clock::Instant now = loop.now();
    const plan::Outlook is = running->plan().outlook();
    if (is != outlook) {
        outlook = is;
        outlook_since = now;
    }
    const Clock::Duration since = now - outlook_since;
    if (now >= options.until)
        return out_of_time({});
    if (is == plan::Outlook::no_peer) {
        const bool any = !dialler.empty() || !options.pipes.empty();
        const bool all_failed = any && dialler.all_failed() && pipes_ended();
        const bool only_liars =
            all_failed && std::any_of(roster.all().begin(), roster.all().end(),
                                      [&](const auto& entry) { return now < entry.banned_until; });
        if (only_liars || (all_failed && !dialler.was_connected()) || since >= options.alone)
            return nobody(dialler);
    }
    if (is == plan::Outlook::nobody_has_it && since >= options.absent)
        return missing_everywhere();
    if (now - running->progress() >= options.stalled)
        return out_of_time(options.stalled);
    return std::nullopt;
}

bool Fetch::Impl::pipes_ended() const {
    return std::all_of(options.pipes.begin(), options.pipes.end(),
                       [](const PipePeer* pipe) { return pipe->ended(); });
}

std::string Fetch::Impl::name_of(const net::PeerId& peer) const {
    for (const PipePeer* const pipe : options.pipes)
        if (pipe->id() == peer)
            return pipe->name();
    return peer.text();
}

Error Fetch::Impl::nobody(const Dialler& dialler) const {
    for (const Roster::Entry& entry : roster.all())
        if (loop.now() < entry.banned_until)
            return Error(Errc::exchange_invalid,
                         fmt::format("no other peer is left, and {} sent a wrong block: {}",
                                     name_of(entry.id), entry.lie))
                .hint(
                    "what has come is right and stays; name a peer that can be trusted to have it");
    if (dialler.error())
        return Error(dialler.error()->code() == Errc::peer_wrong ? Errc::peer_wrong
                                                                 : Errc::unavailable,
                     fmt::format("no peer can be reached: {}", dialler.error()->text()));
    for (const PipePeer* const pipe : options.pipes)
        if (pipe->error())
            return copy_of(*pipe->error());
    return Error(Errc::unavailable, "no peer is connected");
}

Error Fetch::Impl::missing_everywhere() const {
    if (blocks == 0)
        return Error(Errc::dataset_not_found, "no peer has it");
    const IndexSet& missing = running->plan().missing();
    return Error(Errc::block_not_found,
                 fmt::format("no peer has {} of its {}, the first of them is {}", missing.size(),
                             counted(blocks, "block", "blocks"), missing.next(0).value_or(0)))
        .hint("what has come stays, and the same command goes on from there");
}

Error Fetch::Impl::out_of_time(Clock::Duration after) const {
    const FetchStatus now = status();
    const std::string what =
        after == Clock::Duration::zero()
            ? std::string("the time is over")
            : fmt::format("nothing has come for {} s",
                          std::chrono::duration_cast<std::chrono::seconds>(after).count());
    const std::string share = blocks == 0 ? std::string("nothing is here yet")
                                          : fmt::format("{} of {} are here", now.blocks_here,
                                                        counted(blocks, "block", "blocks"));
    return Error(Errc::timeout, what + ", " + share)
        .hint("what has come stays, and the same command goes on from there");
}

FetchStatus Fetch::Impl::status() const {
    FetchStatus now;
    now.blocks = blocks;
    now.blocks_fetched = blocks_fetched;
    now.bytes_fetched = bytes_fetched;
    if (running && blocks != 0) {
        now.blocks_fetched += running->kept();
        now.bytes_fetched += running->kept_bytes();
    }
    now.blocks_here = blocks == 0 ? 0 : blocks_before + now.blocks_fetched;
    for (plan::PeerNumber number = 0; number < roster.all().size(); ++number) {
        const Roster::Entry& entry = roster.all()[number];
        plan::PeerCounts counts = entry.counts;
        FetchPeer peer{entry.id, 0, 0, 0, 0, 0, entry.rate, entry.round_trip};
        peer.name = name_of(entry.id);
        if (const plan::Peer* at = running ? running->plan().peer(number) : nullptr) {
            counts += at->counts;
            peer.rate = at->meter.rate();
            peer.round_trip = at->meter.round_trip();
        }
        peer.blocks = counts.useful;
        peer.duplicates = counts.duplicates;
        peer.unasked = counts.unasked;
        peer.wrong = counts.wrong;
        peer.late = counts.late;
        now.peers.push_back(peer);
    }
    return now;
}

} // namespace codex::exchange
