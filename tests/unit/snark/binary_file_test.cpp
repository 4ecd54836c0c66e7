// Containers whose files change while they are in use, and those that come as streams.
#include "snark/binary_file.hpp"

#include "base/endian.hpp"
#include "files.hpp"
#include "temporary_folder.hpp"

#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>
#include <thread>

namespace codex::snark {
namespace {

using test::must;
using test::must_fail;
using test::TemporaryFolder;

/// A container of the magic "test" with one section of `size` bytes of 7.
Bytes container(std::size_t size) {
    return test::written([size](int fd) -> Result<void> {
        CODEX_TRY(out, BinaryWriter::begin(fd, "it", "test", 1, 1));
        CODEX_CHECK(out.begin_section(3));
        CODEX_CHECK(out.write(Bytes(size, 7)));
        CODEX_CHECK(out.end_section());
        return out.finish();
    });
}

/// Gives `bytes` to a pipe, in pieces, and then, when it is to have no end, zeros until nobody
/// reads.
class Pipe {
public:
    Pipe(const Bytes& bytes, bool endless) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0)
            throw std::runtime_error("pipe");
        from_ = Fd(ends[0]);
        feeder_ = std::thread([bytes, endless, to = Fd(ends[1])]() mutable {
            ::signal(SIGPIPE, SIG_IGN);
            for (std::size_t at = 0; at < bytes.size(); at += 5) {
                const std::size_t piece = std::min<std::size_t>(5, bytes.size() - at);
                if (!write_full(to.get(), BytesView(bytes).subspan(at, piece), "pipe"))
                    return;
            }
            while (endless && write_full(to.get(), Bytes(4096), "pipe")) {
            }
        });
    }
    ~Pipe() {
        from_.reset();
        feeder_.join();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    [[nodiscard]] int fd() const { return from_.get(); }

private:
    Fd from_;
    std::thread feeder_;
};

std::uint64_t sum(BytesView bytes) {
    std::uint64_t total = 0;
    for (const std::uint8_t byte : bytes)
        total += byte;
    return total;
}

TEST(BinaryFile, AFileThatIsCutIsReadableAndNotIntact) {
    const TemporaryFolder folder;
    const std::string path = folder.file("a");
    must(write_file_atomic(path, container(100'000)));
    const BinaryFile file = must(BinaryFile::open(path, "test", 1));
    const BytesView section = must(file.section(3));
    EXPECT_EQ(sum(section), 700'000U);
    EXPECT_TRUE(file.intact());
    ASSERT_EQ(::truncate(path.c_str(), 4096), 0);
    EXPECT_LT(sum(section), 700'000U);
    const Error error = must_fail(file.intact());
    EXPECT_EQ(error.code(), Errc::io);
    EXPECT_THAT(error.text(), testing::StartsWith(path + ": "));
    EXPECT_EQ(must_fail(file.if_intact(Result<int>(5))).code(), Errc::io);
    EXPECT_EQ(must_fail(file.if_intact(Result<int>(fail(Errc::malformed)))).code(), Errc::io)
        << "what was wrong with zeros is not what is wrong";
}

TEST(BinaryFile, AFileThatIsWrittenToIsNotIntact) {
    const TemporaryFolder folder;
    const std::string path = folder.file("a");
    must(write_file_atomic(path, container(100)));
    const BinaryFile file = must(BinaryFile::open(path, "test", 1));
    const Fd other = must(open_file(path, O_WRONLY));
    const timespec then[2] = {{0, UTIME_OMIT}, {1, 0}};
    must(pwrite_full(other.get(), as_bytes("x"), 50, "a"));
    ASSERT_EQ(::futimens(other.get(), then), 0); // a clock of few ticks would not show it
    EXPECT_EQ(must_fail(file.intact()).code(), Errc::io);
}

TEST(BinaryFile, AFileThatIsReplacedIsIntact) {
    const TemporaryFolder folder;
    const std::string path = folder.file("a");
    must(write_file_atomic(path, container(100)));
    const BinaryFile file = must(BinaryFile::open(path, "test", 1));
    must(write_file_atomic(path, as_bytes("another")));
    EXPECT_EQ(sum(must(file.section(3))), 700U);
    EXPECT_TRUE(file.intact());
}

TEST(BinaryFile, AStreamIsReadAndIsIntact) {
    const Pipe pipe(container(100'000), false);
    const BinaryFile file = must(BinaryFile::read(pipe.fd(), "pipe", "test", 1));
    EXPECT_EQ(sum(must(file.section(3))), 700'000U);
    EXPECT_TRUE(file.intact());
}

TEST(BinaryFile, AStreamThatEndsEarlyIsMalformed) {
    const Bytes whole = container(100);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const Pipe pipe(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)),
                        false);
        EXPECT_EQ(must_fail(BinaryFile::read(pipe.fd(), "pipe", "test", 1)).code(),
                  size == 0 ? Errc::input_empty : Errc::malformed);
    }
}

TEST(BinaryFile, AStreamWithoutEndIsRefusedByItsBeginning) {
    const Pipe zeros({}, true);
    EXPECT_EQ(must_fail(BinaryFile::read(zeros.fd(), "pipe", "test", 1)).code(), Errc::malformed);
    Bytes promise = container(8);
    store_le(promise.data() + 16, std::uint64_t{1} << 62);
    const Pipe huge(promise, true);
    EXPECT_EQ(must_fail(BinaryFile::read(huge.fd(), "pipe", "test", 1)).code(),
              Errc::limit_exceeded);
}

} // namespace
} // namespace codex::snark
