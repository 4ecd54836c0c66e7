// The file that says that a node is ready.
#pragma once

#include "base/output_file.hpp"
#include "net/connection/host.hpp"
#include "node/dht_node.hpp"

#include <optional>
#include <string>
#include <sys/types.h>

namespace codex::serve_tool {

/// Threads: its owner's.
class ReadyFile {
public:
    /// Without what the last one has left there. What cannot be made is said now, before anything
    /// is served. Errors: those of OutputFile::open(), and of removing.
    [[nodiscard]] static Result<ReadyFile> open(const std::string& path);
    /// A line for each address at which the node is reached, those that it says to others first: id
    /// and address. `discovery` is what says them, or nothing. Errors: io, no_space.
    [[nodiscard]] Result<void> write(const net::Host& host, const node::DhtNode* discovery);
    /// The node is ready no more: the file goes, when it still is the one that was written.
    void remove();

private:
    ReadyFile(OutputFile file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
    OutputFile file_;
    std::string path_;
    ino_t inode_ = 0; ///< of what was written; 0 for nothing, or nothing that can go
    dev_t device_ = 0;
};

} // namespace codex::serve_tool
