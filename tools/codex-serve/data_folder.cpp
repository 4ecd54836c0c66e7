#include "data_folder.hpp"

#include "base/fd.hpp"
#include "base/printable.hpp"

#include <cerrno>
#include <dirent.h>
#include <filesystem>
#include <memory>
#include <sys/stat.h>

namespace codex::serve_tool {

namespace {

constexpr unsigned kOwnerOnly = 0700;

bool is_folder(const std::string& path) {
    struct stat there = {};
    return ::stat(path.c_str(), &there) == 0 && S_ISDIR(there.st_mode);
}

bool is_file(const std::string& path) {
    struct stat there = {};
    return ::lstat(path.c_str(), &there) == 0 && S_ISREG(there.st_mode);
}

/// The reference node keeps other things in the folder that is named (codex-repo(5), FOLDERS OF THE
/// REFERENCE). Errors: config_invalid.
Result<void> refuse_reference_folder(cli::Context& context, const std::string& folder) {
    for (const std::string& data : {folder, folder.substr(0, folder.find_last_of('/'))})
        for (const char* part : {"/repo/blocks", "/repo/manifests"})
            if (is_folder(data + part)) {
                context.about(data);
                return fail(
                    Error(Errc::config_invalid,
                          fmt::format("{}: the data folder of a node of the reference", data))
                        .hint(fmt::format("serve another one, and take over what is in this: "
                                          "codex-chunk --repo OTHER import --from-nim {}",
                                          shell_quoted(data))));
            }
    return {};
}

/// What is in a folder; empty, when nothing is.
Result<std::string> some_entry(const std::string& folder) {
    struct Close {
        void operator()(DIR* open) const { ::closedir(open); }
    };
    const std::unique_ptr<DIR, Close> open(::opendir(folder.c_str()));
    if (!open)
        return fail(system_error(errno, "open " + folder));
    while (const dirent* entry = ::readdir(open.get()))
        if (const std::string_view name = entry->d_name; name != "." && name != "..")
            return std::string(name);
    return std::string();
}

Error named_wrongly(Error error) {
    if (error.code() != Errc::cannot_create)
        return error;
    return std::move(error).hint("name a folder of its own, which is made: --data-dir DIR");
}

/// Errors: cannot_create, when it is neither empty nor has anything of a data folder.
Result<void> refuse_other_things(const std::string& folder) {
    if (is_folder(folder + "/repo") || is_file(folder + "/key"))
        return {};
    CODEX_TRY(entry, some_entry(folder));
    if (entry.empty())
        return {};
    return fail(named_wrongly(
        Error(Errc::cannot_create,
              fmt::format("{}: not a data folder, and not empty ({})", folder, entry))));
}

/// Others must not enter the folder. One that is whole as a node leaves it is restricted again;
/// whatever else is there may be anything, whose mode is not ours to change.
Result<void> require_private(cli::Context& context, const std::string& folder) {
    struct stat there = {};
    if (::stat(folder.c_str(), &there) != 0)
        return fail(system_error(errno, "look at " + folder));
    if ((there.st_mode & 0777) == kOwnerOnly)
        return {};
    const bool shared = (there.st_mode & S_ISVTX) != 0; // as /tmp is
    if (shared || !is_file(folder + "/repo/version") || !is_file(folder + "/key"))
        return fail(Error(Errc::permission,
                          fmt::format("{}: a data folder is for its owner alone: its mode is "
                                      "{:04o}, not 0700",
                                      folder, there.st_mode & 07777))
                        .hint(fmt::format("if nothing else is in it, restrict it: chmod 700 {}",
                                          shell_quoted(folder))));
    if (::chmod(folder.c_str(), kOwnerOnly) != 0)
        return fail(system_error(errno, "restrict " + folder));
    context.warn(folder, "others might enter it; it is for its owner alone now");
    return {};
}

} // namespace

Result<std::string> use_data_folder(cli::Context& context, const RunOptions& options) {
    const std::string& folder = options.data_dir;
    const bool repo_given = context.given("repo");
    if (repo_given && context.given("data-dir"))
        return fail(Error(Errc::usage, "--data-dir and --repo name two repos")
                        .hint("give one of them; the repo of a data folder is repo in it"));
    if (folder.empty() || repo_given) { // the command line goes before what else says a folder
        CODEX_TRY(repo, context.repo_path());
        CODEX_CHECK(refuse_reference_folder(context, repo));
        return options.key.empty() ? repo + "/node/key" : options.key;
    }
    CODEX_CHECK(refuse_reference_folder(context, folder + "/repo"));
    context.about(folder);
    // As those above a repo are; where one cannot be made the call behind it says so.
    std::error_code cannot;
    const std::string_view own =
        std::string_view(folder).substr(0, folder.find_last_not_of('/') + 1);
    std::filesystem::create_directories(std::filesystem::path(own).parent_path(), cannot);
    if (::mkdir(folder.c_str(), kOwnerOnly) != 0) {
        if (errno != EEXIST)
            return fail(named_wrongly(creation_error(folder, system_error(errno, "open"))));
        if (!is_folder(folder))
            return fail(
                named_wrongly(Error(Errc::cannot_create, fmt::format("{}: is no folder", folder))));
        CODEX_CHECK(refuse_other_things(folder));
        CODEX_CHECK(require_private(context, folder));
    }
    context.about({});
    context.use_repo(folder + "/repo");
    return options.key.empty() ? folder + "/key" : options.key;
}

} // namespace codex::serve_tool
