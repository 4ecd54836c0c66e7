// What the tests of this floor share: the vectors, and randomness that says what they say.
#pragma once

#include "base/random.hpp"
#include "must.hpp"
#include "net/identity/secret_key.hpp"
#include "vectors.hpp"

#include <deque>

namespace codex::net {

/// network.json, parsed once.
inline const test::Json& network() {
    static const test::Json vectors = test::load_vectors("network.json");
    return vectors;
}

/// Hands out what it was given, in that order. Of use in tests alone.
class ListedSecrets final : public SecretRandom {
public:
    explicit ListedSecrets(std::initializer_list<Bytes> parts) : parts_(parts) {}
    [[nodiscard]] Result<void> fill(MutableBytes out) override {
        if (parts_.empty() || parts_.front().size() != out.size())
            return fail(Errc::io, "no such secret is listed");
        std::copy(parts_.front().begin(), parts_.front().end(), out.begin());
        parts_.pop_front();
        return {};
    }

private:
    std::deque<Bytes> parts_;
};

/// The secrets of a seed: the same in each run.
class SeededSecrets final : public SecretRandom {
public:
    explicit SeededSecrets(std::uint64_t seed) : random_(seed) {}
    [[nodiscard]] Result<void> fill(MutableBytes out) override { return random_.fill(out); }

private:
    SeededRandom random_;
};

/// A key of network.json's group identity, by name.
inline SecretKey identity_named(const std::string& name) {
    for (const auto& vector : network()["identity"]["vectors"])
        if (vector["name"] == name)
            return test::must(SecretKey::decode(test::unhex(vector["key_file"])));
    throw std::runtime_error("no such identity: " + name);
}

} // namespace codex::net
