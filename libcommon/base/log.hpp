// Logging in the reference node's two formats (codex-pipes(7), LOGS), so that its log tools read
// ours.
//
// A record is a level, topics, a message and named values. Text is for people and shortens CIDs and
// digests; JSON has everything in full. Which records pass is decided by directives
// ("INFO;trace:discv5,blockexc") that can change while the process runs.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace codex::log {

enum class Level : std::uint8_t { trace, debug, info, notice, warn, error, fatal };

enum class Format : std::uint8_t { text, json };

/// One value of a record, in both renderings. Text is not quoted yet; JSON is complete.
class Value {
public:
    Value(std::string_view text); // NOLINT(google-explicit-constructor): call sites read better
    Value(const char* text)
        : Value(std::string_view(text)) {} // NOLINT(google-explicit-constructor)
    Value(const std::string& text)
        : Value(std::string_view(text)) {} // NOLINT(google-explicit-constructor)
    Value(bool value);                     // NOLINT(google-explicit-constructor)
    Value(std::uint64_t value);            // NOLINT(google-explicit-constructor)
    Value(std::uint32_t value)
        : Value(std::uint64_t{value}) {}                      // NOLINT(google-explicit-constructor)
    Value(std::int64_t value);                                // NOLINT(google-explicit-constructor)
    Value(std::int32_t value) : Value(std::int64_t{value}) {} // NOLINT(google-explicit-constructor)
    Value(const Error& error);                                // NOLINT(google-explicit-constructor)

    /// A CID or peer id in its text form: "zDv*zk5GnV" in text, whole in JSON.
    [[nodiscard]] static Value id(std::string_view text);
    /// "0x81a6..b1c1" in text, all 64 digits in JSON.
    [[nodiscard]] static Value hash(const Digest& digest);
    /// "65536'NByte" in text, a number in JSON.
    [[nodiscard]] static Value byte_count(std::uint64_t bytes);
    /// An integer too large for 64 bits, as decimal digits: bare in text, a string in JSON.
    [[nodiscard]] static Value big_integer(std::string_view digits);
    /// An absent option: "none" in text, null in JSON.
    [[nodiscard]] static Value none();
    /// "@[a, b]" in text, an array in JSON.
    [[nodiscard]] static Value list(const std::vector<Value>& items);

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] const std::string& json() const { return json_; }

private:
    Value(std::string text, std::string json) : text_(std::move(text)), json_(std::move(json)) {}
    std::string text_;
    std::string json_;
};

struct Field {
    std::string_view name;
    Value value;
};

struct Options {
    Format format = Format::text;
    bool color = false;              ///< of the level, in text
    std::string directives = "info"; ///< see set_levels()
    int fd = 2;                      ///< where lines go; the caller keeps it open
};

/// Sets up the process's log; until then warnings and worse go to stderr as text.
/// Errors: usage, for bad directives.
[[nodiscard]] Result<void> configure(const Options& options);

/// Applies `LEVEL[;directive...]` to what is set already (earlier topic settings stay; a bare level
/// may be left out). A directive is `level:topic[,topic...]`, `required:...` or `disabled:...`;
/// level words are those of codex-pipes(7), LOGS, in any case. A topic that no part of the node
/// uses is taken, with a warning. Errors: usage, naming the bad word.
[[nodiscard]] Result<void> set_levels(std::string_view directives);

/// Whether a record would be written: cheap enough to ask before computing values. `topics` are
/// separated by blanks.
[[nodiscard]] bool enabled(Level level, std::string_view topics);

/// Writes one line, whole, at once.
void write(Level level, std::string_view topics, std::string_view message,
           std::initializer_list<Field> fields = {});

} // namespace codex::log
