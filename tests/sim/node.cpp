#include "node.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>

namespace codex::sim {

namespace fs = std::filesystem;
using codex::test::must;
using std::chrono::seconds;

namespace {

/// How long after a fetch has failed it is tried again.
constexpr Clock::Duration kPause = seconds(5);

std::uint64_t seed_of(const World& world, std::uint8_t number, std::uint64_t what) {
    return world.seed * 1000003 + number * 101 + what;
}

/// A copy of a repo as it is on the disk: without the table of readers, which is memory that
/// processes share.
void copy_repo(const std::string& from, const std::string& to) {
    fs::create_directory(to);
    fs::permissions(to, fs::perms::owner_all);
    for (const auto& entry : fs::recursive_directory_iterator(from)) {
        const fs::path there = fs::path(to) / fs::relative(entry.path(), from);
        if (entry.is_directory())
            fs::create_directory(there);
        else if (entry.path().filename() != "index.mdb-lock")
            fs::copy_file(entry.path(), there);
        else
            continue;
        fs::permissions(there, fs::status(entry.path()).permissions());
    }
}

} // namespace

ssize_t FillingDisk::pwritev(int fd, const iovec* parts, int count, off_t offset) {
    if (full) {
        errno = ENOSPC;
        return -1;
    }
    return Disk::pwritev(fd, parts, count, offset);
}

int FillingDisk::fallocate(int fd, int mode, off_t offset, off_t length) {
    if (full && (mode & FALLOC_FL_PUNCH_HOLE) == 0) {
        errno = ENOSPC;
        return -1;
    }
    return Disk::fallocate(fd, mode, offset, length);
}

Node::Node(World& world, std::uint8_t number, NodeOptions options)
    : world_(world), number_(number), ip_{10, 0, 0, number}, options_(std::move(options)),
      clock_(world.clock), secrets_(seed_of(world, number, 1)), names_(seed_of(world, number, 2)),
      id_(net::PeerId(must(net::SecretKey::generate(secrets_)).public_key())) {
    if (options_.finds)
        ip_ = {10, number, 0, 1}; // each of a net of its own
    repo::Config config;
    must(repo::Repo::init(folder(), config, open_options()));
}

Node::~Node() {
    if (runs())
        kill();
}

std::string Node::folder() const {
    return world_.folder.file("node" + std::to_string(number_) + "-" + std::to_string(lives_));
}

repo::OpenOptions Node::open_options() {
    repo::OpenOptions options;
    options.clock = clock_;
    options.random = names_;
    options.disk = disk_;
    options.limits = repo::test::kSmallLimits;
    options.limits.partial_bytes = 16 * std::uint64_t{repo::test::kBlock};
    return options;
}

EventLoop& Node::loop() {
    if (loop_)
        return *loop_;
    return world_.loop;
}

Result<void> Node::start() {
    clock_.set_skew(options_.skew);
    auto opened = repo::Repo::open(folder(), open_options());
    if (!opened)
        return fail(std::move(opened).error());
    repo_.emplace(std::move(*opened));
    if (options_.skew != Clock::Duration::zero()) {
        loop_ = std::make_unique<OwnLoop>(clock_);
        world_.loop.add(*loop_);
    }
    network_ =
        std::make_unique<RecordedNetwork>(world_.internet.host(ip_), world_.trace, number_, loop());
    executor_ = std::make_unique<LaterExecutor>(loop(), seed_of(world_, number_, 3 + lives_));
    net::SeededSecrets of_key(seed_of(world_, number_, 1));
    net::HostOptions host;
    std::stable_partition(host.muxers.begin(), host.muxers.end(),
                          [this](const std::string& muxer) { return muxer == options_.muxer; });
    host.limits = options_.limits;
    host.logger = world_.logger.with("node", std::uint64_t{number_});
    host_ = must(net::Host::make(must(net::SecretKey::generate(of_key)), *network_, secrets_,
                                 std::move(host)));
    must(host_->listen(net::Multiaddr::tcp(ip_, 8070)));
    peers_ = std::make_unique<exchange::Peers>(*host_, options_.peers);
    server_ = std::make_unique<exchange::Server>(*peers_, *repo_, *executor_, options_.server);
    if (options_.finds) {
        net::SeededSecrets again(seed_of(world_, number_, 1));
        finder_ = std::make_unique<Finder>(
            FinderParts{*host_, *network_, *repo_, *executor_, secrets_, names_},
            must(net::SecretKey::generate(again)), finding_, open_options(),
            SocketAddress(ip_, 8090), options_.look,
            [this](const std::string& what) {
                world_.failures.push_back(fmt::format("node {}: {}", number_, what));
            },
            world_.logger.with("node", std::uint64_t{number_}));
    }
    fetching_ = std::make_unique<TaskGroup>(loop());
    return {};
}

void Node::kill() {
    const std::string before = folder();
    ++lives_;
    copy_repo(before, folder());
    fetching_.reset();
    for (Wanted& wanted : wanted_) {
        wanted.fetch.reset();
        wanted.search.reset();
        wanted.result.reset();
        wanted.next = world_.loop.now();
    }
    finder_.reset();
    server_.reset();
    peers_.reset();
    host_.reset();
    executor_.reset();
    repo_.reset();
    network_.reset();
    if (loop_)
        world_.loop.remove(*loop_);
    loop_.reset();
    fs::remove_all(before);
}

void Node::store(const Dataset& data, IndexRange range) {
    auto partial = must(repo_->open_partial(data.manifest));
    must(partial.add(data.leaves(range.first, range.count)));
    must(partial.commit());
}

net::Multiaddr Node::address() const {
    return must(net::Multiaddr::tcp(ip_, 8070).with_peer(id_));
}

void Node::step(Clock::Instant now, Clock::Duration patience) {
    if (!runs())
        return;
    for (Wanted& wanted : wanted_) {
        if (wanted.result)
            take(wanted, now);
        if (wanted.fetch && wanted.fetch->status().blocks_here != wanted.blocks_here) {
            wanted.blocks_here = wanted.fetch->status().blocks_here;
            wanted.grew = now;
        }
        if (!wanted.fetch && !wanted.given_up && now >= wanted.next && !is_whole(*wanted.data))
            begin(wanted, now, patience);
    }
}

void Node::begin(Wanted& wanted, Clock::Instant now, Clock::Duration patience) {
    exchange::FetchOptions options;
    options.seed = seed_of(world_, number_, 100 + ++wanted.fetches);
    options.until = now + patience;
    for (const Node* other : known_)
        options.peers.push_back(other->address());
    wanted.began = wanted.grew = now;
    wanted.blocks_here = 0;
    if (finder_)
        wanted.search = finder_->search_for(wanted.data->cid, options);
    wanted.fetch = std::make_unique<exchange::Fetch>(*peers_, *repo_, wanted.data->cid,
                                                     std::move(options), Job(*executor_));
    if (wanted.search)
        wanted.search->watch(*wanted.fetch);
    fetching_->start(detail::keep_value(exchange::Fetch::run(wanted.fetch.get()), &wanted.result));
}

void Node::take(Wanted& wanted, Clock::Instant now) {
    const exchange::FetchStatus status = wanted.fetch->status();
    wanted.fetched += status.blocks_fetched;
    for (const exchange::FetchPeer& peer : status.peers)
        wanted.duplicates += peer.duplicates;
    if (wanted.search)
        wanted.search->end_watch();
    wanted.failed.reset();
    if (!*wanted.result) {
        wanted.failed = wanted.result->error().code();
        world_.logger.info("fetch failed", {{"node", std::uint64_t{number_}},
                                            {"error", wanted.result->error().text()}});
    }
    world_.trace.add(now, "fetch ended",
                     wanted.failed ? static_cast<std::uint64_t>(*wanted.failed) : 0);
    wanted.result.reset();
    wanted.fetch.reset();
    wanted.search.reset();
    wanted.next = now + kPause;
}

IndexSet Node::present(const Dataset& data) const {
    if (repo_->dataset(data.cid))
        return IndexSet({0, data.size()});
    const auto tree = repo_->partial_tree(data.cid);
    return tree ? must(tree->present()) : IndexSet();
}

bool Node::is_whole(const Dataset& data) const {
    return repo_->dataset(data.cid).has_value();
}

} // namespace codex::sim
