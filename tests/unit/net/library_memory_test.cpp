// Memory that is refused within OpenSSL ends in std::bad_alloc, and never the process; the next
// call finds all as it was.
#include "failing_openssl.hpp"
#include "must.hpp"
#include "net/dht/detail/aes.hpp"
#include "net/noise/aead.hpp"
#include "net/noise/detail/symmetric.hpp"

namespace codex::net::library_memory_test {
namespace {

Bytes aes() {
    const dht::detail::AesKey key{};
    const std::array<std::uint8_t, dht::detail::kGcmNonceBytes> nonce{};
    const Bytes plain(40, 7);
    Bytes sealed = dht::detail::aes_gcm_seal(key, nonce, plain, plain);
    const auto opened = dht::detail::aes_gcm_open(key, nonce, plain, sealed);
    if (!opened || *opened != plain)
        return {};
    const std::array<std::uint8_t, 16> counter{};
    dht::detail::aes_ctr(key, counter, sealed);
    return sealed;
}

Bytes noise_frames() {
    const noise::Key key{};
    noise::Key first{};
    noise::Key second{};
    noise::detail::hkdf2(key, Bytes(3, 1), first, second);
    noise::CipherState sealing(first);
    noise::CipherState opening(first);
    Bytes message(100, 9);
    test::must(sealing.encrypt({}, message, message.size() - noise::kTagBytes));
    Bytes sealed = message;
    test::must(opening.decrypt({}, message));
    return sealed;
}

TEST(LibraryMemory, RefusedToPacketsOfTheDhtIsAnError) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(codex::test::refuse_each(aes), testing::ExitedWithCode(0), "all is well");
}

TEST(LibraryMemory, RefusedToFramesOfNoiseIsAnError) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(codex::test::refuse_each(noise_frames), testing::ExitedWithCode(0), "all is well");
}

} // namespace
} // namespace codex::net::library_memory_test
