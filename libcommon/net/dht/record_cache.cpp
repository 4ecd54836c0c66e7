#include "net/dht/record_cache.hpp"

namespace codex::net::dht {

Result<NodeRecord> RecordCache::open(BytesView envelope) {
    const auto known = by_envelope_.find(envelope);
    if (known != by_envelope_.end()) {
        records_.splice(records_.begin(), records_, known->second);
        return NodeRecord(records_.front());
    }
    ++checked_;
    CODEX_TRY(record, open_node_record(envelope));
    if (records_.size() == most_) {
        by_envelope_.erase(records_.back().envelope);
        records_.pop_back();
    }
    records_.push_front(record);
    by_envelope_.emplace(records_.front().envelope, records_.begin());
    return record;
}

} // namespace codex::net::dht
