// The inside of a fetch, for the files that implement it.
#pragma once

#include "exchange/content.hpp"
#include "exchange/detail/dialler.hpp"
#include "exchange/detail/goods.hpp"
#include "exchange/fetch.hpp"

#include <deque>

namespace codex::exchange {

/// Threads: the loop's.
class Fetch::Impl {
public:
    /// Why a fetch gives up.
    enum class Why : std::uint8_t { nobody, nobody_has_it, deadline, nothing_comes };

    Impl(Peers& peers_to_ask, repo::Repo* into, OpenDestination opener, const Cid& cid,
         FetchOptions how, const codex::Job& work)
        : peers(peers_to_ask), loop(peers_to_ask.loop()), repo(into), open(std::move(opener)),
          manifest(cid), options(std::move(how)), job(work) {}

    [[nodiscard]] static Task<Result<FetchStatus>> run(Impl* self);
    /// Of a dataset that is whole already, what is wanted of its content.
    [[nodiscard]] static Task<Result<FetchStatus>> give(Impl* self, codec::Manifest whole);
    /// Goes on until all of it is there, and its content written.
    [[nodiscard]] static Task<Result<void>>
    download(Impl* self, std::shared_ptr<detail::Goods> goods, std::shared_ptr<Content> content,
             IndexSet wanted, std::size_t block_bytes, std::optional<detail::ColumnNeeds> columns);
    /// Gives why it gave up, if it did.
    [[nodiscard]] static Task<Result<std::optional<Why>>> watch(Impl* self,
                                                                const detail::Dialler* dialler);
    static Task<void> write(Impl* self, std::shared_ptr<Content> content);
    /// The same of a dataset that is whole; `changed` is notified at the end.
    static Task<void> write_whole(Impl* self, dataset::ByteRange range, Signal* changed);
    /// `changed` is notified when it may be over.
    [[nodiscard]] static Task<Result<void>> end_content(Impl* self, bool all_is_here,
                                                        Signal* changed);
    /// Blocks that are read in order, of which those before `awaited_to` are asked for first.
    struct Reading {
        IndexRange blocks;
        std::uint64_t awaited_to = 0;
    };
    void look_ahead(Reading& reading);
    void look_ahead_of_readers();
    [[nodiscard]] bool goes_on(Reading& reading) const;
    void prefer(IndexRange of);

    [[nodiscard]] Result<FetchPart> part_of(const codec::Manifest& of) const;
    [[nodiscard]] std::optional<Why> given_up(const detail::Dialler& dialler);
    /// How that is said, once what has come is kept.
    [[nodiscard]] Error words_of(Why why, const detail::Dialler& dialler) const;
    [[nodiscard]] Error nobody(const detail::Dialler& dialler) const;
    [[nodiscard]] Error missing_everywhere() const;
    /// `cause`: why nobody is there, where nobody is.
    [[nodiscard]] Error out_of_time(Clock::Duration after, const Error* cause) const;
    /// At the deadline, when nothing is missing but that the content is taken.
    [[nodiscard]] Error not_taken_in_time() const;
    /// How many blocks are here.
    [[nodiscard]] std::string share() const;
    /// With the hint that the same command goes on, where something has come.
    [[nodiscard]] Error going_on(Error error) const;
    /// Why not all that is missing has room, in blocks of so many bytes; nothing where it has.
    [[nodiscard]] std::optional<Error> short_of_room(const repo::Space& space,
                                                     std::size_t block_bytes) const;
    /// Notes who was named and was not there: whom the dialler could not reach, and pipes that have
    /// not said what they are.
    void note_unreached(const detail::Dialler& dialler);
    /// Who was named, and has neither answered nor failed.
    [[nodiscard]] std::string unheard_of(const detail::Dialler& dialler) const;
    /// Why nobody is there, as far as that is known.
    [[nodiscard]] std::optional<Error> cause_of_none(const detail::Dialler& dialler) const;
    [[nodiscard]] std::optional<FetchWait> waiting() const;
    [[nodiscard]] std::string silent_peers() const;
    /// How long nothing may come from those that say they have it.
    [[nodiscard]] Clock::Duration stalled() const;
    void note_waiting();
    [[nodiscard]] bool pipes_ended() const;
    [[nodiscard]] std::string name_of(const net::PeerId& peer) const;
    [[nodiscard]] std::string listed_name_of(const net::PeerId& peer) const;
    [[nodiscard]] FetchStatus status() const;
    [[nodiscard]] std::size_t giving() const;

    Peers& peers;
    EventLoop& loop;
    repo::Repo* repo; ///< nothing: there is none yet, and `open` gives it
    OpenDestination open;
    Cid manifest;
    FetchOptions options;
    codex::Job job;
    detail::Roster roster;
    std::unique_ptr<detail::Download> running;
    std::uint64_t blocks = 0;         ///< that are wanted
    std::uint64_t blocks_before = 0;  ///< of these, here when it began
    std::uint64_t blocks_lacking = 0; ///< that were to be stored then, computed ones included
    std::uint64_t blocks_fetched = 0;
    std::uint64_t bytes_fetched = 0;
    std::vector<FetchPeer> unreached; ///< that were named, with the error
    plan::Outlook outlook = plan::Outlook::going_on;
    Clock::Instant outlook_since{};
    std::string waiting_for; ///< the words of the wait that was said
    std::string unheard;     ///< while nobody is there: who may answer yet
    bool held = false;       ///< by Fetch::hold()

    bool content_over = true; ///< nothing is being written
    bool all_is_here = false;
    std::optional<Error> content_error;
    Reading written;             ///< what is written
    std::deque<Reading> readers; ///< what others read meanwhile
    /// What is read when nothing else is.
    std::optional<Reading> at_last;
    std::shared_ptr<void> expected; ///< of `peers`, for as long as larger blocks come
};

} // namespace codex::exchange
