// Datasets larger than 32 bits count, and than the memory a put or a get may take.
#include "protected_store.hpp"
#include "sanitizers.hpp"

#include <fstream>

namespace codex::dataset::test {
namespace {

using codex::test::kSanitized;

/// Hashing gigabytes is for builds and kernels that are fast at it.
bool fast_hashing() {
    const char* forced = std::getenv("CODEX_CPU");
    return !kSanitized && (forced == nullptr || std::string_view(forced) != "portable");
}

class LargePutGet : public ::testing::Test {
protected:
    TemporaryFolder folder_;
    Store store_{folder_.file("repo")};

    Bytes range(const Cid& cid, ByteRange bytes) {
        MemorySink sink;
        must(get(store_.job(), cid, bytes, sink));
        return sink.content();
    }
};

TEST_F(LargePutGet, CountsIn64Bits) {
    const std::uint64_t size = fast_hashing() ? (std::uint64_t{4} << 30) + 100003 : 10000019;
    const Fd file(::memfd_create("sparse", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
    const Bytes mark = generate(16, 5000);
    must(pwrite_full(file.get(), mark, size - mark.size(), "sparse"));
    const PutResult result = must(put_fd(store_.job(), file.get(), "sparse"));
    EXPECT_EQ(result.size_bytes, size);
    EXPECT_EQ(result.blocks, (size + 65535) / 65536);
    EXPECT_LE(result.new_bytes, 3 * 65536U); // zeros, the mark, the manifest
    EXPECT_EQ(store_.manifest(result.manifest).dataset_size_bytes, size);
    EXPECT_EQ(range(result.manifest, {size - mark.size(), UINT64_MAX}), mark);
    const Bytes before = range(result.manifest, {size - mark.size() - 3, size - mark.size() + 1});
    EXPECT_EQ(before, (Bytes{0, 0, 0, mark[0]}));
}

/// A figure of /proc/self/status in bytes.
std::uint64_t memory(const std::string& key) {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == key + ":") {
            std::uint64_t kibibytes = 0;
            status >> kibibytes;
            return kibibytes << 10;
        }
    throw std::runtime_error("no " + key);
}

TEST_F(LargePutGet, WorksInConstantMemory) {
    // Five times what the pipeline may hold, so that keeping everything would show.
    const std::uint64_t size = std::uint64_t{fast_hashing() ? 512U : 64U} << 20;
    const Fd file(::memfd_create("sparse", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
    const Fd clear = must(open_file("/proc/self/clear_refs", O_WRONLY));
    must(write_full(clear.get(), as_bytes("5"), "clear_refs")); // the peak begins anew
    const std::uint64_t before = memory("VmRSS");
    const PutResult result = must(put_fd(store_.job(), file.get(), "sparse"));
    const Fd null = must(open_file("/dev/null", O_WRONLY));
    FdSink sink = must(FdSink::create(null.get(), "null"));
    EXPECT_EQ(must(dataset::get(store_.job(), result.manifest, {}, sink)).bytes, size);
    const std::uint64_t bound = std::uint64_t{kSanitized ? 400U : 100U} << 20;
    EXPECT_LT(memory("VmHWM") - before, bound);
}

} // namespace
} // namespace codex::dataset::test
