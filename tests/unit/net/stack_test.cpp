// All layers on each other: two ends that dial, prove who they are, open streams and say what they
// serve, over a wire that cuts bytes wherever it likes.
#include "net/identify/identify.hpp"

#include "codec/uvarint.hpp"
#include "net/mux/mplex.hpp"
#include "net/mux/yamux.hpp"
#include "net/noise/handshake.hpp"
#include "net/select/negotiation.hpp"
#include "network_vectors.hpp"

#include <map>

namespace codex::net {
namespace {

using test::must;

const std::vector<std::string> kSecurity = {"/noise"};
const std::vector<std::string> kServedHere = {std::string(identify::kIdentify)};

/// Takes what was consumed off the front.
void drop_front(Bytes& bytes, std::size_t count) {
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
}

/// One node with one connection, as what has sockets would drive it.
class Node final : public mux::MuxEvents {
public:
    Node(bool dials, const std::string& identity, std::vector<std::string> muxers,
         std::optional<PeerId> expected)
        : dials_(dials), key_(identity_named(identity)), secrets_(dials ? 1 : 2),
          statics_(must(noise::KeyPair::generate(secrets_))),
          proof_(noise::identity_proof(key_, statics_)), muxers_(std::move(muxers)),
          dialer_(kSecurity), listener_(kSecurity),
          handshake_(dials ? noise::Role::initiator : noise::Role::responder, proof_, statics_,
                     expected) {
        if (dials)
            dialer_.start(wire_out);
    }

    /// Bytes of the wire.
    void hear(BytesView bytes) {
        append(wire_in_, bytes);
        if (!secured_ && !agree(wire_in_, wire_out))
            return;
        if (!secured_)
            begin_handshake();
        while (!wire_in_.empty() && !established_) {
            const std::size_t taken = must(handshake_.receive(wire_in_, wire_out));
            drop_front(wire_in_, taken);
            if (handshake_.done())
                begin_encryption();
            else if (taken == 0)
                return;
        }
        while (established_) {
            const auto opened = must(established_->opener.open(wire_in_));
            if (!opened)
                return;
            append(plain_in_, opened->plain);
            drop_front(wire_in_, opened->size);
            hear_plain();
        }
    }

    // Events of the muxer.
    void opened(mux::StreamId stream) override { listeners_.emplace(stream, kServedHere); }
    void data(mux::StreamId stream, BytesView bytes) override { append(unread_[stream], bytes); }
    void ended(mux::StreamId stream) override { answered_ |= stream == asked_; }
    void reset(mux::StreamId /*stream*/) override { FAIL(); }
    void writable_again(mux::StreamId /*stream*/) override {}
    void pong(std::uint32_t /*number*/) override {}
    void go_away(std::uint32_t /*code*/) override { FAIL(); }
    void refused() override { FAIL(); }

    Bytes wire_out;
    std::optional<identify::Identify> said; ///< by the other side
    [[nodiscard]] PeerId peer() const { return PeerId(established_->peer_key); }
    [[nodiscard]] std::string muxer() const {
        return dials_ ? dialer_.chosen() : listener_.chosen();
    }
    [[nodiscard]] std::size_t streams() const {
        return muxer_->streams_in() + muxer_->streams_out();
    }

private:
    bool agree(Bytes& in, Bytes& out) {
        const std::size_t taken =
            dials_ ? must(dialer_.receive(in, out)) : must(listener_.receive(in, out));
        drop_front(in, taken);
        return dials_ ? dialer_.done() : listener_.done();
    }

    void begin_handshake() {
        secured_ = true;
        must(handshake_.start(secrets_, wire_out));
    }

    void begin_encryption() {
        established_.emplace(handshake_.finish());
        dialer_ = select::Dialer(muxers_);
        listener_ = select::Listener(muxers_);
        Bytes out;
        if (dials_)
            dialer_.start(out);
        seal(out);
    }

    void seal(BytesView plain) { must(established_->sealer.seal(plain, wire_out)); }

    void hear_plain() {
        Bytes out;
        if (!muxer_ && agree(plain_in_, out))
            begin_streams(out);
        if (muxer_) {
            drop_front(plain_in_, must(muxer_->receive(plain_in_, out, *this)));
            hear_streams(out);
        }
        seal(out);
    }

    /// Each side asks at once who the other one is.
    void begin_streams(Bytes& out) {
        if (muxer() == mux::kMplex)
            muxer_ = std::make_unique<mux::Mplex>();
        else
            muxer_ = std::make_unique<mux::Yamux>(dials_ ? mux::Side::dialer : mux::Side::listener);
        asked_ = must(muxer_->open(out));
        Bytes lines;
        asking_.start(lines);
        EXPECT_EQ(muxer_->write(asked_, lines, out), lines.size());
        muxer_->end(asked_, out);
    }

    void hear_streams(Bytes& out) {
        for (auto& [stream, bytes] : unread_) {
            const std::size_t size = bytes.size();
            if (stream == asked_)
                hear_answer(bytes);
            else
                hear_question(stream, bytes, out);
            muxer_->consumed(stream, size - bytes.size(), out);
        }
        if (answered_ && !said) // what came with the end was not read yet, when it was told
            said = must(reader_.finish());
        std::erase_if(unread_, [](const auto& entry) { return entry.second.empty(); });
    }

    void hear_answer(Bytes& bytes) {
        Bytes none;
        if (!asking_.done())
            drop_front(bytes, must(asking_.receive(bytes, none)));
        if (asking_.done()) {
            must(reader_.receive(bytes));
            bytes.clear();
        }
    }

    void hear_question(mux::StreamId stream, Bytes& bytes, Bytes& out) {
        select::Listener& listener = listeners_.at(stream);
        Bytes answer;
        drop_front(bytes, must(listener.receive(bytes, answer)));
        if (listener.done()) {
            const Bytes message = identify::encode(about_us());
            codec::append_uvarint(answer, message.size());
            append(answer, message);
        }
        EXPECT_EQ(muxer_->write(stream, answer, out), answer.size());
        if (listener.done())
            muxer_->end(stream, out);
    }

    [[nodiscard]] identify::Identify about_us() const {
        identify::Identify identify;
        identify.public_key = key_.public_key();
        identify.listen_addresses = {must(Multiaddr::from_text("/ip4/192.0.2.7/tcp/8070"))};
        identify.protocols = kServedHere;
        identify.signed_record = seal_peer_record(key_, 1700000000, identify.listen_addresses);
        return identify;
    }

    bool dials_;
    SecretKey key_;
    SeededSecrets secrets_;
    noise::KeyPair statics_;
    Bytes proof_;
    std::vector<std::string> muxers_;
    select::Dialer dialer_;
    select::Listener listener_;
    noise::Handshake handshake_;
    bool secured_ = false;
    std::optional<noise::Established> established_;
    Bytes wire_in_;
    Bytes plain_in_;
    std::unique_ptr<mux::Muxer> muxer_;
    std::map<mux::StreamId, select::Listener> listeners_;
    std::map<mux::StreamId, Bytes> unread_;
    mux::StreamId asked_ = 0;
    bool answered_ = false;
    select::Dialer asking_{kServedHere};
    identify::Reader reader_;
};

TEST(Stack, TwoNodesTellEachOtherWhoTheyAre) {
    const PeerId a(identity_named("dht_a").public_key());
    const PeerId b(identity_named("dht_b").public_key());
    const std::string mplex(mux::kMplex);
    const std::string yamux(mux::kYamux);
    for (const auto& [offered, agreed] :
         std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{mplex, yamux}, mplex}, {{yamux}, yamux}, {{"/none", mplex}, mplex}}) {
        std::string transcript;
        for (const std::size_t piece : {1u, 5u, 100u, 1000000u}) {
            Node dials(true, "dht_a", offered, b);
            Node listens(false, "dht_b", {mplex, yamux}, std::nullopt);
            for (int turn = 0; turn < 100 && (!dials.wire_out.empty() || !listens.wire_out.empty());
                 ++turn) {
                for (auto [from, to] : {std::pair(&dials, &listens), std::pair(&listens, &dials)}) {
                    const Bytes sent = std::exchange(from->wire_out, {});
                    for (std::size_t at = 0; at < sent.size(); at += piece)
                        to->hear(BytesView(sent).subspan(at, std::min(piece, sent.size() - at)));
                }
            }
            EXPECT_EQ(dials.muxer(), agreed);
            EXPECT_EQ(listens.muxer(), agreed);
            EXPECT_EQ(dials.peer(), b);
            EXPECT_EQ(listens.peer(), a);
            ASSERT_TRUE(dials.said && listens.said) << agreed << " " << piece;
            must(identify::check_sender(*dials.said, b, true));
            must(identify::check_sender(*listens.said, a, true));
            EXPECT_EQ(dials.said->record->peer, b);
            EXPECT_EQ(listens.said->record->addresses[0].text(), "/ip4/192.0.2.7/tcp/8070");
            EXPECT_EQ(dials.streams() + listens.streams(), 0u) << "nothing is left over";
        }
    }
}

} // namespace
} // namespace codex::net
