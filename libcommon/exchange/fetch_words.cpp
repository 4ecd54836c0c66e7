// When a fetch gives up, what it says then, and how far it is.
#include "base/copy_error.hpp"
#include "base/counted.hpp"
#include "base/units.hpp"
#include "exchange/detail/fetch_impl.hpp"

#include <algorithm>

namespace codex::exchange {

using namespace detail;

namespace {

/// Somebody was there, who is somebody else or something else.
bool was_answered(const Error& error) {
    return error.code() == Errc::peer_wrong || error.code() == Errc::select_invalid;
}

} // namespace

std::optional<Fetch::Impl::Why> Fetch::Impl::given_up(const Dialler& dialler) {
    const Clock::Instant now = loop.now();
    const plan::Outlook is = running->plan().outlook();
    const bool may_come = options.source != nullptr && options.source->may_bring_more();
    if (is != outlook || (may_come && is != plan::Outlook::going_on)) {
        outlook = is;
        outlook_since = now;
    }
    unheard = is == plan::Outlook::no_peer ? unheard_of(dialler) : std::string();
    const Clock::Duration since = now - outlook_since;
    if (now >= options.until)
        return Why::deadline;
    if (held || running->plan().finished())
        return std::nullopt; // others go first, or it is computing
    if (is == plan::Outlook::no_peer) {
        const bool any = !dialler.empty() || !options.pipes.empty();
        const bool all_failed = any && dialler.all_failed() && pipes_ended();
        const bool only_liars =
            all_failed && std::any_of(roster.all().begin(), roster.all().end(),
                                      [&](const auto& entry) { return now < entry.banned_until; });
        const bool never = !any && roster.all().empty();
        if (only_liars || (all_failed && !dialler.was_connected()) ||
            since >= (never ? std::min(options.absent, options.alone) : options.alone))
            return Why::nobody;
    }
    if (is == plan::Outlook::nobody_has_it && since >= options.absent)
        return Why::nobody_has_it;
    if (now - running->progress() >= stalled())
        return Why::nothing_comes;
    return std::nullopt;
}

namespace {

/// What takes no longer is no waiting.
constexpr Clock::Duration kNoWaiting = std::chrono::seconds(1);
/// Of peers that are there, and silent.
constexpr Clock::Duration kSilence = std::chrono::seconds(3);

} // namespace

/// Those that were asked for blocks, and give none.
std::string Fetch::Impl::silent_peers() const {
    std::string names;
    for (plan::PeerNumber number = 0; number < roster.all().size(); ++number) {
        const plan::Peer* const peer = running->plan().peer(number);
        if (peer == nullptr || !peer->joined || peer->open == 0)
            continue;
        names += names.empty() ? "" : ", ";
        names += name_of(roster.all()[number].id);
    }
    return names;
}

Clock::Duration Fetch::Impl::stalled() const {
    return options.stalled + plan::slack_of(running->block_bytes());
}

std::optional<FetchWait> Fetch::Impl::waiting() const {
    if (!running || held || running->ended() || running->plan().finished())
        return std::nullopt;
    const Clock::Instant now = loop.now();
    Clock::Instant ends = options.until;
    FetchWait wait;
    if (outlook != running->plan().outlook())
        return std::nullopt; // it has just changed
    if (outlook == plan::Outlook::no_peer && (!roster.all().empty() || !unheard.empty())) {
        if (now - outlook_since < (roster.all().empty() ? kSilence : kNoWaiting))
            return std::nullopt;
        ends = std::min(ends, outlook_since + options.alone);
        wait.words = roster.all().empty() ? "" : "no peer is left";
        if (!unheard.empty())
            wait.words += fmt::format("{}nothing has come yet from {}",
                                      wait.words.empty() ? "" : ", and ", unheard);
    } else if (outlook == plan::Outlook::no_peer && options.source != nullptr &&
               options.source->may_bring_more()) {
        if (now - running->progress() < kSilence)
            return std::nullopt;
        wait.words = "nodes that have it are being looked for";
        return wait; // until when is not known
    } else if (outlook == plan::Outlook::going_on) {
        const Clock::Duration usual = kSilence + plan::slack_of(running->block_bytes());
        if (now - running->progress() < usual)
            return std::nullopt; // before names are put together, which takes longer
        const std::string silent = silent_peers();
        if (silent.empty())
            return std::nullopt;
        ends = std::min(ends, running->progress() + stalled());
        wait.words = "nothing comes from " + silent;
    } else {
        return std::nullopt;
    }
    wait.left = std::max(ends - now, Clock::Duration::zero());
    return wait;
}

std::string Fetch::Impl::unheard_of(const Dialler& dialler) const {
    std::vector<std::string> names = dialler.unheard();
    for (const PipePeer* const pipe : options.pipes)
        if (!pipe->greeted() && !pipe->ended())
            names.push_back(pipe->name());
    return fmt::format("{}", fmt::join(names, ", "));
}

/// Says once of each wait what for, and how long.
void Fetch::Impl::note_waiting() {
    std::optional<FetchWait> now = waiting();
    if (now && now->words != waiting_for)
        options.logger.notice(
            "Waiting for blocks",
            {{"why", now->words},
             {"seconds", std::chrono::ceil<std::chrono::seconds>(now->left).count()}});
    waiting_for = now ? std::move(now->words) : std::string();
}

Error Fetch::Impl::words_of(Why why, const Dialler& dialler) const {
    const bool nobody_there = running->plan().outlook() == plan::Outlook::no_peer;
    const std::optional<Error> known = nobody_there ? cause_of_none(dialler) : std::nullopt;
    const Error* const cause = known ? &*known : nullptr;
    switch (why) {
    case Why::nobody:
        return nobody(dialler);
    case Why::nobody_has_it:
        return missing_everywhere();
    case Why::nothing_comes:
        return out_of_time(stalled(), cause);
    case Why::deadline:
        break;
    }
    return out_of_time({}, cause);
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
std::string Fetch::Impl::listed_name_of(const net::PeerId& peer) const {
    for (const PipePeer* const pipe : options.pipes)
        if (pipe->id() == peer)
            return pipe->listed();
    return peer.text();
}

std::optional<Error> Fetch::Impl::cause_of_none(const Dialler& dialler) const {
    if (dialler.error())
        return copy_of(*dialler.error());
    for (const PipePeer* const pipe : options.pipes)
        if (pipe->error())
            return copy_of(*pipe->error());
    if (const std::string silent = unheard_of(dialler); !silent.empty())
        return Error(Errc::unavailable, fmt::format("nothing has come from {}", silent));
    return std::nullopt;
}

Error Fetch::Impl::nobody(const Dialler& dialler) const {
    for (const Roster::Entry& entry : roster.all())
        if (loop.now() < entry.banned_until)
            return Error(Errc::exchange_invalid,
                         fmt::format("no other peer is left, and {} sent a wrong block: {}",
                                     name_of(entry.id), entry.lie))
                .hint(
                    "what has come is right and stays; name a peer that can be trusted to have it");
    if (dialler.error()) {
        const Error& cause = *dialler.error();
        // What this host has not enough of says nothing about peers.
        const bool is_ours = cause.code() == Errc::out_of_memory ||
                             cause.code() == Errc::files_exhausted ||
                             cause.code() == Errc::no_space;
        const Errc code = is_ours ? cause.code() : Errc::unavailable;
        if (blocks != 0 && dialler.was_connected())
            return going_on(
                Error(code, fmt::format("no peer is left, and {}: {}", share(), cause.text())));
        return was_answered(cause)
                   ? copy_of(cause)
                   : going_on(Error(code, fmt::format("no peer can be reached: {}", cause.text())));
    }
    if (auto cause = cause_of_none(dialler))
        return going_on(std::move(*cause));
    if (auto cause = options.source != nullptr ? options.source->error() : std::nullopt) {
        if (blocks == 0)
            return std::move(*cause);
        return going_on(Error(Errc::unavailable,
                              fmt::format("no peer is left, and {}: {}", share(), cause->text())));
    }
    if (blocks == 0 || status().blocks_here == 0)
        return {Errc::unavailable, "no peer is connected"};
    return going_on(Error(Errc::unavailable, fmt::format("no peer is connected, and {}", share())));
}

Error Fetch::Impl::missing_everywhere() const {
    if (blocks == 0)
        return {Errc::dataset_not_found, "no peer has it"};
    const IndexSet& missing = running->plan().missing();
    const FetchStatus now = status();
    // Of a protected dataset any of these do.
    const std::uint64_t less = now.blocks - now.blocks_here;
    const std::uint64_t lacking = less == 0 ? missing.size() : std::min(missing.size(), less);
    const std::string first = lacking == missing.size() ? fmt::format(", the first of them is {}",
                                                                      missing.next(0).value_or(0))
                                                        : std::string();
    return going_on(
        Error(Errc::block_not_found, fmt::format("no peer has {} of its {}{}", lacking,
                                                 counted(now.blocks, "block", "blocks"), first)));
}

Error Fetch::Impl::out_of_time(Clock::Duration after, const Error* cause) const {
    std::string text =
        after == Clock::Duration::zero()
            ? std::string("the time is over")
            : fmt::format("nothing has come for {} s",
                          std::chrono::duration_cast<std::chrono::seconds>(after).count());
    text += ", and " + share();
    if (cause != nullptr)
        text += fmt::format(": {}", cause->text());
    return going_on(Error(Errc::timeout, std::move(text)));
}

Error Fetch::Impl::not_taken_in_time() const {
    return Error(Errc::timeout,
                 "the time is over: all is here, and who reads the content has not taken it all")
        .hint("what has come stays, and the same command writes it");
}

std::string Fetch::Impl::share() const {
    return blocks == 0 ? std::string("nothing is here yet")
                       : fmt::format("{} of {} are here", status().blocks_here,
                                     counted(blocks, "block", "blocks"));
}

Error Fetch::Impl::going_on(Error error) const {
    if (status().blocks_here == 0)
        return error;
    return std::move(error).hint("what has come stays, and the same command goes on from there");
}

/// The repo knows of what has come alone; who is to make room wants to know how much in the end.
std::optional<Error> Fetch::Impl::short_of_room(const repo::Space& space,
                                                std::size_t block_bytes) const {
    const repo::Counters& now = space.counters;
    const std::uint64_t taken = now.used_bytes + now.reserved_bytes + now.tree_bytes;
    const std::uint64_t free = space.quota_bytes - std::min(space.quota_bytes, taken);
    const std::uint64_t stored = running ? running->kept() : 0;
    const std::uint64_t needed = (blocks_lacking - std::min(blocks_lacking, stored)) * block_bytes;
    if (needed <= free)
        return std::nullopt;
    Error error(Errc::quota_exceeded,
                fmt::format("quota of {} exceeded: {} more needed for all of it, {} free",
                            format_size(space.quota_bytes), format_size(needed),
                            format_size(free)));
    if (now.datasets > 0)
        error = std::move(error).remedy(Remedy::remove_datasets);
    return std::move(error).remedy(Remedy(Remedy::raise_quota).with(taken + needed));
}

void Fetch::Impl::note_unreached(const Dialler& dialler) {
    unreached.clear();
    for (auto& [peer, error] : dialler.unreached()) {
        if (roster.knows(peer))
            continue; // it was there for the manifest
        FetchPeer named{peer};
        named.name = peer.text();
        named.error = error;
        unreached.push_back(std::move(named));
    }
    for (const PipePeer* const pipe : options.pipes) {
        if (pipe->greeted() || roster.knows(pipe->id()))
            continue;
        FetchPeer named{pipe->id()};
        named.name = pipe->listed();
        named.error = pipe->error() ? pipe->error()->text() : too_late(pipe->name());
        unreached.push_back(std::move(named));
    }
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
    now.blocks =
        std::max(blocks, now.blocks_here); // where more rows of a column came than it lacked
    for (plan::PeerNumber number = 0; number < roster.all().size(); ++number) {
        const Roster::Entry& entry = roster.all()[number];
        plan::PeerCounts counts = entry.counts;
        FetchPeer peer{entry.id, 0, 0, 0, 0, 0, entry.rate, entry.round_trip};
        peer.name = listed_name_of(entry.id);
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
        peer.bytes = entry.bytes;
        now.peers.push_back(peer);
    }
    now.peers.insert(now.peers.end(), unreached.begin(), unreached.end());
    now.connected = running ? peers.all().size() : 0;
    now.waiting = waiting();
    return now;
}

std::size_t Fetch::Impl::giving() const {
    std::size_t count = 0;
    for (plan::PeerNumber number = 0; running && number < roster.all().size(); ++number) {
        const plan::Peer* const at = running->plan().peer(number);
        const bool gave =
            at != nullptr && roster.all()[number].counts.useful + at->counts.useful != 0;
        count += at != nullptr && at->joined && (at->open != 0 || gave || at->has_some()) ? 1 : 0;
    }
    return count;
}

void Fetch::hold(bool held) {
    impl_->held = held;
    impl_->outlook_since = impl_->loop.now();
    if (impl_->running)
        impl_->running->hold(held);
}

void Fetch::prefer(IndexRange blocks) {
    impl_->prefer(blocks);
}

FetchStatus Fetch::status() const {
    return impl_->status();
}

std::size_t Fetch::giving() const {
    return impl_->giving();
}

} // namespace codex::exchange
