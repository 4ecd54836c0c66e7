// A log that nobody reads.
#include "base/fd.hpp"
#include "base/log.hpp"
#include "must.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace codex::log {
namespace {

TEST(LogOutput, WaitsForNobodyAndSaysWhatIsLost) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const Fd read(ends[0]);
    Fd write(ends[1]);
    Options options;
    options.fd = write.get();
    options.format = Format::json;
    options.directives = "info";
    options.patience = std::chrono::milliseconds(0);
    const Logger logger(test::must(Output::open(options)));
    const std::string text(900, 't');
    for (int n = 0; n < 200; ++n) // 180,000 bytes: more than a pipe takes
        logger.info(text);
    Bytes taken(1 << 20);
    const std::size_t before = test::must(read_some(read.get(), taken, "log"));
    EXPECT_LT(before, 150'000U);
    logger.info("after");
    write.reset();
    std::string all(as_text(BytesView(taken).first(before)));
    const Bytes rest = test::must(read_all(read.get(), "log", 1 << 20));
    all += as_text(rest);
    // Every line is whole but for one that may have been cut, and the last are a warning and the
    // record that came after.
    const std::size_t warning = all.find("Records are lost, for nobody read the log");
    ASSERT_NE(warning, all.npos);
    EXPECT_GT(all.find("\"after\""), warning);
    const std::size_t count = all.find("\"lost\":", warning);
    ASSERT_NE(count, all.npos);
    const int lost = std::stoi(all.substr(count + 7));
    int here = 0;
    for (std::size_t at = 0; (at = all.find(text + "\"", at)) != all.npos; ++at)
        ++here;
    EXPECT_EQ(here + lost, 200);
}

} // namespace
} // namespace codex::log
