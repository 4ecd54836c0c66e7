#include "finder.hpp"

namespace codex::sim {

using codex::test::must;

Finder::Finder(FinderParts parts, const net::SecretKey& key, FinderState& state,
               const repo::OpenOptions& open, const SocketAddress& at, Clock::Duration look,
               std::function<void(std::string)> say, const log::Logger& logger)
    : parts_(parts),
      numbers_(state.last_number, [&state, say = std::move(say)](std::uint64_t number) {
          if (number <= state.last_number)
              say(fmt::format("record {} is signed after {}", number, state.last_number));
          state.last_number = number;
          ++state.signed_records;
      }) {
    node::DhtStoreOptions kept;
    kept.open = open;
    kept.logger = logger.with_topics("codex dht");
    store_ = std::make_unique<node::DhtStore>(parts_.repo.path(), parts_.host.loop(),
                                              parts_.executor, parts_.choices, kept);
    node::DhtNodeOptions options;
    options.at = at;
    options.bootstrap = state.bootstrap;
    options.logger = logger.with_topics("codex dht");
    node_ = must(node::DhtNode::make(key, parts_.host, parts_.network, parts_.secrets, *store_,
                                     numbers_, std::move(options)));
    node::AdvertiserOptions advertising;
    advertising.look = look;
    advertising.logger = logger.with_topics("codex discoveryengine");
    advertiser_ = std::make_unique<node::Advertiser>(*node_, parts_.repo, parts_.executor,
                                                     std::move(advertising));
}

std::unique_ptr<node::PeerSearch> Finder::search_for(const Cid& manifest,
                                                     exchange::FetchOptions& how) {
    node::PeerSearchOptions with;
    with.seed = how.seed;
    with.book = &book_;
    with.logger = how.logger;
    auto search = std::make_unique<node::PeerSearch>(node_->dht(), *store_, parts_.host, manifest,
                                                     std::move(with));
    how.source = search.get();
    how.belief = [this](const net::PeerId& peer) { return book_.belief(peer); };
    how.part = node::PeerSearch::telling_of_tree(search->tree(), std::move(how.part));
    return search;
}

} // namespace codex::sim
