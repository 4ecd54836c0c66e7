#include "exchange/detail/download.hpp"

#include "base/copy_error.hpp"
#include "base/offload.hpp"
#include "exchange/detail/thrown.hpp"

#include <algorithm>

namespace codex::exchange::detail {
namespace {

constexpr std::size_t kNotNoted = static_cast<std::size_t>(-1);
/// How long a batch may take to come together: hashing so many blocks side by side takes a third of
/// what it takes to hash one after the other.
constexpr Clock::Duration kGather = std::chrono::milliseconds(10);

} // namespace

Came::Came(plan::PeerNumber from, std::uint64_t number, const Delivery& delivery)
    : peer(from), index(number), cid(delivery.cid), data(delivery.data), proof(delivery.proof) {
    if (delivery.memory != nullptr && !delivery.memory->empty()) {
        memory = std::move(*delivery.memory);
        return;
    }
    memory.reserve(data.size() + proof.size());
    append(memory, data);
    append(memory, proof);
    data = BytesView(memory).first(data.size());
    proof = BytesView(memory).subspan(data.size());
}

Download::Download(Peers& peers, const codex::Job& job, Roster& roster,
                   std::shared_ptr<Goods> goods, DownloadOptions options)
    : peers_(peers), loop_(peers.loop()), job_(job.uncounted()), roster_(roster),
      goods_(std::move(goods)), options_(std::move(options)),
      plan_({options_.block_bytes, options_.seed}), progress_(loop_.now()), ask_(loop_),
      keep_(loop_), changed_(loop_),
      tasks_(loop_, [this](const std::exception_ptr& thrown) { end_for(error_of(thrown)); }) {}

Download::~Download() {
    peers_.remove(*this);
    try {
        withdraw();
    } catch (const std::bad_alloc&) { // then they send what nobody waits for
        peers_.count_thrown(std::current_exception());
    }
    for (plan::PeerNumber number = 0; number < roster_.all().size(); ++number)
        if (const plan::Peer* const peer = plan_.peer(number)) {
            Roster::Entry& entry = roster_.at(number);
            entry.counts += peer->counts;
            entry.rate = peer->meter.rate();
            entry.round_trip = peer->meter.round_trip();
        }
}

void Download::end_for(Error error) {
    if (!failure_)
        failure_ = std::move(error);
    keep_.notify();
    changed_.notify();
}

void Download::want_all(const IndexSet& wanted) {
    for (auto run = wanted.next_run(0); run; run = wanted.next_run(run->end()))
        plan_.want(*run);
}

void Download::start(const IndexSet& wanted) {
    want_all(wanted);
    peers_.add(*this);
    tasks_.start(ask(this));
    tasks_.start(keep(this));
}

void Download::await(IndexRange range, Clock::Instant by) {
    plan_.await(range, by);
    poke();
}

Task<Result<void>> Download::settle(Download* self) {
    self->settling_ = true;
    self->keep_.notify();
    while (!self->keeper_ended_) {
        co_await self->changed_.wait();
    }
    // What has come before a failure stays, too.
    auto commit = [goods = self->goods_] { return goods->commit(); };
    auto committed = co_await offload(self->loop_, self->job_.executor(), std::move(commit));
    if (self->failure_)
        co_return fail(copy_of(*self->failure_));
    co_return committed;
}

// --- what peers say -----------------------------------------------------------------------------

void Download::joined(const PeerId& peer) {
    if (roster_.is_banned(peer, loop_.now()))
        return peers_.drop(peer, "it sent a wrong block");
    const plan::PeerNumber number = roster_.number_of(peer);
    if (options_.belief && plan_.peer(number) == nullptr)
        plan_.believe(number, options_.belief(peer));
    plan_.joined(number, loop_.now());
    poke();
}

void Download::left(const PeerId& peer) {
    const plan::PeerNumber number = roster_.number_of(peer);
    if (number < noted_open_.size())
        noted_open_[number] = kNotNoted;
    plan_.left(number, loop_.now());
    poke();
}

void Download::presence(const PeerId& peer, const Presence& presence) {
    if (const auto index = goods_->index(presence.address))
        plan_.presence(roster_.number_of(peer), *index, presence.have, loop_.now());
}

bool Download::delivery(const PeerId& peer, const Delivery& delivery) {
    const auto index = goods_->index(delivery.address);
    if (!index)
        return false;
    if (failure_ || settling_)
        return true;
    const plan::PeerNumber number = roster_.number_of(peer);
    const bool withdrawn = peers_.was_withdrawn(peer, delivery.address);
    if (plan_.arrived(number, *index, loop_.now(), withdrawn) == plan::Arrival::wanted) {
        peers_.counts().retrieval = plan_.last_took();
        if (queue_.empty())
            gather_until_ = loop_.now() + kGather;
        queued_bytes_ += delivery.data.size();
        queue_.emplace_back(number, *index, delivery);
        if (queued_bytes_ >= options_.queue_bytes && !paused_)
            set_paused(true, held_);
        keep_.notify();
    } else {
        ++peers_.counts().spurious;
    }
    poke();
    return true;
}

void Download::unasked(const PeerId& peer) {
    ++roster_.at(roster_.number_of(peer)).counts.unasked;
}

void Download::message_end(const PeerId& /*peer*/) {
    poke();
}

bool Download::may_read(const PeerId& /*peer*/) {
    return !paused_;
}

void Download::read_on() {
    if (!paused_ || queued_bytes_ > options_.queue_bytes / 2)
        return;
    set_paused(false, held_);
    for (const PeerId& peer : peers_.all())
        peers_.read_on(peer);
}

/// For the one and for the other the plan lets no time pass.
void Download::set_paused(bool reading, bool held) {
    const bool was = paused_ || held_;
    paused_ = reading;
    held_ = held;
    if (!was && (paused_ || held_))
        plan_.pause(loop_.now());
    else if (was && !paused_ && !held_)
        plan_.resume(loop_.now());
}

void Download::hold(bool held) {
    if (held == held_)
        return;
    set_paused(paused_, held);
    progress_ = loop_.now();
    ask_.notify();
}

// --- what is said to them -----------------------------------------------------------------------

void Download::poke() {
    if (plan_.due() < asking_at_)
        ask_.notify();
}

Task<void> Download::ask(Download* self) {
    while (true) {
        if (self->held_) {
            self->asking_at_ = Clock::Instant::min(); // it is not to be woken before
            co_await self->ask_.wait();
            continue;
        }
        if (self->plan_.due() <= self->loop_.now()) {
            self->ask_for_other_rows();
            self->share();
            const plan::Orders orders = self->plan_.next(self->loop_.now());
            self->note_open();
            self->send(orders);
        }
        self->asking_at_ = self->plan_.due();
        co_await self->ask_.wait(self->plan_.due());
    }
}

/// Where no peer has a block, any other of its column does as well.
void Download::ask_for_other_rows() {
    if (!options_.columns)
        return;
    for (const std::uint64_t index : plan_.held_by_none(loop_.now())) {
        const ColumnNeeds::Change change = options_.columns->instead(index, plan_.missing());
        if (change.forget)
            plan_.stored(index, loop_.now());
        for (const std::uint64_t other : change.want)
            plan_.want({other, 1});
    }
    if (plan_.finished()) // of what was only to prove something nobody has any
        keep_.notify();
}

/// What it may have open where other fetches ask, too. This and the next are called for each block,
/// so of many peers they look up only those of which something is to be said.
void Download::share() {
    const bool is_alone = peers_.asks_alone(*this);
    std::optional<std::size_t> each;
    for (plan::PeerNumber number = 0; number < roster_.all().size(); ++number)
        if (const plan::Peer* const peer = plan_.peer(number); peer != nullptr && peer->joined) {
            if (!each || !is_alone)
                each = peers_.may_open(roster_.at(number).id, *this, options_.block_bytes);
            plan_.share(number, *each);
        }
}

void Download::note_open() {
    std::size_t pending = 0;
    noted_open_.resize(roster_.all().size(), kNotNoted);
    for (plan::PeerNumber number = 0; number < roster_.all().size(); ++number)
        if (const plan::Peer* const peer = plan_.peer(number); peer != nullptr && peer->joined) {
            if (noted_open_[number] != peer->open)
                peers_.note_open(roster_.at(number).id, *this, peer->open * options_.block_bytes);
            noted_open_[number] = peer->open;
            pending += peer->open;
        }
    peers_.note_pending(*this, pending);
}

void Download::send(const plan::Orders& orders) {
    for (const plan::Tell& one : orders.tell)
        tell(one);
    for (const plan::PeerNumber number : orders.leave) {
        const bool banned = loop_.now() < plan_.banned_until(number);
        if (banned)
            roster_.at(number).banned_until = plan_.banned_until(number);
        else if (plan_.was_silent(number))
            ++peers_.counts().silent;
        peers_.drop(roster_.at(number).id, banned ? "it sent a wrong block"
                                                  : "it sends nothing, or what nobody asked for");
    }
}

/// Takes back what was asked for. Some of it is on its way.
void Download::withdraw() {
    const Clock::Instant now = loop_.now();
    for (plan::PeerNumber number = 0; number < roster_.all().size(); ++number)
        for (const IndexRange& range : plan_.may_still_come(number, now))
            peers_.note_withdrawn(roster_.at(number).id, goods_->address(range.first), range.count);
    send(plan_.abandon());
}

void Download::tell(const plan::Tell& tell) {
    const PeerId& peer = roster_.at(tell.peer).id;
    Message message;
    const auto add = [&](const std::vector<IndexRange>& ranges, WantType type, bool cancel) {
        for (const IndexRange& range : ranges)
            for (std::uint64_t index = range.first; index < range.end(); ++index) {
                if (message.wants.size() == net::exchange::kMaxEntriesWritten) {
                    peers_.send(peer, message);
                    message.wants.clear();
                }
                message.wants.push_back({goods_->address(index), cancel, type, !cancel});
            }
    };
    add(tell.cancels, WantType::have, true);
    add(tell.haves, WantType::have, false);
    add(tell.blocks, WantType::block, false);
    peers_.send(peer, message);
}

} // namespace codex::exchange::detail
