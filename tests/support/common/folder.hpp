// A folder with all that is in it, held in memory.
#pragma once

#include <map>
#include <string>

namespace codex::test {

struct Node {
    bool folder = false;
    std::string bytes;

    bool operator==(const Node&) const = default;
};
/// By paths relative to the folder, parents before children.
using Folder = std::map<std::string, Node>;

Folder read_folder(const std::string& path);
/// Makes `path` and fills it; files have mode 0600.
void write_folder(const Folder& folder, const std::string& path);

} // namespace codex::test
