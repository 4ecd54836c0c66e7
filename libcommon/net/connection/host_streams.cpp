// What a host says and serves on streams: which protocol it is, identify and ping.
#include "net/connection/host.hpp"

#include "codec/uvarint.hpp"

#include <algorithm>

namespace codex::net {

/// A stream that is served counts for its peer and protocol.
class Host::Serving {
public:
    Serving(Host& host, const PeerId& peer, const std::string& protocol)
        : host_(host), key_(peer, protocol) {
        ++host_.serving_[key_];
    }
    Serving(const Serving&) = delete;
    Serving& operator=(const Serving&) = delete;
    ~Serving() {
        if (--host_.serving_[key_] == 0)
            host_.serving_.erase(key_);
    }
    [[nodiscard]] std::size_t count() const { return host_.serving_[key_]; }

private:
    Host& host_;
    std::pair<PeerId, std::string> key_;
};

namespace {

class Counting {
public:
    explicit Counting(std::size_t& number) : number_(number) { ++number_; }
    Counting(const Counting&) = delete;
    Counting& operator=(const Counting&) = delete;
    ~Counting() { --number_; }

private:
    std::size_t& number_;
};

/// All messages of an identify stream, to its end.
Task<Result<identify::Identify>> read_identify(Stream* stream, Clock::Instant until) {
    identify::Reader reader;
    for (;;) {
        CODEX_CO_TRY(more, stream->wait_more(0, until));
        if (!more)
            co_return reader.finish();
        auto taken = reader.receive(stream->unread());
        if (!taken)
            co_return fail(std::move(taken.error()));
        stream->consume(stream->unread().size());
    }
}

} // namespace

void Host::stream_opened(Stream stream) {
    if (streams_serving_ >= options_.limits.streams) {
        counts_.hit(Limit::streams, stream.peer().text());
        stream.reset();
        return;
    }
    tasks_.start(serve_stream(this, std::move(stream)));
}

Task<void> Host::serve_stream(Host* host, Stream stream) {
    const Counting counting(host->streams_serving_);
    const Clock::Instant until = host->loop_.now() + host->options_.limits.select;
    const auto agreed = co_await stream.answer(&host->protocols_, until);
    if (!agreed) {
        if (agreed.error().code() == Errc::timeout)
            host->counts_.hit(Limit::select_time, stream.peer().text());
        // Who found nothing that is served ends the stream, and so do we.
        if (agreed.error().code() == Errc::truncated)
            stream.end();
        co_return;
    }
    const Served& served = host->served_.find(stream.protocol())->second;
    const Serving serving(*host, stream.peer(), stream.protocol());
    if (serving.count() >
        std::min(served.streams_per_peer, host->options_.limits.protocol_streams)) {
        host->counts_.hit(Limit::protocol_streams, stream.peer().text());
        stream.reset();
        co_return;
    }
    co_await served.handler(std::move(stream));
}

Task<Result<Stream>> Host::open(PeerId peer, std::vector<std::string> protocols,
                                Clock::Instant until) {
    const std::shared_ptr<Connection> with = connection(peer);
    if (!with)
        co_return fail(Errc::not_found, "{}: not connected", peer.text());
    auto stream = with->open();
    if (!stream)
        co_return stream;
    const Clock::Instant agreed_until = std::min(until, loop_.now() + options_.limits.select);
    CODEX_CO_CHECK(stream->propose(std::move(protocols), agreed_until));
    co_return stream;
}

// --- identify -----------------------------------------------------------------------------------

/// A record with other addresses has a higher number than all before it; the same one is signed
/// once.
const Bytes& Host::record_of(const std::vector<Multiaddr>& addresses) {
    if (record_.empty() || addresses != record_addresses_) {
        options_.record_sequence = next_sequence(
            options_.record_sequence, loop_.clock().unix_seconds(), options_.record_signed);
        record_ = seal_peer_record(identity_, options_.record_sequence, addresses);
        record_addresses_ = addresses;
    }
    return record_;
}

/// Each once, and first those that lead farthest: some look at the first one alone.
std::vector<Multiaddr> Host::told_addresses() const {
    std::vector<Multiaddr> told = announced_;
    for (Multiaddr& one : addresses())
        if (std::ranges::find(told, one) == told.end())
            told.push_back(std::move(one));
    return told;
}

void Host::announce(std::vector<Multiaddr> addresses) {
    if (addresses == announced_)
        return;
    announced_ = std::move(addresses);
    push();
}

Bytes Host::about_us(const Connection& connection) {
    identify::Identify about;
    about.public_key = identity_.public_key();
    about.listen_addresses = told_addresses();
    about.protocols = protocols_;
    const SocketAddress seen = connection.remote();
    about.observed_address = Multiaddr::tcp(seen.ip_view(), seen.port);
    about.protocol_version = std::string(identify::kProtocolVersion);
    about.agent_version = options_.agent;
    if (!about.listen_addresses.empty())
        about.signed_record = record_of(about.listen_addresses);
    const Bytes message = identify::encode(about);
    Bytes framed;
    codec::append_uvarint(framed, message.size());
    append(framed, message);
    return framed;
}

Task<void> Host::serve_identify(Host* host, Stream stream) {
    const Clock::Instant until = host->loop_.now() + host->options_.limits.upgrade;
    const Bytes message = host->about_us(stream.connection());
    const auto written = co_await stream.write(message, until);
    if (written) {
        co_await stream.finish(until);
    }
}

void Host::learn(const Connection& connection, identify::Identify said) {
    const auto found = peers_.find(connection.peer());
    if (found == peers_.end())
        return;
    if (!found->second.said)
        found->second.said.emplace();
    identify::merge(*found->second.said, std::move(said));
    const Agent agent = agent_of(found->second.said->agent_version.value_or(""));
    for (const auto& one : found->second.connections)
        one->set_agent(agent);
    changed_.notify();
}

Task<void> Host::serve_push(Host* host, Stream stream) {
    const Clock::Instant until = host->loop_.now() + host->options_.limits.upgrade;
    auto said = co_await read_identify(&stream, until);
    if (!said || !identify::check_sender(*said, stream.peer(), false))
        co_return; // which resets it
    host->learn(stream.connection(), std::move(*said));
    stream.end();
}

namespace {

/// Asks who is there, and checks the answer. Nothing, when the peer does not speak identify.
Task<Result<std::optional<identify::Identify>>> identify_peer(Connection* connection,
                                                              Clock::Instant until) {
    auto stream = connection->open();
    if (!stream)
        co_return fail(std::move(stream.error()));
    std::vector<std::string> protocols(1, std::string(identify::kIdentify));
    const auto agreed = co_await stream->propose(std::move(protocols), until);
    if (!agreed && agreed.error().code() == Errc::protocol_unsupported) {
        stream->end();
        co_return std::optional<identify::Identify>();
    }
    if (!agreed)
        co_return fail(Error(agreed.error().code(), agreed.error().text()));
    Stream* const asked = &*stream;
    CODEX_CO_TRY(said, read_identify(asked, until));
    stream->end();
    auto right = identify::check_sender(said, connection->peer(), true);
    if (!right)
        co_return fail(std::move(right.error()));
    co_return std::optional<identify::Identify>(std::move(said));
}

} // namespace

/// A connection of which we cannot ask that is none.
Task<void> Host::ask_identify(Host* host, std::shared_ptr<Connection> connection) {
    const Clock::Instant until = host->loop_.now() + host->options_.limits.upgrade;
    Connection* const asked = connection.get();
    try {
        auto said = co_await identify_peer(asked, until);
        if (!said) {
            if (said.error().code() == Errc::timeout)
                host->counts_.hit(Limit::upgrade_time, connection->peer().text());
            connection->close(said.error().text());
        } else if (*said) {
            host->learn(*connection, std::move(**said));
        }
    } catch (...) {
        connection->close("its peer could not be asked who it is");
        throw;
    }
}

void Host::push() {
    for (const auto& [id, peer] : peers_)
        if (peer.said && std::find(peer.said->protocols.begin(), peer.said->protocols.end(),
                                   identify::kIdentifyPush) != peer.said->protocols.end())
            tasks_.start(push_to(this, id));
}

Task<void> Host::push_to(Host* host, PeerId peer) {
    const Clock::Instant until = host->loop_.now() + host->options_.limits.upgrade;
    std::vector<std::string> protocols(1, std::string(identify::kIdentifyPush));
    auto stream = co_await host->open(peer, std::move(protocols), until);
    if (!stream)
        co_return;
    const Bytes message = host->about_us(stream->connection());
    const auto written = co_await stream->write(message, until);
    if (written) {
        co_await stream->finish(until);
    }
}

// --- ping ---------------------------------------------------------------------------------------

Task<void> Host::serve_ping(Host* host, Stream stream) {
    std::array<std::uint8_t, identify::kPingBytes> bytes;
    for (;;) {
        const Clock::Instant until = host->loop_.now() + host->options_.limits.idle_stream;
        const auto more = co_await stream.wait_more(0, until);
        if (!more)
            co_return;
        if (!*more)
            break;
        const auto whole = co_await stream.read(bytes, until);
        if (!whole)
            co_return;
        const auto written = co_await stream.write(bytes, until);
        if (!written)
            co_return;
    }
    stream.end();
}

Task<Result<Clock::Duration>> Host::ping(PeerId peer, Clock::Instant until) {
    std::vector<std::string> protocols(1, std::string(identify::kPing));
    CODEX_CO_TRY(stream, open(peer, std::move(protocols), until));
    std::array<std::uint8_t, identify::kPingBytes> sent;
    std::array<std::uint8_t, identify::kPingBytes> came;
    auto filled = random_.fill(sent);
    if (!filled)
        co_return fail(std::move(filled.error()));
    const Clock::Instant start = loop_.now();
    CODEX_CO_CHECK(stream.write(sent, until));
    CODEX_CO_CHECK(stream.read(came, until));
    const Clock::Duration taken = loop_.now() - start;
    stream.end();
    if (came != sent)
        co_return fail(Errc::ping_invalid, "{} answered a ping by other bytes", peer.text());
    CODEX_CO_CHECK(stream.finish(until));
    co_return taken;
}

} // namespace codex::net
