// Records that come by the million: whole lines together, at most PIPE_BUF bytes a write.
#pragma once

#include "cli/tool.hpp"

#include <climits>

namespace codex::merkle_tool {

class Lines {
public:
    Lines(cli::Context& context, bool json) : context_(&context), json_(json) {}
    [[nodiscard]] Result<void> add(const cli::Record& record) {
        const std::string line = json_ ? record.as_json() : record.as_text();
        if (text_.size() + line.size() + 1 > PIPE_BUF)
            CODEX_CHECK(flush());
        text_ += line;
        text_ += '\n';
        return {};
    }
    [[nodiscard]] Result<void> flush() {
        const std::string text = std::exchange(text_, {});
        return text.empty() ? Result<void>() : context_->print_text(text);
    }

private:
    cli::Context* context_;
    bool json_;
    std::string text_;
};

} // namespace codex::merkle_tool
