// A dataset's health as a map of slots and columns.
#pragma once

#include "dataset/dataset.hpp"

#include <string>

namespace codex::ec {

/// The matrix a dataset is drawn as: its layout, or one row for a plain one.
[[nodiscard]] Result<erasure::Layout> drawn_layout(const codec::Manifest& manifest);

/// Lines of at most `width` characters: a row for each slot, a character for each column, then the
/// columns' prospects and the key. Where there are more columns or slots than room, a character
/// stands for several blocks and shows the worst of them. Only ASCII; with `color` also escapes.
[[nodiscard]] std::string picture(const dataset::Health& health, const erasure::Layout& layout,
                                  std::size_t width, bool color);

} // namespace codex::ec
