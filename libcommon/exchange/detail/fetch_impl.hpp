// The inside of a fetch, for the files that implement it.
#pragma once

#include "exchange/detail/content.hpp"
#include "exchange/detail/dialler.hpp"
#include "exchange/detail/goods.hpp"
#include "exchange/fetch.hpp"

namespace codex::exchange {

/// Threads: the loop's.
class Fetch::Impl {
public:
    Impl(Peers& peers_to_ask, repo::Repo& into, const Cid& cid, FetchOptions how,
         const codex::Job& work)
        : peers(peers_to_ask), loop(peers_to_ask.loop()), repo(into), manifest(cid),
          options(std::move(how)), job(work) {}

    [[nodiscard]] static Task<Result<FetchStatus>> run(Impl* self);
    /// Of a dataset that is whole already, what is wanted of its content.
    [[nodiscard]] static Task<Result<FetchStatus>> give(Impl* self, codec::Manifest whole);
    /// Goes on until all of it is there, and its content written.
    [[nodiscard]] static Task<Result<void>> download(Impl* self,
                                                     std::shared_ptr<detail::Goods> goods,
                                                     std::shared_ptr<detail::Content> content,
                                                     IndexSet wanted, std::size_t block_bytes);
    [[nodiscard]] static Task<Result<void>> watch(Impl* self, detail::Dialler* dialler);
    static Task<void> write(Impl* self, std::shared_ptr<detail::Content> content);
    [[nodiscard]] static Task<Result<void>> end_content(Impl* self, bool all_is_here);
    void look_ahead(IndexRange left);

    [[nodiscard]] Result<FetchPart> part_of(const codec::Manifest& of) const;
    [[nodiscard]] std::optional<Error> given_up(const detail::Dialler& dialler);
    [[nodiscard]] Error nobody(const detail::Dialler& dialler) const;
    [[nodiscard]] Error missing_everywhere() const;
    [[nodiscard]] Error out_of_time(Clock::Duration after) const;
    [[nodiscard]] bool pipes_ended() const;
    [[nodiscard]] std::string name_of(const net::PeerId& peer) const;
    [[nodiscard]] FetchStatus status() const;

    Peers& peers;
    EventLoop& loop;
    repo::Repo& repo;
    Cid manifest;
    FetchOptions options;
    codex::Job job;
    detail::Roster roster;
    std::unique_ptr<detail::Download> running;
    std::uint64_t blocks = 0;        ///< that are wanted
    std::uint64_t blocks_before = 0; ///< of these, here when it began
    std::uint64_t blocks_fetched = 0;
    std::uint64_t bytes_fetched = 0;
    plan::Outlook outlook = plan::Outlook::going_on;
    Clock::Instant outlook_since{};

    bool content_over = true; ///< nothing is being written
    bool all_is_here = false;
    std::optional<Error> content_error;
    std::uint64_t awaited_to = 0; ///< blocks before it are asked for first
};

} // namespace codex::exchange
