// What a node of the DHT keeps in its repo (codex-repo(5), WHAT A NODE KEEPS).
#pragma once

#include "base/event_loop.hpp"
#include "base/executor.hpp"
#include "net/dht/memory_providers.hpp"
#include "repo/node_tables.hpp"

#include <set>

namespace codex::node {

/// A node of the DHT as it was known. Threads: as a value.
struct KeptNode {
    net::dht::Id id;
    Bytes envelope;              ///< of its record; where it comes from the file, to be opened
    std::uint64_t last_seen = 0; ///< seconds since 1970
    double reliability = 1;      ///< of 0 to 1
};

struct DhtStoreOptions {
    repo::OpenOptions open;
    net::dht::ProviderLimits providers;
    log::Logger logger;
};

/// Answers come from memory, and what changes is written behind, a second later and elsewhere; so a
/// kill costs a second, which providers say again. Where the file cannot be had, or not be written,
/// that is said once, and the node goes on with what it learns.
/// Threads: the loop's.
class DhtStore final : public net::dht::ProviderStore, private net::dht::MemoryProviders::Observer {
public:
    /// Reads what is there of the repo at `repo_path`. `loop`, `pool` and `random` outlive it, and
    /// what `options` refer to outlives the jobs of `pool`.
    DhtStore(const std::string& repo_path, EventLoop& loop, Executor& pool, Random& random,
             DhtStoreOptions options);
    ~DhtStore() override;

    bool add(const net::dht::Id& content, const net::dht::NodeRecord& record,
             const net::dht::Source& from, std::uint64_t until, std::uint64_t now) override;
    [[nodiscard]] std::vector<net::dht::Provider>
    find(const net::dht::Id& content, std::size_t most, std::uint64_t now) override;
    void remove(const net::PeerId& peer) override;
    /// `peer` provides `content` no more.
    void withdraw(const net::dht::Id& content, const net::PeerId& peer);
    /// What it provides, perhaps with some that is over.
    [[nodiscard]] std::set<net::dht::Id> provided_by(const net::PeerId& peer) const {
        return memory_.provided_by(peer);
    }

    /// Nodes that were known when this was last kept, those that were seen last in front.
    [[nodiscard]] const std::vector<KeptNode>& kept_nodes() const { return kept_nodes_; }
    /// Replaces them, in the next batch: of more than kMostNodes those that were seen last.
    void keep_nodes(std::vector<KeptNode> nodes);
    static constexpr std::size_t kMostNodes = 1024;

    /// Above all that were given under this name, and `at_least` or more; it is on the disk then,
    /// where there is one to be had. Waits for the disk, so it is for what is rare.
    [[nodiscard]] std::uint64_t next_number(std::string_view name, std::uint64_t at_least);

    /// Writes what changes, for as long as it runs; of it, one at a time.
    [[nodiscard]] static Task<void> write_behind(DhtStore* store);
    /// Writes what has changed until now: what runs at the end.
    [[nodiscard]] static Task<void> flush(DhtStore* store);
    [[nodiscard]] net::dht::MemoryProviders::Held held() const { return memory_.held(); }

private:
    struct File;
    using Changes = std::vector<repo::NodeTables::Change>;
    struct Batch {
        Changes changes;
        std::vector<repo::NodeTable> empty_first;
    };
    void entry_changed(const net::dht::Id& content, const net::PeerId& peer) override;
    void record_changed(const net::PeerId& peer) override;
    class Writing;
    void changed();
    void load();
    void load_providers(std::uint64_t now);
    void load_nodes();
    [[nodiscard]] bool has_changed() const;
    [[nodiscard]] Batch take_batch();
    void take_all(Batch& batch);
    void take_changed(Changes& changes);
    void say(const Error& error);

    EventLoop& loop_;
    Executor& pool_;
    log::Logger log_;
    net::dht::MemoryProviders memory_;
    std::shared_ptr<File> file_; ///< jobs hold it, too
    Signal written_;
    Signal changed_;
    bool writing_ = false;
    bool loading_ = false;
    bool said_ = false;  ///< that it cannot be written, since it last could
    bool whole_ = false; ///< the file has something else, and all is to be written
    std::set<std::pair<net::dht::Id, net::PeerId>> entries_; // that changed
    std::set<net::PeerId> records_;
    Changes stale_; // rows that are nothing any more
    std::vector<KeptNode> kept_nodes_;
    std::optional<Changes> nodes_; // to be written
};

} // namespace codex::node
