// Many nodes that exchange blocks by plans, on a time of its own: a simulation of events.
#pragma once

#include "exchange/plan/planner.hpp"

#include <deque>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <set>

namespace codex::exchange::plan {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kBlock = 65536;
constexpr std::uint64_t kEntryBytes = 58;
constexpr std::uint64_t kPresenceBytes = 86;

/// How a node behaves as a server.
struct Habits {
    double rate = 12.5e6; ///< bytes a second, to all together
    Clock::Duration round_trip = milliseconds(40);
    bool remembers = true;      ///< and says so when a block comes that it was asked about
    bool denies_blocks = true;  ///< says when it has not what is to be sent
    bool in_order = true;       ///< sends in the order in which it was asked
    unsigned wrong_every = 0;   ///< of so many blocks one is wrong
    unsigned repeats_every = 0; ///< is sent twice
    unsigned loses_every = 0;   ///< of so many questions one is not heard
    std::uint64_t silent_after = UINT64_MAX; ///< blocks
    bool boasts = false;                     ///< says to have what it has not
    std::uint64_t unasked = 0; ///< blocks that it sends for each that it was asked for
};

/// Time, and what happens in it.
class Events {
public:
    [[nodiscard]] Clock::Instant now() const { return now_; }
    void at(Clock::Instant when, std::function<void()> what) {
        queue_.push({std::max(when, now_), next_++, std::move(what)});
    }
    void after(Clock::Duration span, std::function<void()> what) {
        at(now_ + span, std::move(what));
    }
    /// Until `done`, or for `span`; whether it was done.
    bool run(Clock::Duration span, const std::function<bool()>& done) {
        const Clock::Instant until = now_ + span;
        while (!done()) {
            if (queue_.empty() || queue_.top().when > until)
                return false;
            Event event = queue_.top();
            queue_.pop();
            now_ = event.when;
            event.what();
        }
        return true;
    }

private:
    struct Event {
        Clock::Instant when;
        std::uint64_t number;
        std::function<void()> what;
        bool operator<(const Event& other) const {
            return std::tie(other.when, other.number) < std::tie(when, number);
        }
    };
    std::priority_queue<Event> queue_;
    std::uint64_t next_ = 0;
    Clock::Instant now_ = Clock::Instant{} + std::chrono::hours(1);
};

/// A node: what it has, what it sends, and with a plan what it asks for.
class Node {
public:
    Node(Events& events, std::uint64_t seed, const Habits& its)
        : habits(its), events_(events), random_(seed) {}

    void fetch(IndexRange range, std::uint64_t seed) {
        plan = std::make_unique<Planner>(PlanOptions{kBlock, seed});
        plan->want(range);
        poke();
    }
    static void join(Node& a, Node& b) {
        a.meet(b);
        b.meet(a);
    }
    static void part(Node& a, Node& b) {
        a.lose(b);
        b.lose(a);
    }

    IndexSet stored;
    Habits habits;
    std::unique_ptr<Planner> plan;
    std::vector<Node*> peers; ///< by number; null when it is not there
    std::uint64_t blocks_in = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t unasked = 0;
    std::uint64_t control_bytes = 0; ///< of what it asks, and of the answers
    std::uint64_t wrong_stored = 0;
    std::size_t most_open = 0; ///< bytes of blocks, at one peer
    std::uint64_t cancels = 0;
    std::uint64_t needless_cancels = 0;
    std::vector<Node*> left_on_purpose;
    std::vector<std::uint64_t> order; ///< in which blocks came
    std::optional<Clock::Instant> finished_at;
    std::uint64_t trace = 14695981039346656037U;

private:
    /// What a peer was told to want, and has not been answered or told to forget.
    struct Asked {
        std::set<std::uint64_t> blocks;
        std::set<std::uint64_t> questions;
    };
    struct Queue {
        std::deque<std::uint64_t> wanted;
        std::set<std::uint64_t> remembered;
    };

    PeerNumber number_of(Node& other) {
        for (PeerNumber i = 0; i < met_.size(); ++i)
            if (met_[i] == &other)
                return i;
        met_.push_back(&other);
        peers.push_back(nullptr);
        return static_cast<PeerNumber>(met_.size() - 1);
    }
    void meet(Node& other) {
        const PeerNumber number = number_of(other);
        peers[number] = &other;
        if (plan) {
            plan->joined(number, events_.now());
            poke();
        }
    }
    void lose(Node& other) {
        const PeerNumber number = number_of(other);
        peers[number] = nullptr;
        queues_.erase(&other);
        asked_.erase(number);
        if (plan) {
            plan->left(number, events_.now());
            poke();
        }
    }
    bool hit(unsigned every) { return every != 0 && random_() % every == 0; }
    void note(std::uint64_t value) { trace = (trace ^ value) * 1099511628211U; }

    /// Does what the plan says, when it is to be asked.
    void poke() {
        if (!plan || finished_at)
            return;
        if (plan->finished()) {
            finished_at = events_.now();
            EXPECT_LE(needless_cancels, kRunBlocks + cancels / 50);
            EXPECT_TRUE(plan->next(events_.now()).leave.empty());
            return;
        }
        const Clock::Instant due = plan->due();
        if (due == Clock::Instant::max() || (wake_ && *wake_ <= due))
            return;
        wake_ = due;
        events_.at(due, [this, due] {
            if (wake_ != due)
                return;
            wake_.reset();
            do_orders(plan->next(events_.now()));
            poke();
        });
    }
    void do_orders(Orders orders) {
        for (Tell& tell : orders.tell) {
            Node* const to = peers[tell.peer];
            ASSERT_NE(to, nullptr) << "told to one that is not there";
            check(tell);
            for (const auto* list : {&tell.cancels, &tell.haves, &tell.blocks})
                for (const IndexRange& range : *list) {
                    control_bytes += range.count * kEntryBytes;
                    note(range.first);
                    note(range.count + static_cast<std::uint64_t>(list - &tell.cancels));
                }
            if (!hit(to->habits.loses_every))
                events_.after(to->habits.round_trip / 2,
                              [this, to, tell = std::move(tell)] { to->asked(*this, tell); });
        }
        for (const PeerNumber number : orders.leave)
            if (Node* const gone = peers[number]) {
                left_on_purpose.push_back(gone);
                part(*this, *gone);
            }
    }

    /// Nodes of old sent each cancel to everybody, and put all that was wanted into one message.
    /// What is taken back was asked for; but of one that says yes and no to the same some may be
    /// too many.
    void check(const Tell& tell) {
        Asked& asked = asked_[tell.peer];
        for_each(tell.cancels, [&](std::uint64_t index) {
            ++cancels;
            if (asked.blocks.erase(index) + asked.questions.erase(index) == 0)
                ++needless_cancels;
        });
        for_each(tell.haves, [&](std::uint64_t index) {
            EXPECT_FALSE(asked.blocks.contains(index));
            asked.questions.insert(index);
        });
        for_each(tell.blocks, [&](std::uint64_t index) {
            EXPECT_TRUE(asked.blocks.insert(index).second) << "asks twice";
        });
        most_open = std::max(most_open, asked.blocks.size() * kBlock);
        EXPECT_LE(most_open, kMaxOpenBytes);
    }
    bool knows(Node& other) {
        for (Node* peer : peers)
            if (peer == &other)
                return true;
        return false;
    }
    void asked(Node& by, const Tell& tell) {
        if (!knows(by))
            return;
        Queue& queue = queues_[&by];
        for_each(tell.cancels, [&](std::uint64_t index) { std::erase(queue.wanted, index); });
        std::vector<std::pair<std::uint64_t, bool>> said;
        for_each(tell.haves, [&](std::uint64_t index) {
            EXPECT_EQ(std::count(queue.wanted.begin(), queue.wanted.end(), index), 0)
                << "a want of type 1 takes the place of the block's";
            const bool have = stored.contains(index) || habits.boasts;
            said.emplace_back(index, have);
            if (!have && habits.remembers)
                queue.remembered.insert(index);
        });
        for_each(tell.blocks, [&](std::uint64_t index) {
            if (stored.contains(index))
                queue.wanted.push_back(index);
            else if (habits.denies_blocks)
                said.emplace_back(index, false);
        });
        if (!habits.in_order)
            std::shuffle(queue.wanted.begin(), queue.wanted.end(), random_);
        say(by, said);
        send();
    }
    template <class Each>
    static void for_each(const std::vector<IndexRange>& list, const Each& each) {
        for (const IndexRange& range : list)
            for (std::uint64_t index = range.first; index < range.end(); ++index)
                each(index);
    }
    void say(Node& to, const std::vector<std::pair<std::uint64_t, bool>>& said) {
        if (said.empty() || sent_ >= habits.silent_after)
            return;
        to.control_bytes += said.size() * kPresenceBytes;
        events_.after(habits.round_trip / 2, [this, &to, said] {
            if (!to.knows(*this) || !to.plan)
                return;
            for (const auto& [index, have] : said) {
                if (have)
                    to.asked_[to.number_of(*this)].questions.erase(index);
                to.plan->presence(to.number_of(*this), index, have, to.events_.now());
            }
            to.poke();
        });
    }

    /// One block after the other, to each who wants one in turn.
    void send() {
        if (sending_ || sent_ >= habits.silent_after)
            return;
        for (std::size_t i = 0; i < met_.size(); ++i) {
            turn_ = (turn_ + 1) % met_.size();
            const auto queue = queues_.find(met_[turn_]);
            if (queue == queues_.end() || queue->second.wanted.empty())
                continue;
            const std::uint64_t index = queue->second.wanted.front();
            queue->second.wanted.pop_front();
            sending_ = true;
            ++sent_;
            Node& to = *met_[turn_];
            const auto span = std::chrono::duration_cast<Clock::Duration>(
                std::chrono::duration<double>(kBlock / habits.rate));
            events_.after(span, [this, &to, index] {
                sending_ = false;
                const bool right = !hit(habits.wrong_every);
                deliver(to, index, right);
                if (hit(habits.repeats_every))
                    deliver(to, index, right);
                for (std::uint64_t n = 0; n < habits.unasked; ++n)
                    deliver(to, random_() % (stored.size() + 1), true);
                send();
            });
            return;
        }
    }
    void deliver(Node& to, std::uint64_t index, bool right) {
        events_.after(habits.round_trip / 2, [this, &to, index, right] {
            if (to.knows(*this) && to.plan)
                to.came(*this, index, right);
        });
    }
    void came(Node& from, std::uint64_t index, bool right) {
        const PeerNumber number = number_of(from);
        ++blocks_in;
        asked_[number].blocks.erase(index);
        switch (plan->arrived(number, index, events_.now())) {
        case Arrival::unasked:
            ++unasked;
            break;
        case Arrival::duplicate:
            ++duplicates;
            break;
        case Arrival::wanted:
            order.push_back(index);
            events_.after(milliseconds(1), [this, number, index, right] {
                if (!right) {
                    plan->wrong(number, index, events_.now());
                } else {
                    wrong_stored += stored.insert(index) ? 0 : 1;
                    plan->verified(number, index, events_.now());
                    tell_others(index);
                }
                poke();
            });
        }
        poke();
    }
    void tell_others(std::uint64_t index) {
        for (auto& [other, queue] : queues_)
            if (queue.remembered.erase(index) != 0)
                say(*other, {{index, true}});
    }

    Events& events_;
    std::mt19937_64 random_;
    std::vector<Node*> met_;
    std::map<Node*, Queue> queues_;
    std::map<PeerNumber, Asked> asked_;
    std::optional<Clock::Instant> wake_;
    bool sending_ = false;
    std::uint64_t sent_ = 0;
    std::size_t turn_ = 0;
};

/// All of a simulation.
class World {
public:
    explicit World(std::uint64_t seed = 1) : seed_(seed) {}

    Node& add(const Habits& habits = {}, IndexRange has = {}) {
        nodes.push_back(std::make_unique<Node>(events, seed_ * 1000 + nodes.size(), habits));
        nodes.back()->stored.insert(has);
        return *nodes.back();
    }
    /// All leechers begin together, and all nodes know each other.
    void start(const std::vector<Node*>& leechers, IndexRange range) {
        for (std::size_t i = 0; i < leechers.size(); ++i)
            leechers[i]->fetch(range, seed_ * 100 + i);
        for (auto a = nodes.begin(); a != nodes.end(); ++a)
            for (auto b = a + 1; b != nodes.end(); ++b)
                Node::join(**a, **b);
    }
    bool finish(const std::vector<Node*>& leechers, Clock::Duration within) {
        begun = events.now();
        return events.run(within, [&leechers] {
            return std::all_of(leechers.begin(), leechers.end(),
                               [](const Node* node) { return node->finished_at.has_value(); });
        });
    }
    [[nodiscard]] double seconds_of(const Node& node) const {
        return std::chrono::duration<double>(node.finished_at.value_or(Clock::Instant::max()) -
                                             begun)
            .count();
    }

    Events events;
    std::vector<std::unique_ptr<Node>> nodes;
    Clock::Instant begun{};

private:
    std::uint64_t seed_;
};

} // namespace codex::exchange::plan
