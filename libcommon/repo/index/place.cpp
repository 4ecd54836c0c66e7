#include "repo/index/place.hpp"

#include "base/folder_place.hpp"
#include "repo/segments/own_file.hpp"

#include <filesystem>

namespace codex::repo::detail {

namespace {

namespace fs = std::filesystem;

/// Whether there are things in the folder, but for a market's, and none of them is the lock, which
/// the making of a repo begins with.
bool holds_other_things(const std::string& path) {
    std::error_code error;
    fs::directory_iterator entry(path, error);
    while (!error && entry != fs::directory_iterator() &&
           is_of_market(entry->path().filename().string()))
        entry.increment(error);
    return !error && entry != fs::directory_iterator() && !fs::exists(path + "/lock", error);
}

} // namespace

Result<void> require_place(const std::string& path, bool create) {
    const std::string why = obstacle_to_folder(path);
    if (why.empty())
        return {};
    return fail(Error(create ? Errc::cannot_create : Errc::repo_missing,
                      fmt::format("{}: no repo there: {}", path, why))
                    .remedy(Remedy::name_repo));
}

Result<std::shared_ptr<Store>> open_store(const std::string& path, const OpenOptions& options) {
    auto store = Store::open(path, options);
    if (store)
        return store;
    const Errc code = store.error().code();
    if (code == Errc::repo_missing && !options.create && holds_other_things(path))
        return fail(Error(code, fmt::format("{}: no repo there, and other things", path))
                        .remedy(Remedy::name_repo));
    std::error_code error;
    const std::string settings = path + "/config.json";
    if (code == Errc::not_found && fs::exists(path + "/version", error) &&
        !fs::exists(settings, error))
        return fail(Error(Errc::repo_config, "config.json: is missing")
                        .remedy({Remedy::change_settings, "correct the file, or"}));
    return store;
}

Result<void> create_store(const std::string& path, const Config& config, bool must_be_new,
                          const Surroundings& around) {
    auto made = Store::create(path, config, must_be_new, around);
    if (!made && made.error().code() == Errc::not_found)
        return fail(Error(Errc::cannot_create, made.error().text()).remedy(Remedy::name_repo));
    return made;
}

Result<void> require_folders(const std::string& path) {
    const auto require = [](const std::string& folder,
                            Error (*way)(Error, const std::string&)) -> Result<void> {
        auto there = require_own_folder(folder);
        if (!there && there.error().code() == Errc::not_found)
            return fail(
                way(Error(Errc::repo_damaged, fmt::format("{}: is missing", folder)), folder));
        return there;
    };
    CODEX_CHECK(require(path + "/segments", [](Error error, const std::string& folder) -> Error {
        return std::move(error)
            .hint("bring it back from where it was moved or saved to")
            .remedy(Remedy(Remedy::restore_folder,
                           "if it is lost for good, and all data with it, make an empty one")
                        .of(folder))
            .remedy({Remedy::rebuild_index, "and then the index"});
    }));
    // What it had were locks, and a writer whose lock has lost its name is taken for dead.
    return require(path + "/writers", [](Error error, const std::string& folder) -> Error {
        return std::move(error).remedy(
            Remedy(Remedy::restore_folder, "when nobody uses the repo, make it anew").of(folder));
    });
}

} // namespace codex::repo::detail
