#include "repo/index/store.hpp"

#include "base/printable.hpp"
#include "repo/index/age.hpp"
#include "repo/index/flock_wait.hpp"
#include "repo/index/place.hpp"
#include "repo/segments/own_file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

constexpr std::uint64_t kMaxSmallFile = 65536;

Result<void> make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        Error error = system_error(errno, "create " + path);
        return fail(
            Error(error.code() == Errc::io ? Errc::cannot_create : error.code(), error.text()));
    }
    return {};
}

/// The name of `path` in its folder survives power loss. A folder that may not be read cannot be
/// synced by us; that is no reason to make nothing in it.
Result<void> sync_name(const std::string& path) {
    std::string_view name = path;
    while (name.size() > 1 && name.ends_with('/'))
        name.remove_suffix(1);
    const std::size_t slash = name.rfind('/');
    const std::string folder(slash == std::string_view::npos ? "."
                             : slash == 0                    ? "/"
                                                             : name.substr(0, slash));
    auto synced = sync_directory(folder);
    if (!synced && synced.error().code() != Errc::permission)
        return synced;
    return {};
}

/// The data home may not be there yet; the XDG rules want it private, too.
Result<void> make_parents(const std::string& path) {
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
        const std::string parent = path.substr(0, at);
        if (::access(parent.c_str(), F_OK) != 0)
            CODEX_CHECK(make_directory(parent));
        // One that is there may have been made by somebody who was killed before it was synced.
        struct stat st{};
        if (::stat(parent.c_str(), &st) == 0 && st.st_uid == ::geteuid())
            CODEX_CHECK(sync_name(parent));
    }
    return {};
}

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;
Folder open_folder(const std::string& path) {
    return {::opendir(path.c_str()), [](DIR* d) { return ::closedir(d); }};
}

/// Only what an interrupted create() leaves may be there, or what another process has made since we
/// looked for the version, and what is a market's: a repo is never made among other files.
Result<void> require_unused(const std::string& path) {
    static constexpr std::array<std::string_view, 13> kOurs = {".",
                                                               "..",
                                                               "lock",
                                                               "lock-write",
                                                               "segments",
                                                               "writers",
                                                               "index.mdb",
                                                               "index.mdb-lock",
                                                               "index.mdb.new",
                                                               "index.mdb.new-lock",
                                                               "config.json",
                                                               "version",
                                                               "age"};
    const Folder directory = open_folder(path);
    if (!directory)
        return errno == ENOENT ? Result<void>()
                               : Result<void>(fail(system_error(errno, "open " + path)));
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string_view name = entry->d_name;
        if (std::ranges::find(kOurs, name) == kOurs.end() && !is_of_market(name) &&
            !name.ends_with(".tmp"))
            return fail(Error(Errc::cannot_create,
                              fmt::format("{}: not a repo, and not empty ({})", path, name))
                            .hint("name a folder that is empty or does not exist"));
    }
    return {};
}

/// Whether some file in segments/ has bytes: then there was a repo, whatever else is missing.
bool has_segments(const std::string& path) {
    const std::string segments = path + "/segments";
    const Folder directory = open_folder(segments);
    if (!directory)
        return errno != ENOENT && errno != ENOTDIR; // what cannot be looked at is not called empty
    while (const dirent* entry = ::readdir(directory.get())) {
        struct stat st{};
        if (std::string_view(entry->d_name).starts_with('.'))
            continue;
        if (::fstatat(::dirfd(directory.get()), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(st.st_mode) || st.st_size > 0)
            return true;
    }
    return false;
}

/// A version that power loss left without its bytes; it is written last, so nothing followed it.
bool is_blank(BytesView text) {
    return std::ranges::all_of(text, [](std::uint8_t c) { return c == 0; });
}

} // namespace

bool is_of_market(std::string_view name) {
    return name == "ledger" || name == "account";
}

Result<void> check_version(const std::string& path) {
    auto text = read_own_file(path + "/version", kMaxSmallFile);
    const bool missing = !text && text.error().code() == Errc::not_found;
    if (missing || (text && is_blank(*text))) {
        if (has_segments(path))
            return fail(
                Error(Errc::repo_damaged, fmt::format("{}/version: is {}, and there are segments",
                                                      path, missing ? "missing" : "empty"))
                    .hint("if it is a repo of this format, put the version back: echo 1 > " +
                          shell_quoted(path + "/version")));
        return fail(Error(Errc::repo_missing, fmt::format("{}: no repo there", path))
                        .remedy(Remedy::name_repo)
                        .remedy(Remedy::make_repo));
    }
    if (!text)
        return fail(std::move(text).error());
    std::string_view line = as_text(*text);
    if (line.ends_with('\n'))
        line.remove_suffix(1);
    std::uint64_t version = 0;
    const auto [at, error] = std::from_chars(line.data(), line.data() + line.size(), version);
    if (error != std::errc() || at != line.data() + line.size() || version == 0)
        return fail(Errc::repo_damaged, "{}/version: is not a number", path);
    if (version > kPartialFormatVersion)
        return fail(Error(Errc::repo_version,
                          fmt::format("{}: has format version {}, this program knows {} and {}",
                                      path, version, kFormatVersion, kPartialFormatVersion))
                        .hint("use the release that made it, or a newer one"));
    return {};
}

namespace {

std::string identity(const std::string& path) {
    struct stat st{};
    if (::stat(path.c_str(), &st) != 0)
        return path;
    return fmt::format("{}:{}", st.st_dev, st.st_ino);
}

bool writable(const std::string& file) {
    return ::access(file.c_str(), W_OK) == 0;
}

/// A reader takes part in the reader table where it may; without it pages it reads could be used
/// again under it, which is safe only where nobody can write.
EnvMode mode_for(const std::string& path, bool read_only) {
    if (!read_only)
        return EnvMode::read_write;
    const std::string lock = path + "/index.mdb-lock";
    return writable(lock) || (::access(lock.c_str(), F_OK) != 0 && writable(path))
               ? EnvMode::read_only
               : EnvMode::read_only_no_lock;
}

} // namespace

Unexpected<Error> refuse_read_only(const std::string& path) {
    return fail(Error(Errc::repo_read_only, fmt::format("{}: opened read-only", path)));
}

namespace {

/// An index with nothing in it but its lineage.
Result<IndexAge> make_index(const std::string& path, const EnvOptions& options,
                            const Surroundings& around) {
    CODEX_TRY(env, Env::open(path, options, around));
    CODEX_TRY(txn, env->write(true));
    CODEX_TRY(lineage, ensure_lineage(txn, around.random));
    const std::uint64_t number = txn.id();
    CODEX_CHECK(txn.commit());
    return IndexAge{lineage, number, number};
}

/// What follows is under the exclusive lock, and there is no repo yet: what is there was left by
/// somebody who was killed, or lost its power, before the version was written, and holds nothing.
Result<void> make_files(const std::string& path, const Config& config, const Surroundings& around) {
    for (const char* name : {"/segments", "/writers"}) {
        CODEX_CHECK(make_directory(path + name));
        CODEX_CHECK(require_own_folder(path + name));
    }
    CODEX_CHECK(write_file_atomic(path + "/config.json", encode_config(config), 0600));
    for (const char* name : {"/index.mdb", "/index.mdb-lock", "/version"})
        if (::unlink((path + name).c_str()) != 0 && errno != ENOENT)
            return fail(system_error(errno, "remove " + path + name));
    CODEX_CHECK(forget_age(path)); // of another index, which a power loss could bring back
    EnvOptions options;
    options.create = true;
    CODEX_TRY(age, make_index(path + "/index.mdb", options, around));
    CODEX_CHECK(write_age(path, age, around.disk));
    CODEX_CHECK(sync_directory(path));
    // Last: a folder with a version is a whole repo.
    const std::string version = fmt::format("{}\n", kFormatVersion);
    CODEX_CHECK(write_file_atomic(path + "/version", as_bytes(version), 0600));
    return sync_name(path);
}

} // namespace

Result<void> Store::create(const std::string& path, const Config& config, bool must_be_new,
                           const Surroundings& around) {
    if (auto there = check_version(path); !there) {
        if (there.error().code() != Errc::repo_missing)
            return there;
        CODEX_CHECK(require_unused(path));
        CODEX_CHECK(make_parents(path));
        CODEX_CHECK(make_directory(path));
    }
    CODEX_TRY(lock, lock_repo(path, true, around));
    auto made = [&]() -> Result<void> {
        if (auto there = check_version(path); there || there.error().code() != Errc::repo_missing) {
            if (there && must_be_new)
                return fail(Error(Errc::repo_exists, fmt::format("{}: is a repo already", path))
                                .remedy(Remedy::change_settings));
            return there;
        }
        return make_files(path, config, around);
    }();
    clear_lock_note(lock);
    return made;
}

// --- one store a process and folder -------------------------------------------------------------

/// Opens and closes each folder's store one after the other, and those of different folders beside
/// each other. One for the whole process, as the locks of a process are.
class StoreRegistry {
public:
    static StoreRegistry& instance() {
        static StoreRegistry registry;
        return registry;
    }

    Result<std::shared_ptr<Store>> open(const std::string& path, const OpenOptions& options) {
        CODEX_CHECK(check_version(path));
        const std::string key = identity(path);
        const std::shared_ptr<Place> place = enter(key);
        auto opened = [&]() -> Result<std::shared_ptr<Store>> {
            const std::lock_guard guard(place->mutex);
            if (!place->store)
                CODEX_SET(place->store, open_now(path, key, options));
            else if (!options.read_only && place->store->env().mode() != EnvMode::read_write)
                return fail(Errc::unsupported, "{}: this process has it open read-only", path);
            return place->store;
        }();
        leave(key, place);
        return opened;
    }

    void release(std::shared_ptr<Store> store) {
        const std::string key = store->key_;
        const std::shared_ptr<Place> place = enter(key);
        {
            const std::lock_guard guard(place->mutex);
            store.reset();
            if (place->store.use_count() == 1)
                place->store.reset();
        }
        leave(key, place);
    }

private:
    static Result<void> check_age(Store& store) {
        switch (store.env().mode()) {
        case EnvMode::read_write:
            for (const char* name : {"/notes", "/reserve"})
                CODEX_CHECK(require_own_file(store.path() + name));
            return settle_age(store.env(), store.segments(), store.path());
        case EnvMode::read_only:
            return require_current(store.env(), store.segments(), store.path());
        case EnvMode::read_only_no_lock:
            break; // a medium that nobody writes to may be a copy made while others wrote
        }
        return {};
    }

    /// One folder's.
    struct Place {
        std::mutex mutex;
        std::shared_ptr<Store> store;
        std::size_t visitors = 0; // of the registry's mutex
    };

    std::shared_ptr<Place> enter(const std::string& key) {
        const std::lock_guard guard(mutex_);
        std::shared_ptr<Place>& place = places_[key];
        if (!place)
            place = std::make_shared<Place>();
        ++place->visitors;
        return place;
    }
    void leave(const std::string& key, const std::shared_ptr<Place>& place) {
        const std::lock_guard guard(mutex_);
        if (--place->visitors == 0 && !place->store)
            places_.erase(key);
    }

    static Result<std::shared_ptr<Store>> open_now(const std::string& path, const std::string& key,
                                                   const OpenOptions& options);

    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Place>> places_;
};

Result<std::shared_ptr<Store>> StoreRegistry::open_now(const std::string& path,
                                                       const std::string& key,
                                                       const OpenOptions& options) {
    std::shared_ptr<Store> store(new Store(options));
    auto lock = lock_repo(path, false, store->around_);
    // A read-only medium that was written before the lock existed has no lock, and no writers.
    const bool lock_impossible =
        !lock && options.read_only &&
        (lock.error().code() == Errc::permission || lock.error().code() == Errc::not_found);
    if (!lock && !lock_impossible)
        return fail(std::move(lock).error());
    CODEX_CHECK(check_version(path)); // it may have been upgraded while we waited
    CODEX_CHECK(require_folders(path));
    store->path_ = path;
    store->key_ = key;
    if (lock)
        store->lock_ = std::move(*lock);
    EnvOptions how;
    how.mode = mode_for(path, options.read_only);
    auto env = Env::open(path + "/index.mdb", how, store->around_);
    if (!env && env.error().code() == Errc::permission && !options.read_only)
        return fail(std::move(env).error().context(path).hint(
            "the repo can be read, but not changed; mount it writable or mend its rights"));
    if (!env)
        return fail(std::move(env).error());
    store->env_ = std::move(*env);
    CODEX_SET(store->segments_,
              Segments::open_folder(path + "/segments", store->env_.get(), store->around_));
    CODEX_CHECK(check_age(*store));
    CODEX_CHECK(store->config());
    store->around_.log.debug("Opened repo", {{"path", path}, {"readOnly", options.read_only}});
    return store;
}

Result<std::shared_ptr<Store>> Store::open(const std::string& path, const OpenOptions& options) {
    return StoreRegistry::instance().open(path, options);
}

void Store::release(std::shared_ptr<Store> store) {
    StoreRegistry::instance().release(std::move(store));
}

Result<Config> Store::config() const {
    const std::string name = path_ + "/config.json";
    const std::lock_guard guard(config_mutex_);
    struct stat st{};
    if (::lstat(name.c_str(), &st) != 0)
        return fail(system_error(errno, "open " + name));
    const bool same = st.st_ino == config_stat_.st_ino &&
                      st.st_mtim.tv_sec == config_stat_.st_mtim.tv_sec &&
                      st.st_mtim.tv_nsec == config_stat_.st_mtim.tv_nsec;
    if (!same) {
        CODEX_TRY(text, read_own_file(name, kMaxSmallFile));
        CODEX_SET(config_, decode_config(text));
        config_stat_ = st;
    }
    return config_;
}

Result<void> Store::write_config(const Config& config) {
    return write_file_atomic(path_ + "/config.json", encode_config(config), 0600);
}

} // namespace codex::repo::detail
