// The files of a ledger as others may leave them.
#pragma once

#include "base/fd.hpp"
#include "fixture.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace codex::ledger::test {

inline Bytes content_of(const std::string& path) {
    return must(read_file(path, std::uint64_t{1} << 30));
}

/// In place, so that it stays the same file.
inline void overwrite(const std::string& path, BytesView content) {
    const Fd fd = must(open_file(path, O_WRONLY | O_CREAT | O_TRUNC));
    must(write_full(fd.get(), content, path));
}

/// The records of a journal.
inline std::vector<Bytes> records_of(const std::string& path) {
    const Bytes journal = content_of(path + "/journal");
    std::vector<Bytes> records;
    for (BytesView left = journal; !left.empty();) {
        const auto size = must(record_bytes(left));
        records.emplace_back(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(*size));
        left = left.subspan(*size);
    }
    return records;
}

inline void write_records(const std::string& path, const std::vector<Bytes>& records) {
    Bytes all;
    for (const Bytes& record : records)
        append(all, record);
    overwrite(path + "/journal", all);
}

/// What opening it to write, and going through it, says.
inline Error complaint(const std::string& path, const Options& options = {}) {
    auto ledger = must(Ledger::open(path, Access::write, options));
    auto verified = ledger->verify({});
    if (!verified)
        return std::move(verified).error();
    throw std::runtime_error("all is right");
}

} // namespace codex::ledger::test
