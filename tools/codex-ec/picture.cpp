#include "picture.hpp"

#include "base/checked.hpp"

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

struct Cell {
    std::uint64_t blocks = 0;
    std::uint64_t missing = 0;
    std::uint64_t damaged = 0;
};

char mark(const Cell& cell) {
    if (cell.blocks == 0)
        return '-';
    if (cell.damaged != 0)
        return 'x';
    if (cell.missing == cell.blocks)
        return '.';
    return cell.missing != 0 ? '+' : '#';
}

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

class Map {
public:
    Map(const dataset::Health& health, const Layout& layout, std::size_t width)
        : layout_(layout), slots_(layout.rows()),
          across_(div_up(layout.steps, std::min<std::uint64_t>(layout.steps, width))),
          down_(div_up(slots_, std::min<std::uint64_t>(slots_, kMostRows))),
          columns_(div_up(layout.steps, across_)), rows_(div_up(slots_, down_)),
          cells_(columns_ * rows_), losses_(layout.steps) {
        for (std::uint64_t index = 0; index < layout.total_blocks(); ++index)
            if (!layout.is_padding(index))
                ++cell(index).blocks;
        for (const std::uint64_t index : health.missing)
            ++cell(index).missing;
        for (const std::uint64_t index : health.damaged)
            ++cell(index).damaged;
        for (const auto* list : {&health.missing, &health.damaged})
            for (const std::uint64_t index : *list)
                ++losses_[layout.column(index)];
    }

    [[nodiscard]] std::uint64_t rows() const { return rows_; }
    [[nodiscard]] std::uint64_t across() const { return across_; }

    [[nodiscard]] std::string label(std::uint64_t row) const {
        const std::uint64_t first = row * down_;
        const std::uint64_t last = std::min(first + down_, slots_) - 1;
        const char* kind = last < layout_.k() ? "data" : first >= layout_.k() ? "parity" : "both";
        return first == last ? fmt::format("slot {} {}", first, kind)
                             : fmt::format("slots {}-{} {}", first, last, kind);
    }

    [[nodiscard]] std::string marks(std::uint64_t row) const {
        std::string marks;
        for (std::uint64_t column = 0; column < columns_; ++column)
            marks += mark(cells_[row * columns_ + column]);
        return marks;
    }

    /// The worst column of each character.
    [[nodiscard]] std::string prospects() const {
        std::string marks;
        for (std::uint64_t column = 0; column < columns_; ++column) {
            const std::uint64_t begin = column * across_;
            const std::uint64_t end = std::min(begin + across_, layout_.steps);
            const std::uint64_t worst =
                *std::max_element(losses_.begin() + static_cast<std::ptrdiff_t>(begin),
                                  losses_.begin() + static_cast<std::ptrdiff_t>(end));
            marks += worst == 0 ? '=' : worst <= layout_.m() ? 'r' : '!';
        }
        return marks;
    }

private:
    Cell& cell(std::uint64_t index) {
        return cells_[layout_.position(index) / down_ * columns_ + layout_.column(index) / across_];
    }

    const Layout& layout_;
    std::uint64_t slots_;
    std::uint64_t across_; // columns to a character
    std::uint64_t down_;   // slots to a row
    std::uint64_t columns_, rows_;
    std::vector<Cell> cells_;
    std::vector<std::uint64_t> losses_; // by column
};

} // namespace

std::string picture(const dataset::Health& health, const Layout& layout, std::size_t width,
                    bool color) {
    const std::size_t room = width > kLabelWidth ? width - kLabelWidth : 0;
    const Map map(health, layout, std::max(kLeastColumns, room));
    std::string out;
    for (std::uint64_t row = 0; row < map.rows(); ++row)
        out += fmt::format("  {:<{}}{}\n", map.label(row), kLabelWidth - 2,
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
    if (map.across() > 1)
        out += fmt::format("  one character: {} columns\n", map.across());
    return out;
}

} // namespace codex::ec
