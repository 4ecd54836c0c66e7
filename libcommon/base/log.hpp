// Logging in the reference node's two formats (codex-pipes(7), LOGS), so that its log tools read
// ours.
//
// A record is a level, topics, a message and named values. Text is for people and shortens CIDs and
// digests; JSON has everything in full. Which records pass is decided by directives
// ("INFO;trace:discv5,blockexc") that can change while the process runs.
//
// There is no log of the process: who starts one makes an Output, and hands Loggers down.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log_value.hpp"

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>

namespace codex::log {

enum class Level : std::uint8_t { trace, debug, info, notice, warn, error, fatal };

enum class Format : std::uint8_t { text, json };

/// A named value of one record, which is looked at only if the record is written: it lives as long
/// as the call that gets it. Threads: as a pointer.
class Field {
public:
    template <class Value>
    Field(std::string_view name, const Value& value)
        : name_(name), value_(&value), render_(&render_as<Value>) {}

    [[nodiscard]] std::string_view name() const { return name_; }
    [[nodiscard]] Rendered render() const { return render_(value_); }

private:
    template <class Value> static Rendered render_as(const void* value) {
        return log_value(*static_cast<const Value*>(value));
    }
    std::string_view name_;
    const void* value_;
    Rendered (*render_)(const void*);
};

struct Options {
    Format format = Format::text;
    bool color = false;              ///< of the level, in text
    std::string directives = "warn"; ///< see Output::set_levels()
    int fd = 2;                      ///< where lines go; the caller keeps it open
    /// How long a record waits for whoever reads the log, where that is a pipe or a terminal; those
    /// that come until it is read again are lost, and how many is said then. For ever, unless
    /// given.
    std::optional<std::chrono::milliseconds> patience{};
    /// For the time of records.
    std::reference_wrapper<const Clock> clock = Clock::system();
};

/// A record that has passed, as a listener hears it: valid during the call.
struct Heard {
    Level level = Level::info;
    std::int64_t unix_ms = 0;
    std::string_view topics; ///< separated by blanks; empty: none
    std::string_view text;   ///< message and fields as in text, without control characters
};

/// Hears of the records of an Output beside whoever reads it.
/// Threads: any, several at once; what it writes to the log itself it hears, too.
class Listener {
public:
    virtual ~Listener() = default;
    /// After it was written, or lost for want of a reader. It takes little time: who logs waits.
    virtual void heard(const Heard& record) noexcept = 0;
};

/// Where records go, and which of them. Threads: all calls from any thread, at once.
class Output {
public:
    /// Errors: argument_invalid, for bad directives.
    [[nodiscard]] static Result<std::shared_ptr<Output>> open(const Options& options);
    ~Output();
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    /// Applies `LEVEL[;directive...]` to what is set already (earlier topic settings stay; a bare
    /// level may be left out). A directive is `level:topic[,topic...]`, `required:...` or
    /// `disabled:...`; level words are those of codex-pipes(7), LOGS, in any case. A topic that no
    /// part of the node uses is taken, with a warning. Errors: argument_invalid, naming the bad
    /// word.
    [[nodiscard]] Result<void> set_levels(std::string_view directives);
    /// Tells this one, instead of the one before, of all records from now on; nullptr: none.
    void set_listener(std::shared_ptr<Listener> listener);

private:
    friend class Logger;
    struct State;
    explicit Output(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Writes records to an Output, with topics and fields that are bound to it once for all. Cheap to
/// copy, and a value: who has one gives others a narrower one. Made of nothing it writes nothing.
/// Threads: const calls from any thread, at once.
class Logger {
public:
    Logger() = default;
    explicit Logger(std::shared_ptr<Output> output) : output_(std::move(output)) {}

    /// The same with these topics, separated by blanks, instead of those it has.
    [[nodiscard]] Logger with_topics(std::string_view topics) const;
    /// The same with one more field (a peer, a slot, a correlation id), which stands in each of its
    /// records before their own. It keeps a copy of `value`, and renders it when a record passes.
    template <class Value> [[nodiscard]] Logger with(std::string_view name, Value value) const {
        if constexpr (std::is_same_v<Value, Id> || std::is_same_v<Value, BigInteger>)
            return bind(name,
                        [text = std::string(view_of(value))] { return log_value(Value{text}); });
        else if constexpr (std::is_convertible_v<Value, std::string_view>)
            return bind(name, [text = std::string(value)] { return log_value(text); });
        else
            return bind(name, [value = std::move(value)] { return log_value(value); });
    }

    /// Whether a record would be written: cheap enough to ask before computing values.
    [[nodiscard]] bool passes(Level level) const;

    /// Writes one line, whole, at once, if it passes.
    using Fields = std::initializer_list<Field>;
    void write(Level level, std::string_view message, Fields fields = {}) const;
    void trace(std::string_view message, Fields fields = {}) const {
        write(Level::trace, message, fields);
    }
    void debug(std::string_view message, Fields fields = {}) const {
        write(Level::debug, message, fields);
    }
    void info(std::string_view message, Fields fields = {}) const {
        write(Level::info, message, fields);
    }
    void notice(std::string_view message, Fields fields = {}) const {
        write(Level::notice, message, fields);
    }
    void warn(std::string_view message, Fields fields = {}) const {
        write(Level::warn, message, fields);
    }
    void error(std::string_view message, Fields fields = {}) const {
        write(Level::error, message, fields);
    }
    void fatal(std::string_view message, Fields fields = {}) const {
        write(Level::fatal, message, fields);
    }

private:
    using Render = std::function<Rendered()>;
    static std::string_view view_of(const Id& id) { return id.text; }
    static std::string_view view_of(const BigInteger& integer) { return integer.digits; }
    [[nodiscard]] Logger bind(std::string_view name, Render render) const;

    /// A bound field, and those bound before it.
    struct Bound {
        std::shared_ptr<const Bound> before;
        std::string name;
        Render render;
    };
    std::shared_ptr<Output> output_;
    std::string topics_;
    std::shared_ptr<const Bound> bound_;
};

} // namespace codex::log
