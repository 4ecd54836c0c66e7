#include "node/dht_store.hpp"

#include "base/offload.hpp"
#include "repo/node_rows.hpp"

#include <algorithm>
#include <mutex>

namespace codex::node {

namespace {

using net::PeerId;
using net::dht::Id;
using net::dht::MemoryProviders;
using net::dht::ProviderEntry;
using net::dht::Source;
using repo::NodeTable;
using repo::NodeTables;

constexpr Clock::Duration kBehind = std::chrono::seconds(1);
/// Before it is tried again to write where that failed.
constexpr Clock::Duration kTryAgain = std::chrono::minutes(1);
/// Changes that are remembered one by one; beyond, all is written.
constexpr std::size_t kMostChanged = 20'000;
/// Of one transaction, which keeps nobody from anything but the disk.
constexpr std::size_t kPerTransaction = 4096;

Bytes copy_of(BytesView bytes) {
    return {bytes.begin(), bytes.end()};
}

repo::ProviderRow row_of(const ProviderEntry& entry) {
    return {entry.content.bytes, copy_of(entry.peer.bytes()), entry.until, entry.first_hand,
            copy_of(BytesView(entry.source.bytes).first(entry.source.size))};
}
NodeTables::Change change_of(const Id& content, const PeerId& peer,
                             const std::optional<ProviderEntry>& entry) {
    repo::ProviderRow name;
    name.content = content.bytes;
    name.peer = copy_of(peer.bytes());
    return {NodeTable::providers, provider_key(name),
            entry ? std::optional(encode(row_of(*entry))) : std::nullopt};
}
NodeTables::Change change_of(const PeerId& peer,
                             const std::optional<MemoryProviders::StoredRecord>& record) {
    const Bytes key = copy_of(peer.bytes());
    return {NodeTable::records, key,
            record && !record->envelope.empty()
                ? std::optional(encode(repo::RecordRow{key, record->sequence, record->envelope}))
                : std::nullopt};
}

std::optional<ProviderEntry> entry_in(const repo::ProviderRow& row, const PeerId& peer) {
    Source source;
    if (row.source.size() > source.bytes.size())
        return std::nullopt;
    source.size = static_cast<std::uint8_t>(row.source.size());
    std::ranges::copy(row.source, source.bytes.begin());
    return ProviderEntry{Id::from_bytes(row.content), peer, row.until, source, row.first_hand};
}

} // namespace

/// Threads: any; one call waits for another.
struct DhtStore::File {
    File(std::string path, const repo::OpenOptions& how)
        : repo_path(std::move(path)), options(how) {}

    const std::string repo_path;
    const repo::OpenOptions options;
    std::mutex mutex;
    std::unique_ptr<NodeTables> tables; ///< null, where it cannot be had

    [[nodiscard]] Result<void> open(bool anew = false) {
        tables.reset(); // a process has it open once
        CODEX_SET(tables, NodeTables::open(repo_path, options, anew));
        return {};
    }
    /// Where it has to be made anew it gives why, and nothing is written.
    [[nodiscard]] Result<std::string> write(const Batch& batch) {
        const std::lock_guard guard(mutex);
        if (!tables) {
            CODEX_CHECK(open());
            return "the file could not be had before";
        }
        std::vector<NodeTable> empty_first = batch.empty_first;
        for (std::size_t at = 0; at < batch.changes.size() || !empty_first.empty();) {
            const std::size_t size = std::min(kPerTransaction, batch.changes.size() - at);
            auto done =
                tables->write(std::span(batch.changes).subspan(at, size), false, empty_first);
            const Errc code = done ? Errc::internal : done.error().code();
            if (code == Errc::repo_damaged || code == Errc::unavailable) {
                const std::string why = done.error().text();
                CODEX_CHECK(open(code == Errc::repo_damaged));
                return why;
            }
            if (!done)
                return fail(std::move(done.error()));
            at += size;
            empty_first.clear();
        }
        return std::string();
    }
};

DhtStore::DhtStore(const std::string& repo_path, EventLoop& loop, Executor& pool, Random& random,
                   DhtStoreOptions options)
    : loop_(loop), pool_(pool), log_(options.logger), memory_(random, options.providers),
      file_(std::make_shared<File>(repo_path, options.open)), written_(loop), changed_(loop) {
    memory_.observe(this);
    load();
}

DhtStore::~DhtStore() {
    memory_.observe(nullptr);
}

// --- reading ------------------------------------------------------------------------------------

void DhtStore::load() {
    if (auto opened = file_->open(); !opened) {
        say(opened.error());
        whole_ = true;
        return;
    }
    if (!file_->tables->lost().empty())
        log_.warn("what was known of other nodes is lost, and is learned anew",
                  {{"error", file_->tables->lost()}});
    load_providers(loop_.clock().unix_seconds());
    load_nodes();
}

void DhtStore::load_providers(std::uint64_t now) {
    std::map<Bytes, repo::RecordRow> records;
    std::vector<repo::ProviderRow> rows;
    const auto keep_stale = [this](NodeTable table, BytesView key) {
        stale_.push_back({table, copy_of(key), std::nullopt});
    };
    auto read = file_->tables->for_each(NodeTable::records, [&](BytesView key, BytesView value) {
        if (auto row = repo::decode_record_row(key, value))
            records.emplace(row->peer, std::move(*row));
        else
            keep_stale(NodeTable::records, key);
    });
    if (read)
        read = file_->tables->for_each(NodeTable::providers, [&](BytesView key, BytesView value) {
            auto row = repo::decode_provider_row(key, value);
            // A clock that was ahead, and is right now, makes nothing last longer.
            if (row)
                row->until = std::min(row->until, now + net::dht::kProviderSeconds);
            if (row && row->until > now && records.contains(row->peer))
                rows.push_back(std::move(*row));
            else
                keep_stale(NodeTable::providers, key);
        });
    if (!read) {
        say(read.error());
        whole_ = true;
    }
    // In the order in which they were said, by which it is seen who has to go first.
    std::ranges::sort(rows, {}, &repo::ProviderRow::until);
    loading_ = true;
    for (const repo::ProviderRow& row : rows) {
        const auto peer = PeerId::from_bytes(row.peer);
        const auto entry = peer ? entry_in(row, *peer) : std::nullopt;
        const repo::RecordRow& record = records.at(row.peer);
        if (!entry || !memory_.restore(*entry, {*peer, record.sequence, record.envelope}, now))
            keep_stale(NodeTable::providers, provider_key(row));
    }
    loading_ = false;
    for (const auto& [peer, record] : records) {
        const auto name = PeerId::from_bytes(peer);
        if (!name || !memory_.record(*name))
            keep_stale(NodeTable::records, peer);
    }
}

void DhtStore::load_nodes() {
    auto read = file_->tables->for_each(NodeTable::nodes, [&](BytesView key, BytesView value) {
        if (auto row = repo::decode_node_row(key, value))
            kept_nodes_.push_back({Id::from_bytes(row->id), std::move(row->envelope),
                                   row->last_seen, static_cast<double>(row->reliability) / 1e6});
    });
    if (!read)
        say(read.error());
    std::ranges::sort(kept_nodes_, std::ranges::greater(), &KeptNode::last_seen);
}

// --- what is asked and said ---------------------------------------------------------------------

bool DhtStore::add(const Id& content, const net::dht::NodeRecord& record, const Source& from,
                   std::uint64_t until, std::uint64_t now) {
    return memory_.add(content, record, from, until, now);
}

std::vector<net::dht::Provider> DhtStore::find(const Id& content, std::size_t most,
                                               std::uint64_t now) {
    return memory_.find(content, most, now);
}

void DhtStore::remove(const PeerId& peer) {
    memory_.remove(peer);
}

void DhtStore::withdraw(const Id& content, const net::PeerId& peer) {
    memory_.withdraw(content, peer);
}

void DhtStore::keep_nodes(std::vector<KeptNode> nodes) {
    std::ranges::sort(nodes, std::ranges::greater(), &KeptNode::last_seen);
    Changes changes;
    for (const KeptNode& node : nodes) {
        if (node.envelope.empty() || node.envelope.size() > repo::kMostEnvelopeBytes ||
            changes.size() == kMostNodes)
            continue;
        const repo::NodeRow row{
            node.id.bytes, node.last_seen,
            static_cast<std::uint32_t>(std::clamp(node.reliability, 0.0, 1.0) * 1e6),
            node.envelope};
        changes.push_back({NodeTable::nodes, copy_of(row.id), encode(row)});
    }
    nodes_ = std::move(changes);
    kept_nodes_ = std::move(nodes);
    changed();
}

std::uint64_t DhtStore::next_number(std::string_view name, std::uint64_t at_least) {
    const std::lock_guard guard(file_->mutex);
    if (!file_->tables)
        return at_least;
    const auto number = file_->tables->next_number(name, at_least);
    if (!number)
        say(number.error());
    return number.value_or(at_least);
}

// --- writing ------------------------------------------------------------------------------------

void DhtStore::entry_changed(const Id& content, const PeerId& peer) {
    if (loading_)
        return;
    if (!whole_)
        entries_.emplace(content, peer);
    changed();
}

void DhtStore::record_changed(const PeerId& peer) {
    if (loading_)
        return;
    if (!whole_)
        records_.insert(peer);
    changed();
}

void DhtStore::changed() {
    if (entries_.size() + records_.size() > kMostChanged) {
        entries_.clear();
        records_.clear();
        whole_ = true;
    }
    changed_.notify();
}

bool DhtStore::has_changed() const {
    return whole_ || !entries_.empty() || !records_.empty() || !stale_.empty() || nodes_;
}

DhtStore::Batch DhtStore::take_batch() {
    Batch batch;
    if (whole_)
        take_all(batch);
    else
        take_changed(batch.changes);
    if (nodes_) {
        batch.empty_first.push_back(NodeTable::nodes);
        std::ranges::move(*nodes_, std::back_inserter(batch.changes));
        nodes_.reset();
    }
    return batch;
}

void DhtStore::take_all(Batch& batch) {
    whole_ = false;
    entries_.clear();
    records_.clear();
    stale_.clear();
    batch.empty_first = {NodeTable::providers, NodeTable::records};
    std::set<PeerId> peers;
    memory_.for_each([&](const ProviderEntry& entry) {
        batch.changes.push_back(change_of(entry.content, entry.peer, entry));
        if (peers.insert(entry.peer).second)
            batch.changes.push_back(change_of(entry.peer, memory_.record(entry.peer)));
    });
}

void DhtStore::take_changed(Changes& changes) {
    changes = std::move(stale_);
    stale_.clear();
    for (const PeerId& peer : records_)
        changes.push_back(change_of(peer, memory_.record(peer)));
    for (const auto& [content, peer] : entries_)
        changes.push_back(change_of(content, peer, memory_.entry(content, peer)));
    records_.clear();
    entries_.clear();
}

/// One at a time, also when who waits for it is destroyed. Threads: the loop's.
class DhtStore::Writing {
public:
    explicit Writing(DhtStore& store) : store_(store) { store_.writing_ = true; }
    ~Writing() {
        store_.writing_ = false;
        store_.written_.notify();
    }
    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;

private:
    DhtStore& store_;
};

Task<void> DhtStore::flush(DhtStore* store) {
    while (store->writing_) {
        co_await store->written_.wait();
    }
    if (!store->has_changed())
        co_return;
    const Writing writing(*store);
    auto job = [file = store->file_, batch = store->take_batch()] { return file->write(batch); };
    auto written = co_await offload(store->loop_, store->pool_, std::move(job));
    if (written && written->empty())
        store->said_ = false;
    else
        store->whole_ = true; // what of it is in the file is not known
    if (!written)
        store->say(written.error());
    else if (!written->empty())
        store->log_.warn("what is known of other nodes is written anew", {{"error", *written}});
}

Task<void> DhtStore::write_behind(DhtStore* store) {
    for (;;) {
        while (!store->has_changed()) {
            co_await store->changed_.wait();
        }
        co_await store->loop_.pause_until(store->loop_.now() + kBehind);
        co_await flush(store);
        if (store->said_) {
            co_await store->loop_.pause_until(store->loop_.now() + kTryAgain);
        }
    }
}

void DhtStore::say(const Error& error) {
    if (!std::exchange(said_, true))
        log_.warn("what is known of other nodes cannot be kept; the node goes on without",
                  {{"error", error.text()}});
}

} // namespace codex::node
