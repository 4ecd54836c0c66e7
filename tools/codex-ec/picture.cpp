#include "picture.hpp"

#include "dataset/health_map.hpp"

#include <algorithm>

namespace codex::ec {

using erasure::Layout;

Result<Layout> drawn_layout(const codec::Manifest& manifest) {
    if (manifest.is_protected())
        return Layout::of(manifest);
    return Layout::plain(manifest.blocks_count());
}

namespace {

constexpr std::size_t kMostRows = 48;
constexpr std::size_t kLabelWidth = 22;
constexpr std::size_t kLeastColumns = 8;

/// "#=" good, "+r" to be repaired, the rest of what may stand in a row bad; the padding neutral.
std::string_view color_of(char mark) {
    switch (mark) {
    case '#':
    case '=':
        return "\x1b[32m";
    case '+':
    case 'r':
        return "\x1b[33m";
    case '-':
        return "\x1b[2m";
    default:
        return "\x1b[31m";
    }
}

std::string painted(std::string_view marks, bool color) {
    std::string out;
    for (std::size_t i = 0; i < marks.size(); ++i) {
        if (color && (i == 0 || marks[i] != marks[i - 1]))
            out += fmt::format("{}{}", i == 0 ? "" : "\x1b[0m", color_of(marks[i]));
        out += marks[i];
    }
    return color && !marks.empty() ? out + "\x1b[0m" : out;
}

/// The meanings in lines of at most `width` characters.
std::string key(std::span<const std::string_view> meanings, std::size_t width) {
    std::string out;
    std::size_t used = 0;
    for (const std::string_view meaning : meanings) {
        const bool wraps = used != 0 && used + 2 + meaning.size() > width;
        if (wraps)
            out += '\n';
        used = (wraps ? 0 : used) + 2 + meaning.size();
        out += fmt::format("  {}", meaning);
    }
    return out + "\n";
}

std::string label(const dataset::HealthMap& map, std::uint64_t row) {
    const IndexRange slots = map.slots(row);
    return slots.count == 1
               ? fmt::format("slot {} {}", slots.first, map.kind(row))
               : fmt::format("slots {}-{} {}", slots.first, slots.end() - 1, map.kind(row));
}

} // namespace

std::string picture(const dataset::Health& health, const Layout& layout, std::size_t width,
                    bool color) {
    const std::size_t room = width > kLabelWidth ? width - kLabelWidth : 0;
    const dataset::HealthMap map(health, layout, std::max(kLeastColumns, room), kMostRows);
    std::string out;
    for (std::uint64_t row = 0; row < map.rows(); ++row)
        out += fmt::format("  {:<{}}{}\n", label(map, row), kLabelWidth - 2,
                           painted(map.marks(row), color));
    if (health.manifest.is_protected())
        out += fmt::format("  {:<{}}{}\n", "columns", kLabelWidth - 2,
                           painted(map.prospects(), color));
    constexpr std::string_view kBlocks[] = {"# here", ". missing", "+ partly missing", "x damaged",
                                            "- padding"};
    constexpr std::string_view kColumns[] = {"= whole", "r can be repaired", "! lost"};
    out += key(kBlocks, width);
    if (health.manifest.is_protected())
        out += key(kColumns, width);
    if (map.columns_per_place() > 1)
        out += fmt::format("  one character: {} columns\n", map.columns_per_place());
    return out;
}

} // namespace codex::ec
