// What a command is to work on: its arguments, or the lines of stdin.
#pragma once

#include "base/error.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace codex::cli {

/// Items from the arguments, or one per line from stdin (codex-pipes(7), STREAMS): the first
/// blank-separated field, or the "cid" of a line that starts with '{'. Lines are read as they
/// arrive, so a pipe streams. Summary and progress objects among the lines are passed over; lines
/// end with LF or CRLF, and have at most 1 MiB.
/// Threads: one at a time.
class Inputs {
public:
    /// `name` is what error texts call the lines' source.
    Inputs(std::vector<std::string> arguments, int stdin_fd, std::string name = "stdin");
    /// These and no others: "-" is an item like the rest.
    [[nodiscard]] static Inputs exactly(std::vector<std::string> items);
    /// Called whenever next() would have to wait for who writes the lines.
    void before_waiting(std::function<void()> call) { before_waiting_ = std::move(call); }
    /// That nothing comes is no error then.
    void may_be_empty() { may_be_empty_ = true; }
    /// A line that is no item is one all the same, which is where it stands ("stdin line 3"), so
    /// that no answer repeats what it is not about: whoever answers every line says what is wrong.
    void take_every_line() { every_line_ = true; }
    /// Items are not CIDs but `what` ("slot"): so errors call them, and the item of a JSON line is
    /// its first member of these names.
    void are(std::string what, std::vector<std::string> members);
    /// Lines are items as they stand, without blanks around them: of several words, or JSON.
    void whole_lines() { whole_lines_ = true; }
    /// The next item, or nothing at the end. Errors: io; json_invalid, malformed and limit_exceeded
    /// with the line number; usage when no argument was given and stdin is a terminal; input_empty
    /// when it ended without an item.
    [[nodiscard]] Result<std::optional<std::string>> next();
    /// Where the last item stood: "stdin line 3"; of an argument nothing.
    [[nodiscard]] std::string place() const;
    /// What is wrong with it: a line that is no item, and was one all the same. Nothing: it is one,
    /// as far as is looked at here.
    [[nodiscard]] const std::optional<Error>& wrong() const { return wrong_; }
    /// The only item, a CID. Errors: usage when there is none or a second; those of next().
    [[nodiscard]] Result<std::string> only_cid();

private:
    Result<std::optional<std::string>> next_line();
    /// The item of a line; nothing of one that is passed over.
    Result<std::optional<std::string>> item_of(const std::string& line);
    Result<std::optional<std::string>> item_of_json(const std::string& line);
    /// A line that is no item: its error, or, where every line is one, where it stands.
    Result<std::optional<std::string>> refuse(Errc code, std::string text);
    /// Reads and drops the rest of a line that is too long.
    Result<void> skip_line();

    /// Something else than a list came.
    [[nodiscard]] Error no_list(Errc code, std::string text) const;

    std::vector<std::string> arguments_;
    std::string what_ = "CID";
    std::vector<std::string> members_ = {"cid"};
    bool whole_lines_ = false;
    std::function<void()> before_waiting_;
    bool exact_ = false;
    bool may_be_empty_ = false;
    bool every_line_ = false;
    bool any_ = false; // an item was given out
    std::size_t position_ = 0;
    int fd_;
    std::string name_;
    bool reading_ = false;
    std::string buffer_;
    std::size_t start_ = 0; // of what is left of buffer_
    std::uint64_t line_ = 0;
    bool from_line_ = false; // the last item
    std::optional<Error> wrong_;
    bool ended_ = false;
};

} // namespace codex::cli
