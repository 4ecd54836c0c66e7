// Runs a scenario, and says what was not as it must be.
#pragma once

#include "node.hpp"
#include "scenario.hpp"

#include <functional>
#include <set>

namespace codex::sim {

/// Between two looks at what nodes say of others.
constexpr Clock::Duration kLookAtProviders = std::chrono::minutes(1);

/// What a run was like.
struct Outcome {
    std::vector<std::string> failures; ///< none: all is well
    std::uint64_t trace = 0;           ///< of all that passed, and when
    std::uint64_t events = 0;          ///< in the trace
    std::uint64_t wire_bytes = 0;
    std::uint64_t fetched = 0; ///< blocks
    std::uint64_t duplicates = 0;
    std::uint64_t fetches = 0;
    std::size_t most_held_bytes = 0; ///< of one node
    std::size_t most_unsent_bytes = 0;
    Clock::Duration took{};
};

/// Threads: the loop's, which it runs.
class Simulation {
public:
    explicit Simulation(Scenario scenario, log::Logger logger = {});
    /// Once.
    [[nodiscard]] Outcome run();

private:
    void set_up();
    /// Lets time pass, a step at a time, until `done`; gives whether it was.
    bool pass(const std::function<bool()>& done, Clock::Duration span);
    void step();
    void start(Node& node);
    void watch(Node& node);
    void begin(const Event& event);
    void later(Clock::Duration span, std::function<void()> what);
    void cut(std::size_t one, std::size_t other, bool is_cut);
    void isolate(std::size_t node, bool is_cut);
    void lose_power(std::size_t node, Clock::Duration span);
    void part(std::size_t below, bool is_cut);

    /// The blocks of a dataset that are among those that can reach each other, by node.
    [[nodiscard]] std::vector<IndexSet> within_reach(std::size_t goods) const;
    [[nodiscard]] bool is_settled() const;
    void check_end();
    void check_repo(Node& node);
    [[nodiscard]] bool ever_had(const Cid& cid, std::size_t node) const;
    void watch_providers(Node& node);
    [[nodiscard]] bool all_know_each_other() const;
    void pass_quietly();
    void check_found();
    void check_quiet(Node& node);
    void say(std::string failure);

    Scenario scenario_;
    World world_;
    Outcome outcome_;
    std::vector<Dataset> data_;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::multimap<Clock::Instant, std::function<void()>> later_;
    std::map<std::pair<std::size_t, std::size_t>, int> cuts_;
    std::map<std::size_t, int> full_;
    std::size_t next_event_ = 0;
    std::map<net::PeerId, std::size_t> numbers_;       ///< of nodes
    std::map<std::size_t, Clock::Instant> last_alive_; ///< of nodes
    std::vector<std::set<std::size_t>> ever_had_;      ///< by goods: a block of them
    Clock::Instant look_at_{};                         ///< when providers are looked at
    bool settling_ = false;
};

} // namespace codex::sim
