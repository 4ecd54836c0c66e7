#include "base/log.hpp"

#include "base/detail/log_filter.hpp"
#include "base/detail/log_format.hpp"
#include "base/fd.hpp"

#include <algorithm>
#include <array>
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

int zone_minutes(std::int64_t unix_ms) {
    const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    return static_cast<int>(local.tm_gmtoff / 60);
}

} // namespace

struct Output::State {
    mutable std::mutex mutex;
    detail::Filter filter;
    std::shared_ptr<spdlog::logger> engine;
    Format format;
    bool color;
    const Clock& clock;
    /// Lets most suppressed records pass by without the lock.
    std::atomic<Level> lowest{Level::fatal};

    explicit State(const Options& options)
        : engine(make_engine(options.fd)), format(options.format), color(options.color),
          clock(options.clock) {}

    [[nodiscard]] bool passes(Level level, std::string_view topics) const {
        if (level < lowest.load(std::memory_order_relaxed))
            return false;
        const std::lock_guard lock(mutex);
        return filter.passes(level, topics);
    }

    void write(Level level, std::string_view topics, std::string_view message,
               std::span<const detail::RenderedField> fields) const {
        detail::Record record;
        record.level = level;
        record.unix_ms = clock.unix_ms();
        record.zone_minutes = zone_minutes(record.unix_ms);
        record.thread = ::gettid();
        record.topics = topics;
        record.message = message;
        record.fields = fields;
        engine->log(engine_level(level), format == Format::json
                                             ? detail::format_json(record)
                                             : detail::format_text(record, color));
    }

    [[nodiscard]] Result<void> apply(std::string_view directives) {
        std::vector<std::string> unknown;
        {
            const std::lock_guard lock(mutex);
            CODEX_SET(unknown, filter.apply(directives));
            lowest = filter.lowest();
        }
        for (const std::string& topic : unknown)
            if (passes(Level::warn, ""))
                write(Level::warn, "", "Unrecognized logging topic",
                      std::array{detail::RenderedField{"topic", log_value(topic)}});
        return {};
    }
};

Output::Output(std::unique_ptr<State> state) : state_(std::move(state)) {}
Output::~Output() = default;

Result<std::shared_ptr<Output>> Output::open(const Options& options) {
    std::shared_ptr<Output> output(new Output(std::make_unique<State>(options)));
    CODEX_CHECK(output->set_levels(options.directives));
    return output;
}

Result<void> Output::set_levels(std::string_view directives) {
    return state_->apply(directives);
}

Logger Logger::with_topics(std::string_view topics) const {
    Logger narrower = *this;
    narrower.topics_ = topics;
    return narrower;
}

Logger Logger::bind(std::string_view name, Render render) const {
    Logger narrower = *this;
    narrower.bound_ =
        std::make_shared<const Bound>(Bound{bound_, std::string(name), std::move(render)});
    return narrower;
}

bool Logger::passes(Level level) const {
    return output_ && output_->state_->passes(level, topics_);
}

void Logger::write(Level level, std::string_view message, Fields fields) const {
    if (!passes(level))
        return;
    std::vector<detail::RenderedField> rendered;
    for (const Bound* bound = bound_.get(); bound != nullptr; bound = bound->before.get())
        rendered.push_back({bound->name, bound->render()});
    std::reverse(rendered.begin(), rendered.end());
    for (const Field& field : fields)
        rendered.push_back({field.name(), field.render()});
    output_->state_->write(level, topics_, message, rendered);
}

} // namespace codex::log
