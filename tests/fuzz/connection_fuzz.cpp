// A whole connection that comes in, from its first byte: the host, noise, a muxer, identify, ping
// and block exchange, on a clock that jumps. The other end is honest as far as the first byte of
// the input says, up to the frames of the muxer, and then does step by step what the rest says.
// Whatever that is, the host holds no more than it may, makes no mistake, and forgets it when it is
// over.
#include "base/simulated_network.hpp"
#include "codec/uvarint.hpp"
#include "crypto/hash/sha256.hpp"
#include "exchange/peers.hpp"
#include "net/select/lines.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::net;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr std::size_t kHeld = std::size_t{64} << 10;
constexpr std::array<std::uint8_t, 4> kHere{10, 0, 0, 1};
constexpr std::array<std::uint8_t, 4> kThere{10, 0, 0, 2};

/// The same secrets in each run.
class KnownSecrets final : public SecretRandom {
public:
    explicit KnownSecrets(std::uint64_t seed) : random_(seed) {}
    [[nodiscard]] Result<void> fill(MutableBytes out) override { return random_.fill(out); }

private:
    SeededRandom random_;
};

const SecretKey& key_of(std::uint64_t seed) {
    static const auto make = [](std::uint64_t of) {
        KnownSecrets secrets(of);
        return SecretKey::generate(secrets);
    };
    static const auto here = make(1);
    static const auto there = make(2);
    return seed == 1 ? *here : *there;
}

HostOptions small_host() {
    HostOptions options;
    options.limits.network_bytes = kHeld;
    options.limits.mux.streams_in = 6;
    options.limits.mux.unread_stream_bytes = 8000;
    options.limits.mux.unread_bytes = 20000;
    options.limits.mux.reply_bytes = 1000;
    return options;
}

/// What is asked is answered, so that streams of the host's are opened, too.
class Answers final : public codex::exchange::PeerEvents {
public:
    explicit Answers(codex::exchange::Peers& peers) : peers_(peers) { peers_.add(*this); }
    ~Answers() override { peers_.remove(*this); }
    Answers(const Answers&) = delete;
    Answers& operator=(const Answers&) = delete;
    void want(const PeerId& peer, const codex::exchange::Want& want) override {
        codex::exchange::Message message;
        message.presences.push_back({want.address, !want.cancel, {}});
        peers_.send(peer, message);
    }

private:
    codex::exchange::Peers& peers_;
};

/// An input, from its front.
class Steps {
public:
    explicit Steps(BytesView bytes) : rest_(bytes) {}
    [[nodiscard]] bool over() const { return rest_.empty(); }
    std::uint8_t byte() { return over() ? std::uint8_t{0} : take(1)[0]; }
    BytesView take(std::size_t count) {
        const BytesView taken = rest_.first(std::min(count, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }

private:
    BytesView rest_;
};

Bytes lines(std::initializer_list<std::string_view> texts) {
    Bytes all;
    for (const std::string_view text : texts)
        net::select::append_line(all, text);
    return all;
}

Bytes framed(BytesView message) {
    Bytes bytes;
    codec::append_uvarint(bytes, message.size());
    append(bytes, message);
    return bytes;
}

Bytes exchange_message(unsigned kind) {
    const Bytes data(3000, 'x');
    codex::exchange::Message message;
    net::exchange::BlockAddress address;
    address.cid = Cid::block(crypto::sha256(data));
    if (kind == 0)
        message.wants = {{address}, {address, false, codex::exchange::WantType::have, true}};
    else if (kind == 1)
        message.presences = {{address, true, {}}};
    else
        message.deliveries = {{address.cid, data, address, {}}};
    return net::exchange::encode_framed(message);
}

/// What peers say on streams, in their own encoding.
const std::vector<Bytes>& known_words() {
    static const std::vector<Bytes> words = [] {
        identify::Identify about;
        about.public_key = key_of(2).public_key();
        about.protocols = {std::string(identify::kIdentify), std::string(identify::kIdentifyPush)};
        const Bytes said = framed(identify::encode(about));
        Bytes answer = lines({net::select::kHeader, identify::kIdentify});
        append(answer, said);
        const std::string_view blocks = net::exchange::kBlockExchange;
        return std::vector<Bytes>{lines({net::select::kHeader, identify::kIdentify}),
                                  lines({net::select::kHeader, identify::kPing}),
                                  lines({net::select::kHeader, blocks}),
                                  lines({net::select::kHeader, identify::kIdentifyPush}),
                                  lines({net::select::kHeader, "/x", "ls", blocks}),
                                  Bytes(identify::kPingBytes, 7),
                                  said,
                                  answer,
                                  lines({net::select::kHeader, "na"}),
                                  exchange_message(0),
                                  exchange_message(1),
                                  exchange_message(2)};
    }();
    return words;
}

/// The host, and who comes to it.
class World {
public:
    World() : internet_(loop_, {.delay = milliseconds(1)}), here_(internet_.host(kHere)) {
        host_ = *Host::make(copy(key_of(1)), *here_, secrets_, small_host());
        codex::exchange::PeersOptions options;
        options.input_bytes = 20000;
        options.unsent_bytes = 20000;
        options.decode.block_bytes = 5000;
        peers_.emplace(*host_, std::move(options));
        answers_.emplace(*peers_);
        FUZZ_CHECK(host_->listen(Multiaddr::tcp(kHere, 1)).has_value());
        there_ = internet_.host(kThere);
        socket_ = *run(there_->connect(SocketAddress(kHere, 1), in(seconds(1))));
    }

    /// As far as the frames of a muxer.
    void shake_hands(bool yamux) {
        static const std::vector<std::string> security(1, std::string(kNoise));
        static const std::vector<std::string> mplex(1, std::string(mux::kMplex));
        static const std::vector<std::string> other(1, std::string(mux::kYamux));
        KnownSecrets secrets(3);
        const auto statics = noise::KeyPair::generate(secrets);
        const Bytes proof = noise::identity_proof(key_of(2), *statics);
        UpgradeOptions options;
        options.proof = proof;
        options.statics = &*statics;
        options.random = &secrets;
        options.security = &security;
        options.muxers = yamux ? &other : &mplex;
        options.noise_until = options.until = in(seconds(5));
        auto upgraded = run(upgrade(std::move(socket_), &options));
        FUZZ_CHECK(upgraded.has_value());
        sealer_.emplace(std::move(upgraded->secured.sealer));
        socket_ = std::move(upgraded->socket);
    }
    void say(BytesView plain) {
        Bytes sealed;
        FUZZ_CHECK(sealer_->seal(plain, sealed).has_value());
        say_bare(sealed);
    }
    /// As far as it is taken: the host may have hung up, or hold up.
    void say_bare(BytesView bytes) {
        Bytes heard(std::size_t{16} << 10);
        for (int tries = 0; tries < 20 && !bytes.empty(); ++tries) {
            const auto put = socket_->try_write(bytes);
            if (!put)
                return;
            bytes = bytes.subspan(*put);
            pass(milliseconds(5));
            if (reads) {
                const auto got = socket_->try_read(heard);
                static_cast<void>(got);
            }
        }
    }
    void pass(Clock::Duration span) {
        loop_.run_until([] { return false; }, in(span));
        check();
    }
    void hang_up() { socket_->close(); }
    void expect_nothing_left() {
        hang_up();
        pass(minutes(2));
        FUZZ_CHECK(host_->connections().empty() && host_->held_bytes() == 0);
    }
    bool reads = true;

private:
    static SecretKey copy(const SecretKey& key) { return *SecretKey::decode(key.encode()); }
    [[nodiscard]] Clock::Instant in(Clock::Duration span) const { return loop_.now() + span; }
    template <class T> Result<T> run(Task<Result<T>> task) {
        auto value = run_task(loop_, std::move(task), in(minutes(1)));
        FUZZ_CHECK(value.has_value());
        return std::move(*value);
    }
    void check() {
        FUZZ_CHECK(host_->held_bytes() <= kHeld + (std::size_t{300} << 10));
        const LimitCounts& counts = host_->limit_counts();
        FUZZ_CHECK(counts.of(Limit::fault) == 0 && counts.of(Limit::memory) == 0);
        for (const auto& connection : host_->connections())
            FUZZ_CHECK(connection->streams() <= 6 + mux::MuxLimits().streams_out);
    }

    SimulatedClock clock_;
    SimulatedLoop loop_{clock_};
    SimulatedInternet internet_;
    KnownSecrets secrets_{4};
    std::unique_ptr<Network> here_;
    std::unique_ptr<Host> host_;
    std::optional<codex::exchange::Peers> peers_;
    std::optional<Answers> answers_;
    std::unique_ptr<Network> there_;
    std::unique_ptr<Socket> socket_;
    std::optional<noise::Sealer> sealer_;
};

/// A frame of one of a few streams, of the peer's own or of the host's.
Bytes frame(bool yamux, unsigned kind, std::uint8_t which, BytesView payload) {
    const bool own = (which & 8) == 0;
    const unsigned number = which % 8;
    Bytes bytes;
    if (yamux) {
        constexpr std::uint16_t kFlags[] = {mux::kYamuxSyn, 0, mux::kYamuxFin, mux::kYamuxRst};
        const std::uint32_t stream = 2 * number + (own ? 1 : 2);
        const auto size = static_cast<std::uint32_t>(payload.size());
        const auto type = kind == 1 ? mux::YamuxType::data : mux::YamuxType::window_update;
        mux::append_yamux_header(bytes, {type, kFlags[kind % 4], stream, kind == 1 ? size : which});
    } else {
        using mux::MplexFlag;
        constexpr MplexFlag kOwn[] = {MplexFlag::new_stream, MplexFlag::message_initiator,
                                      MplexFlag::close_initiator, MplexFlag::reset_initiator};
        constexpr MplexFlag kOther[] = {MplexFlag::new_stream, MplexFlag::message_receiver,
                                        MplexFlag::close_receiver, MplexFlag::reset_receiver};
        mux::append_mplex_header(bytes, number, (own ? kOwn : kOther)[kind % 4],
                                 kind == 1 ? payload.size() : 0);
    }
    if (kind == 1)
        append(bytes, payload);
    return bytes;
}

void step(World& world, Steps& steps, bool yamux) {
    constexpr Clock::Duration kSpans[] = {milliseconds(1), seconds(1), seconds(11),
                                          seconds(31),     minutes(2), minutes(11)};
    const std::uint8_t what = steps.byte();
    switch (what % 10) {
    case 0: // a stream opens, ends, is reset
    case 1:
    case 2:
        return world.say(frame(yamux, what % 10 + (what % 10 != 0 ? 1 : 0), steps.byte(), {}));
    case 3: { // says something of its own
        const std::uint8_t which = steps.byte();
        return world.say(frame(yamux, 1, which, steps.take(steps.byte())));
    }
    case 4:
    case 5: { // or what others say
        const std::uint8_t which = steps.byte();
        return world.say(
            frame(yamux, 1, which, known_words()[steps.byte() % known_words().size()]));
    }
    case 6: // any frames
        return world.say(steps.take(steps.byte()));
    case 7: // what is not sealed
        return world.say_bare(steps.take(steps.byte()));
    case 8:
        world.reads = (what & 16) == 0;
        return;
    default:
        return world.pass(kSpans[steps.byte() % std::size(kSpans)]);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 4096)
        return 0;
    Steps steps(BytesView(data + 1, size - 1));
    World world;
    if (data[0] % 4 == 3) { // nothing that was agreed on
        while (!steps.over())
            world.say_bare(steps.take(1 + steps.byte()));
        world.pass(seconds(11));
        return world.expect_nothing_left(), 0;
    }
    const bool yamux = data[0] % 2 == 1;
    world.shake_hands(yamux);
    while (!steps.over())
        step(world, steps, yamux);
    world.expect_nothing_left();
    return 0;
}
