// Asking a router in a process of its own (codex-libp2p(7), WAYS IN): the libraries that speak its
// languages wait, and take, as long and as much as whoever answers likes.
#pragma once

#include "base/programs.hpp"
#include "net/nat/router_answer.hpp"

#include <functional>

namespace codex::net::nat {

/// The program that asks a router what is given, within its patience, and prints what read_answer()
/// takes. Its limits are set by whoever runs it.
using ProgramFor = std::function<Program(const RouterQuestion&)>;

/// One process for each question, which ends with it: with the time, too, or when the task is
/// destroyed. Of what it says nothing is believed that was not asked for.
/// Threads: as PortMapper.
class ProcessMapper final : public PortMapper {
public:
    /// `loop` and `programs` outlive it. The router leads to where it is asked from: `own`, with
    /// any port, or the address that is used towards it.
    ProcessMapper(EventLoop& loop, Programs& programs, Way way, ProgramFor program,
                  std::optional<SocketAddress> own = {});

    [[nodiscard]] std::string_view name() const override { return name_of(way_); }
    [[nodiscard]] Task<Result<Outside>> outside(Clock::Instant until) override;
    [[nodiscard]] Task<Result<Mapping>> map(Mapping wanted, Clock::Instant until) override;
    [[nodiscard]] Task<Result<void>> unmap(Mapping granted, Clock::Instant until) override;

private:
    static Task<Result<RouterAnswer>> ask(ProcessMapper* self, RouterQuestion question,
                                          Clock::Instant until);
    [[nodiscard]] RouterQuestion question(RouterQuestion::About about) const;
    /// Whether what is said of the router is true of the one that was asked before, without an end
    /// between both.
    [[nodiscard]] bool is_another(const RouterAnswer& answer);

    EventLoop& loop_;
    Programs& programs_;
    Way way_;
    ProgramFor program_;
    std::optional<SocketAddress> own_;
    std::string router_; ///< that was found last; empty: it is looked for
    std::string before_; ///< the one whose age is known
    std::optional<std::uint32_t> age_;
    Clock::Instant age_at_;
};

} // namespace codex::net::nat
