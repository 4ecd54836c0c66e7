#include "base/log.hpp"

#include "base/detail/log_filter.hpp"
#include "base/detail/log_format.hpp"
#include "base/fd.hpp"
#include "base/patient_write.hpp"

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
    explicit LineSink(const Options& options) : fd_(options.fd), patience_(options.patience) {}

    /// How many lines were lost that nobody was told of, once somebody reads again.
    [[nodiscard]] std::uint64_t take_lost() {
        return lost_.load(std::memory_order_relaxed) != 0 && is_taken(fd_) ? lost_.exchange(0) : 0;
    }

protected:
    // Nowhere is left to report a log that cannot be written.
    void sink_it_(const spdlog::details::log_msg& message) override {
        std::string line = torn_ ? "\n" : "";
        line.append(message.payload.data(), message.payload.size());
        line += '\n';
        if (!patience_) {
            static_cast<void>(write_full(fd_, as_bytes(line), "log"));
            return;
        }
        // Who has waited in vain once does not wait again before it is read.
        const auto written = write_if_taken(fd_, as_bytes(line), "log",
                                            lost_ == 0 ? *patience_ : std::chrono::milliseconds(0));
        if (!written || *written == line.size()) {
            torn_ = false;
            return;
        }
        torn_ = torn_ || *written != 0;
        ++lost_;
    }
    void flush_() override {}

private:
    int fd_;
    std::optional<std::chrono::milliseconds> patience_;
    std::atomic<std::uint64_t> lost_{0};
    bool torn_ = false; ///< a line was cut, and its end lost
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

std::shared_ptr<spdlog::logger> make_engine(std::shared_ptr<LineSink> sink) {
    auto engine = std::make_shared<spdlog::logger>("codex", std::move(sink));
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
    std::shared_ptr<Listener> listener;
    std::shared_ptr<LineSink> sink;
    std::shared_ptr<spdlog::logger> engine;
    Format format;
    bool color;
    const Clock& clock;
    /// Lets most suppressed records pass by without the lock.
    std::atomic<Level> lowest{Level::fatal};

    explicit State(const Options& options)
        : sink(std::make_shared<LineSink>(options)), engine(make_engine(sink)),
          format(options.format), color(options.color), clock(options.clock) {}

    [[nodiscard]] bool passes(Level level, std::string_view topics) const {
        if (level < lowest.load(std::memory_order_relaxed))
            return false;
        const std::lock_guard lock(mutex);
        return filter.passes(level, topics);
    }

    void write(Level level, std::string_view topics, std::string_view message,
               std::span<const detail::RenderedField> fields) const {
        if (const std::uint64_t lost = sink->take_lost(); lost != 0)
            write_now(Level::warn, "", "Records are lost, for nobody read the log",
                      std::array{detail::RenderedField{"lost", log_value(lost)}});
        write_now(level, topics, message, fields);
    }

    void write_now(Level level, std::string_view topics, std::string_view message,
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
        if (const auto hears = who_hears()) {
            const std::string text = detail::format_words(record);
            hears->heard({level, record.unix_ms, topics, text});
        }
    }

    [[nodiscard]] std::shared_ptr<Listener> who_hears() const {
        const std::lock_guard lock(mutex);
        return listener;
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

void Output::set_listener(std::shared_ptr<Listener> listener) {
    const std::lock_guard lock(state_->mutex);
    state_->listener.swap(listener); // the one before goes outside of the lock
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
