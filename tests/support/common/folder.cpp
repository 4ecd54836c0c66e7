#include "folder.hpp"

#include "process.hpp"

#include <filesystem>
#include <sys/stat.h>

namespace codex::test {

Folder read_folder(const std::string& path) {
    Folder folder;
    for (const auto& item : std::filesystem::recursive_directory_iterator(path)) {
        Node node{item.is_directory(), {}};
        if (!node.folder)
            node.bytes = read_whole(item.path());
        folder[std::filesystem::relative(item.path(), path)] = std::move(node);
    }
    return folder;
}

void write_folder(const Folder& folder, const std::string& path) {
    std::filesystem::create_directories(path);
    for (const auto& [name, node] : folder) {
        const std::string at = path + "/" + name;
        if (node.folder) {
            std::filesystem::create_directory(at);
            continue;
        }
        write_whole(at, node.bytes);
        ::chmod(at.c_str(), 0600);
    }
}

} // namespace codex::test
