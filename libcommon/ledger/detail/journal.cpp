#include "ledger/detail/journal.hpp"

#include "ledger/detail/own_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::ledger::detail {

Result<Journal> Journal::open(const std::string& path, bool writable, repo::Disk& disk) {
    auto opened = open_own_file(path, writable ? O_RDWR : O_RDONLY);
    if (!opened && opened.error().code() == Errc::not_found)
        return fail(Errc::ledger_damaged, "{}: is missing", path);
    if (!opened)
        return fail(std::move(opened).error());
    struct stat st{};
    if (::fstat(opened->get(), &st) != 0)
        return fail(system_error(errno, "open " + path));
    Journal journal(path, std::move(*opened), disk);
    journal.device_ = st.st_dev;
    journal.inode_ = st.st_ino;
    return journal;
}

Result<std::uint64_t> Journal::size() const {
    struct stat st{};
    if (::fstat(fd_.get(), &st) != 0)
        return fail(system_error(errno, "stat " + path_));
    return static_cast<std::uint64_t>(st.st_size);
}

Result<std::size_t> Journal::read(MutableBytes to, std::uint64_t offset) const {
    return pread_full(fd_.get(), to, offset, path_);
}

Result<void> Journal::write(BytesView bytes, std::uint64_t offset) const {
    while (!bytes.empty()) {
        // An iovec is for reading, too.
        const iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
        const ssize_t n = disk_->pwritev(fd_.get(), &part, 1, static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(system_error(n < 0 ? errno : EIO, "write " + path_));
        bytes = bytes.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
    return {};
}

Result<void> Journal::append(BytesView bytes, std::uint64_t end) const {
    auto written = write(bytes, end);
    if (!written)
        (void)cut(end); // else the next one cuts it
    return written;
}

Result<void> Journal::cut(std::uint64_t end) const {
    if (::ftruncate(fd_.get(), static_cast<off_t>(end)) != 0)
        return fail(system_error(errno, "cut " + path_));
    return {};
}

Result<void> Journal::sync() const {
    if (disk_->fdatasync(fd_.get()) != 0)
        return fail(system_error(errno, "sync " + path_));
    return {};
}

Result<void> Journal::write_again(std::uint64_t begin, std::uint64_t end) const {
    constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
    Bytes piece;
    while (begin < end) {
        piece.resize(static_cast<std::size_t>(std::min(kPiece, end - begin)));
        CODEX_TRY(got, read(piece, begin));
        if (got == 0)
            break;
        CODEX_CHECK(write(BytesView(piece).first(got), begin));
        begin += got;
    }
    return {};
}

} // namespace codex::ledger::detail
