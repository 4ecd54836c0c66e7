// What a node makes of what peers say of themselves (codex-libp2p(7), LIMITS).
#include "limits_fixture.hpp"

namespace codex::net {
namespace {

class IdentifyRules : public Limits {
protected:
    /// What b makes of a peer that answers identify by these bytes.
    void answer(Bytes bytes, std::size_t piece, Clock::Duration pause, bool ends) {
        peer_.reset(); // before the network that it is on
        start();
        peer_ = std::make_unique<RudePeer>(network(), 40);
        peer_->on_stream([this, bytes = std::move(bytes), piece, pause, ends](Stream stream) {
            return answer_with(&pair().loop, std::move(stream), bytes, piece, pause, ends);
        });
        must(connect(*peer_));
    }
    [[nodiscard]] bool is_left_at_once() {
        return until(seconds(2), [this] { return b().connections().empty(); });
    }
    [[nodiscard]] const identify::Identify* said() { return b().said_by(peer_->id()); }
    [[nodiscard]] static Bytes framed(const Bytes& message) {
        Bytes framed;
        codec::append_uvarint(framed, message.size());
        append(framed, message);
        return framed;
    }
    /// The key of seed 40 is the peer's own.
    [[nodiscard]] static identify::Identify about(std::uint64_t seed) {
        SeededSecrets secrets(seed);
        identify::Identify about;
        about.public_key = must(SecretKey::generate(secrets)).public_key();
        about.agent_version = "rude";
        return about;
    }

    std::unique_ptr<RudePeer> peer_;
};

TEST_F(IdentifyRules, TakesTheRightKeyAlone) {
    answer(framed(identify::encode(about(40))), SIZE_MAX, {}, true);
    EXPECT_TRUE(until(seconds(2), [this] { return said() != nullptr; }));
    EXPECT_EQ(said()->agent_version, "rude");
    answer(framed(identify::encode(about(41))), SIZE_MAX, {}, true);
    EXPECT_TRUE(is_left_at_once());
    identify::Identify nobody = about(40);
    nobody.public_key.reset();
    answer(framed(identify::encode(nobody)), SIZE_MAX, {}, true);
    EXPECT_TRUE(is_left_at_once());
    expect_service();
}

TEST_F(IdentifyRules, ReadsOnlySoMuch) {
    Bytes huge;
    codec::append_uvarint(huge, identify::kMaxReadBytes + 1);
    answer(huge, SIZE_MAX, {}, false);
    EXPECT_TRUE(is_left_at_once());
    Bytes endless;
    codec::append_uvarint(endless, UINT64_MAX);
    answer(endless, SIZE_MAX, {}, false);
    EXPECT_TRUE(is_left_at_once());
    answer({}, SIZE_MAX, {}, true); // nothing at all
    EXPECT_TRUE(is_left_at_once());
    Bytes cut = framed(identify::encode(about(40)));
    cut.pop_back();
    answer(cut, SIZE_MAX, {}, true);
    EXPECT_TRUE(is_left_at_once());
    expect_service();
}

TEST_F(IdentifyRules, DoesNotWaitForever) {
    answer({}, SIZE_MAX, {}, false);
    EXPECT_TRUE(bites(Limit::upgrade_time, seconds(29), seconds(31)));
    EXPECT_TRUE(is_left_at_once());
    // A byte a second of a message that would be right.
    answer(framed(identify::encode(about(40))), 1, seconds(1), true);
    EXPECT_TRUE(bites(Limit::upgrade_time, seconds(29), seconds(31)));
    EXPECT_TRUE(is_left_at_once());
    // Message upon message.
    Bytes many;
    for (int i = 0; i < 3000; ++i)
        append(many, framed(identify::encode(about(40))));
    answer(many, 1000, milliseconds(500), true);
    EXPECT_TRUE(bites(Limit::upgrade_time, seconds(29), seconds(31)));
    EXPECT_TRUE(is_left_at_once());
    expect_service();
}

TEST_F(IdentifyRules, KeepsOnlySoManyAddresses) {
    // More than is ever written here, so by hand: field 2, a length, an address.
    Bytes message = identify::encode(about(40));
    for (std::uint16_t port = 1; port <= 5000; ++port) {
        const Multiaddr address = Multiaddr::tcp(kIpA, port);
        message.push_back(2 << 3 | 2);
        codec::append_uvarint(message, address.bytes().size());
        append(message, address.bytes());
    }
    ASSERT_LE(message.size(), identify::kMaxReadBytes);
    answer(framed(message), SIZE_MAX, {}, true);
    EXPECT_TRUE(until(seconds(2), [this] { return said() != nullptr; }));
    EXPECT_EQ(said()->listen_addresses.size(), identify::kMaxAddresses);
    EXPECT_TRUE(peer_->is_connected());
}

TEST_F(IdentifyRules, HoldsForAPushToo) {
    answer(framed(identify::encode(about(40))), SIZE_MAX, {}, true);
    EXPECT_TRUE(until(seconds(2), [this] { return said() != nullptr; }));
    const auto push = [this](const identify::Identify& what) {
        auto stream = peer_->open();
        Bytes bytes = lines({select::kHeader, identify::kIdentifyPush});
        append(bytes, framed(identify::encode(what)));
        write(stream, bytes);
        stream.end();
        let(seconds(1));
    };
    identify::Identify other = about(41);
    other.agent_version = "somebody else";
    push(other);
    EXPECT_EQ(said()->agent_version, "rude");
    identify::Identify same;
    same.agent_version = "renamed";
    push(same);
    EXPECT_EQ(said()->agent_version, "renamed");
}

} // namespace
} // namespace codex::net
