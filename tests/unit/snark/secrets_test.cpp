// After a key was made, the memory of the process is searched for the secrets that made it. They
// are known to the search only under a mask, so that it does not find itself.
#include "base/secret.hpp"
#include "base/thread_pool.hpp"
#include "files.hpp"
#include "sanitizers.hpp"
#include "snark/ceremony.hpp"
#include "snark/detail/ceremony_steps.hpp"
#include "snark/detail/secret.hpp"
#include "snark/setup.hpp"
#include "vectors.hpp"

#include <array>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace codex::snark {
namespace {

using test::key_from;
using test::must;
using test::proofs;
using test::tiny_system;

constexpr std::uint64_t kMask = 0x5a17c3e96b0d842f;

/// 32 bytes, each of its words under the mask.
using Pattern = std::array<std::uint64_t, 4>;

Pattern masked(const void* bytes) {
    Pattern pattern;
    std::memcpy(pattern.data(), bytes, sizeof pattern);
    for (std::uint64_t& word : pattern)
        word ^= kMask;
    return pattern;
}

/// How often the patterns are in memory that can be written to: heap, stacks, data.
int count_in_memory(const std::vector<Pattern>& patterns) {
    constexpr std::size_t kChunk = 1 << 20;
    std::FILE* maps = std::fopen("/proc/self/maps", "re");
    const Fd memory = must(open_file("/proc/self/mem", O_RDONLY));
    int found = 0;
    char line[512];
    static std::array<std::uint8_t, kChunk + 32> buffer;
    while (std::fgets(line, sizeof line, maps) != nullptr) {
        unsigned long begin = 0;
        unsigned long end = 0;
        char rights[5] = {};
        if (std::sscanf(line, "%lx-%lx %4s", &begin, &end, rights) != 3 || rights[0] != 'r' ||
            rights[1] != 'w')
            continue;
        for (unsigned long at = begin; at < end; at += kChunk) {
            const std::size_t wanted = std::min<std::size_t>(kChunk + 32, end - at);
            auto got = pread_full(memory.get(), MutableBytes(buffer).first(wanted), at, "memory");
            if (!got)
                continue;
            for (std::size_t i = 0; i + 32 <= *got; ++i) {
                std::uint64_t word = 0;
                std::memcpy(&word, buffer.data() + i, sizeof word);
                for (const Pattern& pattern : patterns)
                    if ((word ^ kMask) == pattern[0])
                        found += masked(buffer.data() + i) == pattern ? 1 : 0;
            }
        }
    }
    std::fclose(maps);
    return found;
}

/// Runs `compute` in a process of its own, and gives what it found as patterns: this one never had
/// the secrets in the clear.
std::vector<Pattern> patterns_of(const std::function<std::vector<Fr>()>& compute) {
    int ends[2];
    if (::pipe(ends) != 0)
        throw std::runtime_error("pipe");
    const ::pid_t child = ::fork();
    if (child == 0) {
        for (const Fr& secret : compute())
            for (const Fr& value : {secret, secret.inverse()}) {
                const Digest standard = value.to_bytes();
                for (const void* form : {static_cast<const void*>(value.montgomery().data()),
                                         static_cast<const void*>(standard.data())}) {
                    const Pattern pattern = masked(form);
                    if (::write(ends[1], pattern.data(), sizeof pattern) != sizeof pattern)
                        ::_exit(1);
                }
            }
        ::_exit(0);
    }
    ::close(ends[1]);
    std::vector<Pattern> patterns;
    Pattern pattern;
    while (::read(ends[0], pattern.data(), sizeof pattern) == sizeof pattern)
        patterns.push_back(pattern);
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    return patterns;
}

/// As the child computes them; the same in every process.
SetupSecrets secrets_from(const Digest& seed) {
    crypto::SeedStream random(seed);
    return {random.next_scalar(), random.next_scalar(), random.next_scalar(), random.next_scalar()};
}

[[gnu::noinline]] void make_key(const R1cs& system, ThreadPool& pool, const Digest& seed, int fd) {
    Secret<std::optional<SetupSecrets>> fixed;
    *fixed = secrets_from(seed);
    must(test_setup(system, fd, "key", pool, *fixed));
}

class Secrets : public ::testing::Test {
protected:
    void SetUp() override {
        if (codex::test::kSanitized)
            GTEST_SKIP() << "a sanitizer keeps what was freed, or shadows all of the address space";
    }
};

[[gnu::noinline]] std::vector<Fr>* plant(const Digest& seed) {
    return new std::vector<Fr>{secrets_from(seed).tau};
}

TEST_F(Secrets, TheSearchFindsWhatIsThere) {
    const Digest seed{1, 2, 3};
    const auto patterns = patterns_of([&] { return std::vector<Fr>{secrets_from(seed).tau}; });
    ASSERT_EQ(patterns.size(), 4U);
    const std::unique_ptr<std::vector<Fr>> planted(plant(seed));
    wipe_stack();
    EXPECT_GE(count_in_memory(patterns), 1);
    wipe(planted->data(), sizeof(Fr));
    EXPECT_EQ(count_in_memory(patterns), 0);
}

TEST_F(Secrets, NothingStaysOfATestSetup) {
    const Digest seed{4, 5, 6};
    const auto patterns = patterns_of([&] {
        const SetupSecrets s = secrets_from(seed);
        return std::vector<Fr>{s.tau, s.alpha, s.beta, s.delta};
    });
    ASSERT_EQ(patterns.size(), 16U);
    const R1cs system = tiny_system();
    ThreadPool pool(2);
    const Fd file(::memfd_create("key", 0));
    make_key(system, pool, seed, file.get());
    wipe_stack(); // what make_key() itself had
    EXPECT_EQ(count_in_memory(patterns), 0);
}

TEST_F(Secrets, NothingStaysOfAContribution) {
    // A beacon's secret is known, so it can be looked for; all behind the seed is as with others.
    const Beacon beacon = {Bytes{1, 2, 3}, 10};
    const auto patterns = patterns_of([&] {
        crypto::SeedStream random(must(detail::beacon_seed(beacon.value, 10, {})));
        return std::vector<Fr>{random.next_scalar()};
    });
    ASSERT_EQ(patterns.size(), 4U);
    const ProvingKey key = key_from(test::unhex(proofs().at("groth16_tiny").at("zkey_hex")));
    ThreadPool pool(2);
    const Fd file(::memfd_create("key", 0));
    must(apply_beacon(key, file.get(), "key", "test", beacon, pool));
    EXPECT_EQ(count_in_memory(patterns), 0);
}

} // namespace
} // namespace codex::snark
