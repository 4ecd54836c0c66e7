// What is logged, line by line.
#pragma once

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/log.hpp"
#include "must.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace codex::test {

/// Keeps the lines that pass `levels`. The clock outlives it.
class CapturedLog {
public:
    explicit CapturedLog(const Clock& clock, std::string_view levels = "warn")
        : file_(::memfd_create("log", MFD_CLOEXEC)) {
        log::Options options;
        options.directives = levels;
        options.fd = file_.get();
        options.clock = clock;
        logger_ = log::Logger(must(log::Output::open(options)));
    }
    [[nodiscard]] const log::Logger& logger() const { return logger_; }
    [[nodiscard]] std::vector<std::string> lines() const {
        std::string text(static_cast<std::size_t>(::lseek(file_.get(), 0, SEEK_END)), '\0');
        const MutableBytes to(reinterpret_cast<std::uint8_t*>(text.data()), text.size());
        text.resize(must(pread_full(file_.get(), to, 0, "the log")));
        std::vector<std::string> all;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text.find('\n', at);
            all.push_back(text.substr(at, end - at));
            at = end + 1;
        }
        return all;
    }
    /// How many lines have `words` in them.
    [[nodiscard]] std::size_t count(std::string_view words) const {
        std::size_t count = 0;
        for (const std::string& line : lines())
            count += line.find(words) != std::string::npos ? 1 : 0;
        return count;
    }

private:
    Fd file_;
    log::Logger logger_;
};

} // namespace codex::test
