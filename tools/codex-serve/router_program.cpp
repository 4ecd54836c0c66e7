#include "router_program.hpp"

#include <fmt/format.h>

namespace codex::serve_tool {

Program program_for(const net::nat::RouterQuestion& question) {
    // The one that runs, whatever stands at its path by now.
    Program program{"/proc/self/exe", {"codex-serve", "router"}};
    std::vector<std::string>& words = program.arguments;
    const net::nat::Mapping& mapping = question.mapping;
    if (question.about == net::nat::RouterQuestion::About::address) {
        words.emplace_back("show");
    } else {
        words.emplace_back(question.about == net::nat::RouterQuestion::About::map ? "add" : "rm");
        words.emplace_back(word_of(mapping.transport));
        words.push_back(std::to_string(mapping.inside));
        words.push_back(fmt::format("--outside={}", mapping.outside));
    }
    words.push_back(fmt::format("--by={}", word_of(question.way)));
    words.push_back(fmt::format("--timeout={}s", question.patience.count()));
    if (!question.router.empty())
        words.push_back("--router=" + question.router);
    if (question.own) {
        const std::string text = question.own->text();
        words.push_back("--to=" + text.substr(0, text.rfind(':')));
    }
    words.emplace_back("--json");
    return program;
}

} // namespace codex::serve_tool
