// The frames behind a handshake: in any lengths, cut anywhere, changed anywhere, out of numbers.
#include "net/noise/aead.hpp"

#include "network_vectors.hpp"

namespace codex::net::noise {
namespace {

using test::must;
using test::must_fail;

Key known_key() {
    const Bytes bytes = test::unhex(network()["noise_xx"]["key_initiator_to_responder"]);
    Key key{};
    std::copy(bytes.begin(), bytes.end(), key.begin());
    return key;
}

struct Direction {
    Direction() : sealer(CipherState(key)), opener(CipherState(key)) {}
    Key key = known_key();
    Sealer sealer;
    Opener opener;
};

Bytes opened_all(Opener& opener, Bytes sealed, std::size_t& frames) {
    Bytes plain;
    MutableBytes rest(sealed);
    while (const auto opened = must(opener.open(rest))) {
        append(plain, opened->plain);
        rest = rest.subspan(opened->size);
        ++frames;
    }
    EXPECT_TRUE(rest.empty());
    return plain;
}

TEST(NoiseFrames, AreTheSameFromPiecesAsInPlace) {
    std::mt19937_64 random(3);
    Direction whole;
    Direction pieces;
    Bytes plain(kMaxPlainBytes);
    must(SeededRandom(4).fill(plain));
    for (const std::size_t size :
         {std::size_t{1}, std::size_t{63}, std::size_t{1000}, std::size_t{1216}, plain.size()}) {
        for (int round = 0; round < 20; ++round) {
            // Short ones go to the cipher as they are, long ones in parts that suit it.
            const std::size_t most = round % 2 == 0 ? size : std::min<std::size_t>(size, 1000);
            const BytesView all = BytesView(plain).first(size);
            Bytes expected;
            must(whole.sealer.seal(all, expected));
            std::vector<BytesView> parts(1); // an empty one is nothing
            for (std::size_t at = 0; at < size;) {
                const std::size_t part = std::min<std::size_t>(1 + random() % most, size - at);
                parts.push_back(all.subspan(at, part));
                at += part;
            }
            Bytes frame(size + kFrameOverhead);
            must(pieces.sealer.seal_from(parts, frame));
            ASSERT_EQ(frame, expected) << size << " in " << parts.size();
        }
    }
}

TEST(NoiseFrames, AreFullButForTheLast) {
    std::mt19937_64 random(1);
    for (const std::size_t size : {std::size_t{1}, kMaxPlainBytes - 1, kMaxPlainBytes,
                                   kMaxPlainBytes + 1, 3 * kMaxPlainBytes, std::size_t{1} << 20}) {
        Direction direction;
        const Bytes plain = test::random_bytes(random, size);
        Bytes sealed;
        must(direction.sealer.seal(plain, sealed));
        std::size_t frames = 0;
        EXPECT_EQ(opened_all(direction.opener, sealed, frames), plain);
        EXPECT_EQ(frames, (size + kMaxPlainBytes - 1) / kMaxPlainBytes);
        EXPECT_EQ(sealed.size(), size + frames * kFrameOverhead);
    }
}

TEST(NoiseFrames, NothingMakesNoFrame) {
    Direction direction;
    Bytes sealed;
    must(direction.sealer.seal({}, sealed));
    EXPECT_TRUE(sealed.empty()) << "an empty frame puts the reference out of step";
}

TEST(NoiseFrames, AnEmptyFrameOfOthersIsAuthenticatedAndCounts) {
    Direction direction;
    CipherState other(direction.key);
    Bytes frame(2 + kTagBytes);
    frame[1] = kTagBytes;
    must(other.encrypt({}, MutableBytes(frame).subspan(2), 0));
    const auto opened = must(direction.opener.open(frame));
    ASSERT_TRUE(opened.has_value());
    EXPECT_TRUE(opened->plain.empty());
    Bytes next(2 + 1 + kTagBytes);
    next[1] = 1 + kTagBytes;
    next[2] = 'x';
    must(other.encrypt({}, MutableBytes(next).subspan(2), 1));
    EXPECT_EQ(must(direction.opener.open(next))->plain[0], 'x');
    frame.back() ^= 1;
    EXPECT_EQ(must_fail(direction.opener.open(frame)).code(), Errc::noise_decrypt);
}

TEST(NoiseFrames, WaitForTheirEndAndTouchNothingBefore) {
    Direction direction;
    Bytes sealed;
    must(direction.sealer.seal(as_bytes("hello"), sealed));
    const Bytes as_sealed = sealed;
    for (std::size_t size = 0; size < sealed.size(); ++size) {
        EXPECT_FALSE(must(direction.opener.open(MutableBytes(sealed).first(size))).has_value());
        EXPECT_EQ(sealed, as_sealed);
    }
    EXPECT_EQ(as_text(must(direction.opener.open(sealed))->plain), "hello");
}

TEST(NoiseFrames, AnyChangedByteIsRefused) {
    for (std::size_t at = 0; at < 5 + kFrameOverhead; ++at) {
        Direction direction;
        Bytes sealed;
        must(direction.sealer.seal(as_bytes("hello"), sealed));
        sealed[at] ^= 1;
        auto opened = direction.opener.open(sealed);
        // A longer length waits for more; all else is refused.
        EXPECT_TRUE(!opened || !*opened) << at;
        if (at >= kLengthBytes) {
            EXPECT_EQ(must_fail(std::move(opened)).code(), Errc::noise_decrypt) << at;
        }
    }
    for (std::uint8_t size = 0; size < kTagBytes; ++size) {
        Direction direction;
        Bytes frame = {0, size};
        EXPECT_EQ(must_fail(direction.opener.open(frame)).code(), Errc::noise_decrypt)
            << "no frame is that short, whether it is all there or not";
    }
}

TEST(NoiseFrames, OutOfOrderAndTwiceAreRefused) {
    Direction direction;
    Bytes first;
    Bytes second;
    must(direction.sealer.seal(as_bytes("1"), first));
    must(direction.sealer.seal(as_bytes("2"), second));
    Opener late(CipherState(direction.key));
    EXPECT_FALSE(late.open(second).has_value());
    Bytes again = first;
    EXPECT_TRUE(must(direction.opener.open(first)).has_value());
    EXPECT_FALSE(direction.opener.open(again).has_value());
}

TEST(NoiseFrames, NumbersAreUsedUpOnce) {
    const Key key{};
    Sealer sealer(CipherState(key, CipherState::kLastNonce));
    Opener opener(CipherState(key, CipherState::kLastNonce));
    Bytes sealed;
    must(sealer.seal(as_bytes("last"), sealed));
    EXPECT_EQ(as_text(must(opener.open(sealed))->plain), "last");
    Bytes more;
    EXPECT_EQ(must_fail(sealer.seal(as_bytes("x"), more)).code(), Errc::noise_exhausted);
    Bytes frame(2 + kTagBytes);
    frame[1] = kTagBytes;
    EXPECT_EQ(must_fail(opener.open(frame)).code(), Errc::noise_exhausted);
}

} // namespace
} // namespace codex::net::noise
