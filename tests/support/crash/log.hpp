// The log of the preloaded library, read back.
#pragma once

#include "../preload/record.hpp"

#include <string>
#include <vector>

namespace codex::crash {

struct Entry {
    preload::Op op;
    std::uint32_t process;
    std::uint32_t thread;
    std::uint64_t inode;
    std::uint64_t offset;
    std::uint64_t length;
    std::string path;
    std::string other;
    std::string data;
};

std::vector<Entry> read_log(const std::string& path);

} // namespace codex::crash
