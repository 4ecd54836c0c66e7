// Keccak-256 against SHA3-256 of OpenSSL's EVP in the same process, which differ in one byte of
// padding.
#include "crypto/hash/keccak256.hpp"

#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <random>

namespace {

using namespace codex;

Bytes random_bytes(std::size_t size) {
    std::mt19937_64 random(1);
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    return bytes;
}

void codex_keccak(benchmark::State& state) {
    const Bytes message = random_bytes(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state)
        benchmark::DoNotOptimize(crypto::keccak256(message));
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(codex_keccak)->ArgName("message_bytes")->Arg(136)->Arg(65536);

/// As fast as it goes: the algorithm fetched once, the context used again.
void openssl_sha3(benchmark::State& state) {
    const Bytes message = random_bytes(static_cast<std::size_t>(state.range(0)));
    EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA3-256", nullptr);
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    Digest digest;
    for (auto _ : state) {
        EVP_DigestInit_ex2(context, algorithm, nullptr);
        EVP_DigestUpdate(context, message.data(), message.size());
        EVP_DigestFinal_ex(context, digest.data(), nullptr);
        benchmark::DoNotOptimize(digest);
    }
    EVP_MD_CTX_free(context);
    EVP_MD_free(algorithm);
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(openssl_sha3)->ArgName("message_bytes")->Arg(136)->Arg(65536);

} // namespace

BENCHMARK_MAIN();
