#include "cli/detail/progress_text.hpp"

#include "base/fd.hpp"
#include "cli/detail/state.hpp"
#include "run_tool.hpp"

#include <atomic>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>
#include <unistd.h>

namespace codex::cli {
namespace {

using detail::ProgressSample;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::uint64_t kMiB = 1024 * 1024;

TEST(ProgressText, KnownTotal) {
    EXPECT_EQ(detail::progress_line({"put", 512 * kMiB, 1024 * kMiB, 64.0 * 1024 * 1024}, 0),
              "put  [##########----------]   50%  512 MiB of 1.0 GiB  64.0 MiB/s  0:08 left");
    EXPECT_THAT(detail::progress_line({"x", 5, 5, 0}, 0),
                HasSubstr("[####################]  100%"));
    EXPECT_THAT(detail::progress_line({"x", 0, 9999 * kMiB, 1024}, 0), HasSubstr(":"));
}

TEST(ProgressText, UnknownTotal) {
    EXPECT_EQ(detail::progress_line({"put", 1536, 0, 10}, 0), "put  1.5 KiB  10 B/s");
}

TEST(ProgressText, InputsWhereNoBytesAreCounted) {
    EXPECT_EQ(detail::progress_line({"has", 0, 0, 0, 1234}, 0), "has  1234 done");
}

TEST(ProgressText, WhatElseIsSaidStandsBehindTheNumbers) {
    ProgressSample sample{"fetch", 512 * kMiB, 1024 * kMiB, 64.0 * 1024 * 1024};
    sample.more.text("2 peers").json("peers", std::uint64_t{2});
    EXPECT_EQ(detail::progress_line(sample, 80),
              "fetch   50%  512 MiB of 1.0 GiB  64.0 MiB/s  0:08 left  2 peers");
    EXPECT_EQ(detail::progress_line(sample, 55),
              "fetch   50%  512 MiB of 1.0 GiB  64.0 MiB/s  0:08 left");
    EXPECT_THAT(detail::progress_json(sample), HasSubstr(R"("secondsLeft":8,"peers":2})"));
}

TEST(ProgressText, IsCutToTheTerminal) {
    EXPECT_EQ(detail::progress_line({"put", 1536, 0, 10}, 8), "  1.5 K");
    EXPECT_EQ(detail::progress_line({"put", 1536, 0, 10}, 1), "");
}

TEST(ProgressText, LosesItsBarBeforeItsNumbers) {
    const ProgressSample half = {"verify", 512 * kMiB, 1024 * kMiB, 64.0 * 1024 * 1024};
    const std::string numbers = "   50%  512 MiB of 1.0 GiB  64.0 MiB/s  0:08 left";
    EXPECT_EQ(detail::progress_line(half, 82), "verify  [##########----------]" + numbers);
    EXPECT_EQ(detail::progress_line(half, 79), "verify" + numbers);
    EXPECT_EQ(detail::progress_line(half, 50), "verify   50%  512 MiB of 1.0 GiB  64.0 MiB/s");
    EXPECT_EQ(detail::progress_line(half, 40), "verify   50%  512 MiB of 1.0 GiB");
    EXPECT_EQ(detail::progress_line(half, 20), "verify   50%");
    EXPECT_EQ(detail::progress_line(half, 9), "ve   50%");
    for (unsigned columns = 1; columns < 120; ++columns)
        EXPECT_LT(detail::progress_line(half, columns).size(), columns);
}

TEST(ProgressText, ALongNameIsCutBeforeTheNumbers) {
    const std::string line = detail::progress_line({"/a/very/long/name/of/a/file", 5, 10, 1}, 40);
    EXPECT_THAT(line, StartsWith("/a/very/"));
    EXPECT_THAT(line, HasSubstr("50%  5 B of 10 B"));
    // No half of a character.
    EXPECT_EQ(detail::progress_line({"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 1, 2, 0}, 10),
              "\xc3\xa9   50%");
}

TEST(ProgressText, Json) {
    const auto known = nlohmann::json::parse(detail::progress_json({"get", 10, 30, 5.5}));
    EXPECT_EQ(known, nlohmann::json::parse(
                         R"({"type":"progress","label":"get","doneBytes":10,"totalBytes":30,
                             "doneItems":0,"bytesPerSecond":5,"secondsLeft":3})"));
    const auto unknown = nlohmann::json::parse(detail::progress_json({"get", 10, 0, 5}));
    EXPECT_TRUE(unknown["totalBytes"].is_null());
    EXPECT_TRUE(unknown["secondsLeft"].is_null());
}

TEST(TerminalOfBoth, NoLineIsDrawnBetweenARecordAndItsWiping) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const Fd saved(::dup(STDERR_FILENO));
    ::dup2(ends[1], STDERR_FILENO);
    std::string seen;
    std::thread reader([&] {
        char piece[4096];
        for (ssize_t n = 0; (n = ::read(ends[0], piece, sizeof piece)) > 0;)
            seen.append(piece, static_cast<std::size_t>(n));
    });
    detail::Stderr terminal;
    std::atomic<bool> over{false};
    std::atomic<bool> drawn{false};
    std::thread drawer([&] {
        while (!over) {
            terminal.draw("PROGRESS");
            drawn = true;
            drawn.notify_one();
        }
    });
    drawn.wait(false);
    for (int i = 0; i < 5000; ++i)
        static_cast<void>(terminal.beside(
            [&] { return write_full(STDERR_FILENO, as_bytes("RECORD\n"), "pipe"); }));
    over = true;
    drawer.join();
    terminal.stop_drawing();
    terminal.draw("LATE");
    ::dup2(saved.get(), STDERR_FILENO);
    ::close(ends[1]);
    reader.join();
    ::close(ends[0]);

    // Before each record stands the end of another one, or of a wiping.
    std::size_t records = 0;
    for (std::size_t at = seen.find("RECORD"); at != seen.npos; at = seen.find("RECORD", at + 1)) {
        ++records;
        const std::string before = seen.substr(at < 4 ? 0 : at - 4, std::min<std::size_t>(at, 4));
        EXPECT_TRUE(at == 0 || before.ends_with('\n') || before == "\r\x1b[K") << at;
    }
    EXPECT_EQ(records, 5000U);
    EXPECT_THAT(seen, HasSubstr("PROGRESS"));
    EXPECT_THAT(seen, ::testing::Not(HasSubstr("LATE")));
}

/// A job that is done when it has been asked for its progress, or at once.
void declare_jobs(Command& root) {
    const auto progress = std::make_shared<Progress>();
    root.command("quick", "a job").run([progress](Context& context) -> Result<int> {
        progress->total_bytes = 4;
        const auto view = context.show(*progress, "quick");
        progress->advance(4);
        return 0;
    });
    root.command("asked", "a job that is asked").run([progress](Context& context) -> Result<int> {
        const auto view = context.show(*progress, "asked");
        progress->advance(4);
        ::raise(SIGUSR1);
        // The answer is seen in stderr itself, which is a file here.
        while (::lseek(STDERR_FILENO, 0, SEEK_END) == 0)
            ::usleep(1000);
        return 0;
    });
}

std::string stderr_of(const std::vector<std::string>& arguments) {
    const test::Outcome outcome = test::run(declare_jobs, {arguments, "", {}});
    EXPECT_EQ(outcome.exit_code, 0);
    return outcome.err;
}

TEST(ProgressView, SilentWhereNobodyLooks) {
    EXPECT_EQ(stderr_of({"quick"}), "");
    EXPECT_EQ(stderr_of({"quick", "--progress", "never"}), "");
}

TEST(ProgressView, AlwaysEndsWithTheWholeLine) {
    const std::string err = stderr_of({"quick", "--progress", "always"});
    EXPECT_THAT(err, HasSubstr("\rquick  [####################]  100%  4 B of 4 B"));
    EXPECT_EQ(err.back(), '\n');
}

TEST(ProgressView, JsonEndsWithTheWhole) {
    const std::string err = stderr_of({"quick", "--progress", "json"});
    const auto last = nlohmann::json::parse(err.substr(err.rfind('\n', err.size() - 2) + 1));
    EXPECT_EQ(last["doneBytes"], 4);
    EXPECT_EQ(last["type"], "progress");
}

TEST(ProgressView, SignalIsAnsweredEvenWhenQuiet) {
    EXPECT_THAT(stderr_of({"asked"}), StartsWith("asked  4 B  "));
    EXPECT_THAT(stderr_of({"asked", "-q"}), StartsWith("asked  4 B  "));
    const std::string json = stderr_of({"asked", "--progress", "json"});
    EXPECT_EQ(nlohmann::json::parse(json.substr(0, json.find('\n')))["label"], "asked");
}

} // namespace
} // namespace codex::cli
