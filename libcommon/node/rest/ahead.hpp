// The content of a dataset, of which some is read while what comes before it is sent.
#pragma once

#include "node/rest/pieces.hpp"
#include "node/rest/service.hpp"

#include <deque>

namespace codex::node::rest {

/// Four pieces at the most, of 2 MiB or less: they are smaller where there are many downloads, so
/// that clients that take nothing cannot fill the memory. Each job reads two, which is a matter of
/// milliseconds, but
/// where something has to be computed. Threads: the loop's.
class Ahead {
public:
    /// It begins at once. `service` outlives it.
    Ahead(Service& service, std::shared_ptr<Pieces> of);
    Ahead(const Ahead&) = delete;
    Ahead& operator=(const Ahead&) = delete;
    ~Ahead() { --service_.downloading; }

    /// The next one. When what comes next is not here it is empty, and nothing is read until
    /// go_on(). Errors: those of Pieces::next().
    [[nodiscard]] static Task<Result<Piece>> take(Ahead* self);
    /// It was sent, or is empty.
    void give_back(Piece piece);
    void go_on() { tasks_.start(read(this)); }

private:
    [[nodiscard]] std::uint64_t most_bytes() const;
    [[nodiscard]] std::vector<RawBytes> buffers(std::size_t most);
    static Task<void> read(Ahead* self);

    Service& service_;
    EventLoop& loop_;
    std::shared_ptr<Pieces> pieces_;
    Executor& executor_;
    std::size_t room_; ///< for so many more
    std::vector<RawBytes> spare_;
    std::deque<Result<Piece>> ready_;
    Signal changed_;
    TaskGroup tasks_; ///< the first to go
};

} // namespace codex::node::rest
