#include "log.hpp"

#include "../common/process.hpp"

#include <cstring>

namespace codex::crash {

std::vector<Entry> read_log(const std::string& path) {
    const std::string log = test::read_whole(path);
    std::vector<Entry> entries;
    std::size_t at = 0;
    const auto take = [&](std::size_t bytes) {
        if (bytes > log.size() - at)
            test::give_up("the log is cut short");
        at += bytes;
        return log.substr(at - bytes, bytes);
    };
    while (at < log.size()) {
        preload::Record record{};
        std::memcpy(&record, take(sizeof record).data(), sizeof record);
        Entry entry{record.op,
                    record.process,
                    record.thread,
                    record.inode,
                    record.offset,
                    record.length,
                    {},
                    {},
                    {}};
        entry.path = take(record.path_bytes);
        entry.other = take(record.other_bytes);
        entry.data = take(record.data_bytes);
        entries.push_back(std::move(entry));
    }
    return entries;
}

} // namespace codex::crash
