// Where slots are that were named by their ids alone.
#pragma once

#include "session.hpp"

#include <unordered_map>

namespace codex::market_tool {

/// Finds the request and the number of a slot. Of one of the last of a request with very many, that
/// nobody has named yet, only such requests say where it is: they are gone through once, however
/// many slots are looked for, and what has come since is gone through by the next one. Threads: one
/// at a time.
class Places {
public:
    /// As the slot was named, else as the market knows it, else as the requests have it. All calls
    /// are about one ledger. Errors: market_unknown, with what else it is.
    [[nodiscard]] Result<SlotPlace> find(const Views& views, const SlotName& slot);

private:
    struct Hash {
        std::size_t operator()(const Word& id) const;
    };
    [[nodiscard]] Result<std::optional<SlotPlace>> of_wide(const ledger::Snapshot& snapshot,
                                                           const Word& id);

    std::unordered_map<Word, SlotPlace, Hash> known_;
    std::uint64_t next_ = 0; ///< the slots of all requests posted before this record are known
    bool full_ = false;      ///< no more are kept
};

} // namespace codex::market_tool
