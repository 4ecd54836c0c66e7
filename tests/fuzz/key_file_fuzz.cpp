// The content of a key file: 36 bytes of the one form are a key, and nothing else is.
#include "net/identity/secret_key.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(data, size);
    const auto key = SecretKey::decode(bytes);
    if (!key) {
        FUZZ_CHECK(key.error().code() == Errc::key_file_invalid && !key.error().text().empty());
        return 0;
    }
    FUZZ_CHECK(equal(key->encode(), bytes));
    const auto again = PublicKey::decode(key->public_key().encoded());
    FUZZ_CHECK(again && *again == key->public_key());
    FUZZ_CHECK(again->verify(bytes.first(4), key->sign(bytes.first(4))));
    return 0;
}
