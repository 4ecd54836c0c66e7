// Records that were opened before: others tell of the same nodes again and again, and each costs
// the check of a signature.
#pragma once

#include "net/dht/record.hpp"

#include <list>
#include <map>

namespace codex::net::dht {

/// Keeps those that were right and used last.
/// Threads: one at a time.
class RecordCache {
public:
    /// Of more than `most`, which is not 0, those go that were used longest ago.
    explicit RecordCache(std::size_t most = 512) : most_(most) { CODEX_ASSERT(most != 0); }

    /// Errors: of open_node_record().
    [[nodiscard]] Result<NodeRecord> open(BytesView envelope);
    /// How often a signature was checked.
    [[nodiscard]] std::uint64_t checked() const { return checked_; }

private:
    std::size_t most_;
    std::list<NodeRecord> records_; // the one used last in front
    struct Before {
        bool operator()(BytesView a, BytesView b) const {
            return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
        }
    };
    std::map<BytesView, std::list<NodeRecord>::iterator, Before>
        by_envelope_; // views into records_
    std::uint64_t checked_ = 0;
};

} // namespace codex::net::dht
