// What can be done about an error, as an action: the library knows no commands, and whoever shows
// the error makes one of it, or names an endpoint (libcommon/README.md, Errors).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace codex {

/// Threads: a value; many may read, one may write.
class Remedy {
public:
    enum Action : unsigned char {
#define CODEX_REMEDY(name) name,
#include "base/remedy.def"
#undef CODEX_REMEDY
    };

    /// `words` say what it is for ("restore the block first"), without a colon at their end; where
    /// they are empty, whoever shows it has some of its own.
    Remedy(Action action, std::string words = {}) // an action is a remedy
        : action_(action), words_(std::move(words)) {}

    /// What it is done to, a CID as text, or a path, where that is not what the error is about.
    Remedy&& of(std::string object) && {
        object_ = std::move(object);
        return std::move(*this);
    }

    /// A number that is to be chosen, or of a part; the action says which one.
    Remedy&& with(std::uint64_t number) && {
        number_ = number;
        return std::move(*this);
    }

    /// What is to be typed, where it is not what it always is: for tools, which know commands.
    Remedy&& by(std::string command) && {
        command_ = std::move(command);
        return std::move(*this);
    }

    [[nodiscard]] Action action() const { return action_; }
    [[nodiscard]] const std::string& words() const { return words_; }
    [[nodiscard]] const std::string& object() const {
        return object_;
    } ///< empty: what the error is about
    [[nodiscard]] std::optional<std::uint64_t> number() const { return number_; }
    [[nodiscard]] const std::string& command() const { return command_; } ///< empty: the usual one

private:
    Action action_;
    std::string words_;
    std::string object_;
    std::optional<std::uint64_t> number_;
    std::string command_;
};

/// "list_datasets" and so on.
[[nodiscard]] std::string_view remedy_name(Remedy::Action action);

} // namespace codex
