// Which records pass: levels and topic directives of codex-pipes(7), LOGS.
#pragma once

#include "base/log.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace codex::log::detail {

/// Not thread-safe; log.cpp holds a lock around it.
class Filter {
public:
    /// See log::set_levels(). All or nothing. Gives the topics that no part of the node is known to
    /// use. Errors: argument_invalid.
    [[nodiscard]] Result<std::vector<std::string>> apply(std::string_view directives);

    /// A topic without a level of its own has the global one. A record passes when one of its
    /// topics admits its level, none is disabled, and all required ones are among them.
    [[nodiscard]] bool passes(Level level, std::string_view topics) const;

    /// No record below this level can pass.
    [[nodiscard]] Level lowest() const;

private:
    struct Topic {
        std::optional<Level> level;
        bool required = false;
        bool disabled = false;
    };
    [[nodiscard]] Result<void> directive(std::string_view text, std::vector<std::string>& unknown);

    Level global_ = Level::info;
    std::map<std::string, Topic, std::less<>> topics_;
};

} // namespace codex::log::detail
