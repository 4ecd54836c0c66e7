#include "base/log.hpp"

#include "base/detail/log_filter.hpp"
#include "base/detail/log_format.hpp"
#include "base/fd.hpp"

#include <atomic>
#include <ctime>
#include <mutex>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

namespace codex::log {

namespace {

/// Takes lines that are finished already and writes each with one call, so that the lines of
/// several processes on one stderr do not mix.
class LineSink : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit LineSink(int fd) : fd_(fd) {}

protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        std::string line(message.payload.data(), message.payload.size());
        line += '\n';
        // Nowhere is left to report a log that cannot be written.
        static_cast<void>(write_full(fd_, as_bytes(line), "log"));
    }
    void flush_() override {}

private:
    int fd_;
};

spdlog::level::level_enum engine_level(Level level) {
    switch (level) {
    case Level::trace:
        return spdlog::level::trace;
    case Level::debug:
        return spdlog::level::debug;
    case Level::info:
    case Level::notice:
        return spdlog::level::info;
    case Level::warn:
        return spdlog::level::warn;
    case Level::error:
        return spdlog::level::err;
    case Level::fatal:
        return spdlog::level::critical;
    }
    return spdlog::level::critical;
}

std::shared_ptr<spdlog::logger> make_engine(int fd) {
    auto engine = std::make_shared<spdlog::logger>("codex", std::make_shared<LineSink>(fd));
    engine->set_level(spdlog::level::trace); // the filter below decides
    return engine;
}

struct State {
    std::mutex mutex;
    detail::Filter filter;
    std::shared_ptr<spdlog::logger> engine = make_engine(2);
    Format format = Format::text;
    bool color = false;
    /// Lets most suppressed records pass by without the lock.
    std::atomic<Level> lowest{Level::warn};

    State() { filter.set_global(Level::warn); }
};

State& state() {
    static State instance;
    return instance;
}

std::int64_t coarse_now_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

int zone_minutes(std::int64_t unix_ms) {
    const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    return static_cast<int>(local.tm_gmtoff / 60);
}

void warn_unknown(const std::vector<std::string>& topics) {
    for (const std::string& topic : topics)
        write(Level::warn, "", "Unrecognized logging topic", {{"topic", topic}});
}

} // namespace

Result<void> configure(const Options& options) {
    std::vector<std::string> unknown;
    {
        State& s = state();
        const std::lock_guard lock(s.mutex);
        detail::Filter filter;
        CODEX_TRY(found, filter.apply(options.directives));
        unknown = std::move(found);
        s.filter = std::move(filter);
        s.lowest = s.filter.lowest();
        s.format = options.format;
        s.color = options.color;
        s.engine = make_engine(options.fd);
    }
    warn_unknown(unknown);
    return {};
}

Result<void> set_levels(std::string_view directives) {
    std::vector<std::string> unknown;
    {
        State& s = state();
        const std::lock_guard lock(s.mutex);
        CODEX_TRY(found, s.filter.apply(directives));
        unknown = std::move(found);
        s.lowest = s.filter.lowest();
    }
    warn_unknown(unknown);
    return {};
}

bool enabled(Level level, std::string_view topics) {
    State& s = state();
    if (level < s.lowest.load(std::memory_order_relaxed))
        return false;
    const std::lock_guard lock(s.mutex);
    return s.filter.passes(level, topics);
}

void write(Level level, std::string_view topics, std::string_view message,
           std::initializer_list<Field> fields) {
    if (!enabled(level, topics))
        return;
    detail::Record record;
    record.level = level;
    record.unix_ms = coarse_now_ms();
    record.zone_minutes = zone_minutes(record.unix_ms);
    record.thread = ::gettid();
    record.topics = topics;
    record.message = message;
    record.fields = {fields.begin(), fields.size()};

    State& s = state();
    const std::lock_guard lock(s.mutex);
    s.engine->log(engine_level(level), s.format == Format::json
                                           ? detail::format_json(record)
                                           : detail::format_text(record, s.color));
}

} // namespace codex::log
