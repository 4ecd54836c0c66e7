// What one peer wants of us: which blocks, of which it only wants to know whether they are here,
// and what it was told (codex-exchange(7), ANSWERING). No socket, no repo and no clock.
#pragma once

#include "base/index_set.hpp"
#include "net/exchange/message.hpp"

#include <deque>
#include <map>
#include <memory>

namespace codex::exchange {

struct WantLimits {
    /// Blocks that are wanted; and, apart, questions that are open or remembered.
    std::size_t wants = 65536;
    /// Trees in which something is wanted, or was told to be here.
    std::size_t trees = 256;
};

/// Wants are sets of indices, so that those of a large dataset cost bits; the order in which blocks
/// were asked for is kept as runs. A block is wanted, then on its way from next_blocks() until it
/// is sent() or absent(); a question is open from add() to next_questions(), and remembered where
/// its answer was no. Threads: one at a time.
class WantList {
public:
    enum class Taken : std::uint8_t { yes, changes_nothing, too_many };
    /// One want list, of any stream, begins or ends; in between its entries are add().
    void begin_list();
    void end_list(bool full);
    Taken add(const net::exchange::Want& want);

    /// Questions of one tree, or of plain blocks.
    struct Questions {
        Cid tree;                           ///< null of plain blocks
        std::vector<std::uint64_t> indices; ///< of leaves; of plain blocks numbers of its own
        std::vector<Cid> blocks;            ///< plain ones
        std::vector<bool> send_dont_have;
        [[nodiscard]] net::exchange::BlockAddress address(std::size_t at) const;
    };
    [[nodiscard]] bool has_questions() const { return open_questions_ > 0; }
    /// At most `most`, in order of their indices; they are not open any more. There are some.
    [[nodiscard]] Questions next_questions(std::size_t most);
    /// What was found: what is here was told to be here, what is not is remembered.
    void answered(const Questions& questions, const std::vector<bool>& here);

    struct Block {
        net::exchange::BlockAddress address;
        bool send_dont_have = false; ///< is to be told when it is not here
    };
    [[nodiscard]] bool has_blocks() const { return queued_ > 0; }
    /// The next that are wanted, at most `most`, in the order in which they were asked for; they
    /// are on their way then, and asking for them again changes nothing.
    [[nodiscard]] std::vector<Block> next_blocks(std::size_t most);
    /// They were not sent, and are the next ones again.
    void put_back(std::span<const Block> blocks);
    /// It was sent, or its message was lost, and is not wanted any more.
    void done(const net::exchange::BlockAddress& address);
    /// It is not here. One of which that is told is forgotten; another stays wanted, and comes
    /// again when it is asked for again, or arrives. Gives whether it was told to be here before.
    bool absent(const Block& block);
    /// It is wanted, and was not here.
    [[nodiscard]] bool misses(const net::exchange::BlockAddress& address) const;

    // Blocks came: questions that are remembered are open again, blocks that were absent wanted.
    void arrived(const Cid& tree, IndexRange leaves);
    void arrived_plain();
    void arrived_anything();
    /// Something is remembered or absent, so that it matters what arrives.
    [[nodiscard]] bool waits() const { return remembered_ > 0 || absent_ > 0; }

    /// Of all kinds.
    [[nodiscard]] std::size_t size() const {
        return wanted_ + open_questions_ + remembered_ + plain_.size();
    }
    explicit WantList(const WantLimits& limits = {}) : limits_(limits) {}

private:
    /// What is wanted of one tree, or of plain blocks.
    struct Group {
        Cid tree;             ///< null: plain blocks
        IndexSet wanted;      ///< queued, absent or on its way
        IndexSet on_way;      ///< of these
        IndexSet absent;      ///< of these
        IndexSet tell_absent; ///< of these: DontHave is asked for
        IndexSet open;        ///< questions
        IndexSet tell_open;   ///< of these
        IndexSet asking;      ///< questions from next_questions() until they are answered()
        IndexSet remembered;
        IndexSet fresh; ///< of these, remembered since a list began that is not at its end
        IndexSet told;  ///< to be here
        [[nodiscard]] bool idle() const {
            return wanted.empty() && open.empty() && remembered.empty();
        }
    };
    using GroupPtr = std::shared_ptr<Group>;
    struct Run {
        GroupPtr group;
        IndexRange range;
    };
    /// An address, here.
    struct Place {
        GroupPtr group;
        std::uint64_t index = 0;
    };

    [[nodiscard]] std::optional<Place> find(const net::exchange::BlockAddress& address) const;
    [[nodiscard]] std::optional<Place> place(const net::exchange::BlockAddress& address);
    [[nodiscard]] GroupPtr make_group(const Cid& tree);
    [[nodiscard]] std::optional<std::uint64_t> make_number(const Cid& block);
    [[nodiscard]] net::exchange::BlockAddress address_of(const Group& group,
                                                         std::uint64_t index) const;
    Taken cancel(const net::exchange::BlockAddress& address);
    Taken ask(Group& group, std::uint64_t index, bool dont_have);
    Taken request(const Place& place, bool dont_have);
    void queue(const GroupPtr& group, IndexRange range);
    void queue_in_front(const GroupPtr& group, std::uint64_t index);
    void shorten_queue();
    void forget_question(Group& group, std::uint64_t index);
    bool drop_wanted(Group& group, std::uint64_t index);
    void arrived_in(const GroupPtr& group, IndexRange range);
    void release_blocks();
    [[nodiscard]] static bool is_used(const Group& group, std::uint64_t index);
    void forget_number(Group& plain, std::uint64_t number);

    WantLimits limits_;
    std::map<Cid, GroupPtr> groups_;
    std::map<Cid, std::uint64_t> plain_;  ///< numbers of plain blocks
    std::map<std::uint64_t, Cid> blocks_; ///< the other way
    std::vector<std::uint64_t> free_numbers_;
    std::deque<Run> queue_; ///< may have what is not wanted any more
    std::size_t open_lists_ = 0;
    bool has_fresh_ = false;
    std::size_t wanted_ = 0;
    std::size_t queued_ = 0; ///< wanted, neither absent nor on its way
    std::size_t absent_ = 0;
    std::size_t open_questions_ = 0;
    std::size_t remembered_ = 0;
};

} // namespace codex::exchange
