// The texts of the page, which the build makes of the files beside this folder.
#pragma once

#include <string_view>

namespace codex::node::page {

extern const std::string_view kHtml;
extern const std::string_view kStyle;
extern const std::string_view kIcon;
extern const std::string_view kTexts;
extern const std::string_view kApi;
extern const std::string_view kFiles;
extern const std::string_view kHealth;
extern const std::string_view kNetwork;
extern const std::string_view kScript;

} // namespace codex::node::page
