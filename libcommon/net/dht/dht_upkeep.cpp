#include "net/dht/detail/pending.hpp"

namespace codex::net::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// A table that has fewer is filled from the seeds again.
constexpr std::size_t kFew = 4;
/// The first look around waits for so long for what else the seeds bring.
constexpr Clock::Duration kFirstPause = milliseconds(100);
/// As long as the table grows the next one comes after this, then after twice as long each time.
constexpr Clock::Duration kGrowingPause = seconds(1);
/// How many places are looked at then, beside what is next to the node.
constexpr std::size_t kPlacesGrowing = 3;
/// And in any case after this.
constexpr Clock::Duration kExplorePause = minutes(5);
/// Between two tries of the seeds that are not in the table; half as long again each time from the
/// first, while the table has few.
constexpr Clock::Duration kFirstSeedPause = milliseconds(500);
constexpr Clock::Duration kSeedPause = seconds(60);
/// So often in vain the first ones may have been lost on their way.
constexpr unsigned kTriesUntilSaid = 3;
/// One node is asked whether it is still there, in between these.
constexpr Clock::Duration kRevalidate = seconds(5);
constexpr std::uint64_t kRevalidateMoreMs = 5000;
/// And one that has not answered the last time.
constexpr Clock::Duration kRevalidateSuspect = seconds(1);
/// Nodes that others have told of, or spares, that are asked at once.
constexpr std::size_t kVerifiedAtOnce = 8;

/// Gives `id` the first `bits` of `like`, and another one behind them.
void share_bits(Id& id, const Id& like, std::size_t bits) {
    for (std::size_t i = 0; i <= bits; ++i) {
        const auto mask = static_cast<std::uint8_t>(0x80 >> i % 8);
        const auto wanted =
            static_cast<std::uint8_t>(i < bits ? like.bytes[i / 8] : ~like.bytes[i / 8]);
        id.bytes[i / 8] = static_cast<std::uint8_t>((id.bytes[i / 8] & ~mask) | (wanted & mask));
    }
}

} // namespace

/// Asks now and then who is there, of those that were silent for longest; and who has missed an
/// answer, more often, as lookups wait for those that are gone.
Task<void> Dht::revalidate_loop(Dht* dht) {
    for (;;) {
        const auto more = static_cast<std::int64_t>(dht->choice() % kRevalidateMoreMs);
        const Clock::Duration pause = dht->table_.suspect() != nullptr
                                          ? Clock::Duration(kRevalidateSuspect)
                                          : kRevalidate + milliseconds(more);
        co_await dht->loop_.pause_until(dht->loop_.now() + pause);
        const TableNode* silent = dht->table_.suspect();
        if (silent == nullptr)
            silent = dht->table_.longest_silent(dht->choice());
        if (silent == nullptr)
            continue;
        NodeRecord node = silent->record;
        const Clock::Instant until = dht->loop_.now() + detail::kAnswer;
        const auto pong = co_await dht->ping(std::move(node), until);
        static_cast<void>(pong);
    }
}

/// Looks around: for what is next to this node, and somewhere else. Soon again while that brings
/// new nodes, as at the start.
Task<void> Dht::explore_loop(Dht* dht) {
    std::uint64_t explored = 0; // additions that were there before the last time
    Clock::Duration pause = kFirstPause;
    Clock::Instant last = dht->loop_.now();
    for (;;) {
        const bool growing = dht->table_.additions() != explored;
        const Clock::Instant next = last + (growing ? pause : kExplorePause);
        if (dht->loop_.now() < next) {
            const auto grown = co_await dht->grown_.wait(next);
            if (grown && !growing && pause == kFirstPause)
                last = dht->loop_.now(); // the first one is waited for from the first node
            continue;
        }
        explored = dht->table_.additions();
        last = dht->loop_.now();
        pause = dht->table_.size() < kFew ? kGrowingPause
                                          : std::clamp(2 * pause, kGrowingPause, kExplorePause);
        if (dht->table_.size() == 0)
            continue;
        const std::size_t places = growing ? kPlacesGrowing : 1;
        co_await look_around(dht, places, last + kExplorePause);
        dht->set_joined();
    }
}

/// One lookup of what is next to this node, and then of places that are farther away.
Task<void> Dht::look_around(Dht* dht, std::size_t places, Clock::Instant until) {
    const auto next_to_it = co_await walk(dht, dht->id_, until, Asking::by_distances);
    static_cast<void>(next_to_it);
    for (std::size_t i = 0; i < places; ++i) {
        Id anywhere;
        const auto drawn = dht->random_.fill(anywhere.bytes);
        static_cast<void>(drawn); // or next to 0
        // In the half that is not this node's, then in the next quarter, and so on.
        if (places > 1)
            share_bits(anywhere, dht->id_, i);
        const auto there = co_await walk(dht, anywhere, until, Asking::by_distances);
        static_cast<void>(there);
    }
}

/// Asks seeds that are not in the table: when there are few nodes, and, as each of two parts that a
/// network fell into may keep its own, in any case from time to time.
Task<void> Dht::seed_loop(Dht* dht) {
    Clock::Duration pause = kFirstSeedPause;
    unsigned in_vain = 0;
    for (;;) {
        const bool few = dht->table_.size() < kFew;
        std::vector<NodeRecord> seeds = dht->lost_seeds();
        {
            const auto on_thrown = [dht](const std::exception_ptr& thrown) {
                dht->task_threw(thrown);
            };
            TaskGroup asking(dht->loop_, on_thrown);
            for (NodeRecord& seed : seeds)
                asking.start(ask_seed(dht, std::move(seed)));
            Signal& one_ended = asking.ended();
            while (asking.size() != 0) {
                const auto ended = co_await one_ended.wait();
                static_cast<void>(ended);
            }
        }
        if (dht->table_.size() != 0) {
            in_vain = 0;
        } else if (++in_vain == kTriesUntilSaid) {
            if (!dht->seeds_.empty())
                dht->log_.warn("No bootstrap node answers, trying on",
                               {{"nodes", dht->seeds_.size()}});
            dht->set_joined(); // as far as that goes
        }
        const Clock::Instant end = dht->loop_.now() + (few ? pause : kSeedPause);
        pause = few ? std::min(pause * 3 / 2, kSeedPause) : kFirstSeedPause;
        while (dht->loop_.now() < end && (few || dht->table_.size() >= kFew)) {
            const auto shrunk = co_await dht->shrunk_.wait(end);
            static_cast<void>(shrunk);
        }
    }
}

Task<void> Dht::ask_seed(Dht* dht, NodeRecord seed) {
    const Clock::Instant until = dht->loop_.now() + detail::kAnswer;
    const auto pong = co_await dht->ping(std::move(seed), until);
    static_cast<void>(pong);
}

std::vector<NodeRecord> Dht::lost_seeds() const {
    std::vector<NodeRecord> lost;
    for (const NodeRecord& seed : seeds_)
        if (table_.node(seed.id) == nullptr)
            lost.push_back(seed);
    return lost;
}

void Dht::set_joined() {
    joined_ = true;
    joined_changed_.notify();
}

/// Asks those that others have told of, and spares that there is a place for.
Task<void> Dht::verify_loop(Dht* dht) {
    for (;;) {
        while (dht->verifying_ < kVerifiedAtOnce) {
            NodeRecord next = dht->record_; // whatever it is at first
            bool is_spare = false;
            if (!dht->to_verify_.empty()) {
                next = std::move(dht->to_verify_.front());
                dht->to_verify_.pop_front();
                if (dht->table_.heard(next) != Hearsay::ask_it)
                    continue;
            } else if (const TableNode* spare = dht->table_.spare_to_ask();
                       spare != nullptr && dht->spares_asked_ == 0) {
                next = spare->record;
                is_spare = true;
            } else {
                break;
            }
            dht->tasks_.start(verify(dht, std::move(next), is_spare));
        }
        const auto told = co_await dht->hearsay_.wait();
        static_cast<void>(told);
    }
}

Task<void> Dht::verify(Dht* dht, NodeRecord node, bool is_spare) {
    const detail::Counted counted(dht->verifying_);
    std::optional<detail::Counted> counted_spare;
    if (is_spare)
        counted_spare.emplace(dht->spares_asked_);
    const Endpoint at{node.id, *udp_address(node.record)};
    const Clock::Instant until = dht->loop_.now() + detail::kAnswer;
    const auto pong = co_await dht->ping(std::move(node), until);
    if (is_spare && !pong) // also where it could not be asked: or it would be for ever
        static_cast<void>(dht->table_.missed(at, false));
    dht->hearsay_.notify(); // looked at after this has ended
}

/// Gets the newer record that a node says it has.
Task<void> Dht::refresh(Dht* dht, NodeRecord node) {
    const detail::Counted counted(dht->refreshing_);
    const Id id = node.id;
    Body body = FindNode{std::vector<std::uint16_t>(1, 0)};
    const Clock::Instant until = dht->loop_.now() + detail::kAnswer;
    const auto answer = co_await request(dht, std::move(node), std::move(body), until);
    if (!answer)
        co_return;
    const auto* nodes = std::get_if<Nodes>(&*answer);
    if (nodes->records.empty())
        co_return;
    const auto record = open_node_record(nodes->records[0]);
    if (record && record->id == id)
        dht->heard(*record);
}

} // namespace codex::net::dht
