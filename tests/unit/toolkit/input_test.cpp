// Files and stdin as a command line names them.
#include "toolkit/input.hpp"

#include "must.hpp"
#include "temporary_folder.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

namespace codex::toolkit {
namespace {

using test::must;
using test::must_fail;
using testing::HasSubstr;

/// stdin is this content, as long as it lives.
class Stdin {
public:
    explicit Stdin(std::string_view content) : before_(::dup(STDIN_FILENO)) {
        const Fd file(::memfd_create("stdin", 0));
        must(write_full(file.get(), as_bytes(content), "stdin"));
        ::lseek(file.get(), 0, SEEK_SET);
        ::dup2(file.get(), STDIN_FILENO);
    }
    Stdin(const Stdin&) = delete;
    Stdin& operator=(const Stdin&) = delete;
    ~Stdin() { ::dup2(before_.get(), STDIN_FILENO); }

private:
    Fd before_;
};

TEST(Input, AFileIsItsPathAndItsBytes) {
    const test::TemporaryFolder folder;
    const std::string path = folder.file("bytes");
    must(write_file_atomic(path, as_bytes("seven b")));
    const InputFile input = must(open_input(path));
    EXPECT_EQ(input.name, path);
    EXPECT_NE(input.fd(), STDIN_FILENO);
    EXPECT_EQ(as_text(must(read_input(path, 7))), "seven b");
    const Error large = must_fail(read_input(path, 6));
    EXPECT_EQ(large.code(), Errc::limit_exceeded);
    EXPECT_THAT(large.text(), HasSubstr(path + ": larger than 6 bytes"));
    for (const std::string& none : {folder.file("none"), std::string()}) {
        EXPECT_EQ(must_fail(open_input(none)).code(), Errc::not_found);
        EXPECT_EQ(must_fail(read_input(none, 7)).code(), Errc::not_found);
    }
}

TEST(Input, ADashIsStdinWhichStaysOpen) {
    const Stdin bytes("on stdin");
    {
        const InputFile input = must(open_input("-"));
        EXPECT_EQ(input.name, "stdin");
        EXPECT_EQ(input.fd(), STDIN_FILENO);
    }
    EXPECT_NE(::fcntl(STDIN_FILENO, F_GETFD), -1);
    EXPECT_EQ(as_text(must(read_input("-", 8))), "on stdin");
    EXPECT_TRUE(must(read_input("-", 8)).empty());
}

TEST(Input, AStreamWithoutEndIsRefusedAtTheLimit) {
    const Error error = must_fail(read_input("/dev/zero", std::uint64_t{1} << 20));
    EXPECT_EQ(error.code(), Errc::limit_exceeded);
    EXPECT_THAT(error.text(), HasSubstr("/dev/zero: larger than 1048576 bytes"));
}

} // namespace
} // namespace codex::toolkit
