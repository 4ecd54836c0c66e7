#include "exchange/detail/addresses_text.hpp"

#include <fmt/format.h>

namespace codex::exchange::detail {

std::vector<std::string> addresses_text(std::span<const net::exchange::BlockAddress> addresses) {
    std::vector<std::string> texts;
    for (std::size_t at = 0; at < addresses.size();) {
        const auto& first = addresses[at];
        if (!first.leaf) {
            texts.push_back(fmt::format("cid: {}", first.cid.text()));
            ++at;
            continue;
        }
        std::size_t run = 1;
        while (at + run < addresses.size() && addresses[at + run].leaf &&
               addresses[at + run].cid == first.cid &&
               addresses[at + run].index == first.index + run)
            ++run;
        texts.push_back(fmt::format("treeCid: {}, index: {}", first.cid.text(), first.index));
        if (run > 1)
            texts.back() += fmt::format("..{}", first.index + run - 1);
        at += run;
    }
    return texts;
}

} // namespace codex::exchange::detail
