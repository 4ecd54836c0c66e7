#include "ledger/detail/making.hpp"

#include "base/fd.hpp"
#include "base/folder_place.hpp"
#include "ledger/detail/durable.hpp"

#include <cerrno>
#include <cstdlib>
#include <dirent.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::ledger::detail {

namespace {

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

Result<void> require_free(const std::string& path) {
    const Folder folder(::opendir(path.c_str()), ::closedir);
    if (!folder && errno == ENOENT)
        return {};
    const int cause = errno;
    if (const std::string why = obstacle_to_folder(path); !folder && !why.empty())
        return fail(
            Error(Errc::cannot_create, fmt::format("{}: no ledger can be there: {}", path, why))
                .remedy(Remedy::name_ledger));
    if (!folder)
        return fail(system_error(cause, "open " + path));
    struct stat st{};
    if (::stat((path + "/genesis").c_str(), &st) == 0)
        return fail(Error(Errc::ledger_exists, fmt::format("{}: is a ledger already", path))
                        .remedy(Remedy::name_ledger));
    while (const dirent* entry = ::readdir(folder.get()))
        if (const std::string_view name(entry->d_name); name != "." && name != "..")
            return fail(Error(Errc::exists, fmt::format("{}: is not empty", path))
                            .hint("a ledger has a folder for itself"));
    return {};
}

/// Of files alone, and one folder deep, as a ledger is.
void remove_all(const std::string& path) {
    const Folder folder(::opendir(path.c_str()), ::closedir);
    while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
        const std::string name = path + "/" + entry->d_name;
        if (::unlink(name.c_str()) != 0 && errno == EISDIR && entry->d_name[0] != '.')
            remove_all(name);
    }
    (void)::rmdir(path.c_str());
}

/// Without the slashes behind it.
std::string trimmed(std::string path) {
    while (path.size() > 1 && path.back() == '/')
        path.pop_back();
    return path;
}

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos)
        return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

} // namespace

Result<Making> Making::begin(const std::string& named) {
    const std::string path = trimmed(named);
    CODEX_CHECK(require_free(path));
    std::string folder = parent_of(path) + "/.codex-ledger-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) {
        const int cause = errno;
        Error error = creation_error(path, system_error(cause, "create " + path));
        if (cause == ENOENT)
            return fail(std::move(error).remedy(Remedy(Remedy::make_folder).of(parent_of(path))));
        if (error.code() == Errc::cannot_create)
            return fail(std::move(error).remedy(Remedy::name_ledger));
        return fail(std::move(error));
    }
    return Making(path, std::move(folder));
}

Making::Making(Making&& other) noexcept
    : path_(std::move(other.path_)), folder_(std::exchange(other.folder_, {})) {}

Making::~Making() {
    if (!folder_.empty())
        remove_all(folder_);
}

Result<void> Making::write_genesis(const std::string& text) const {
    CODEX_CHECK(write_new_file(folder_ + "/genesis", as_bytes(text), 0600));
    CODEX_CHECK(write_new_file(folder_ + "/journal", {}, 0600));
    return write_new_file(folder_ + "/durable", Durable::first_content(), 0600);
}

Result<void> Making::finish() {
    CODEX_CHECK(sync_directory(folder_));
    // In the place of nothing, or of an empty folder.
    if (::rename(folder_.c_str(), path_.c_str()) != 0) {
        const int cause = errno;
        CODEX_CHECK(require_free(path_));
        return fail(creation_error(path_, system_error(cause, "create " + path_)));
    }
    folder_.clear();
    return sync_directory(parent_of(path_));
}

} // namespace codex::ledger::detail
