#include "repo/detail/store.hpp"

#include "base/log.hpp"

#include <cerrno>
#include <charconv>
#include <chrono>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

namespace codex::repo {

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

/// The data home may not be there yet; the XDG rules want it private, too.
Result<void> make_parents(const std::string& path) {
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1))
        if (::access(path.substr(0, at).c_str(), F_OK) != 0)
            CODEX_CHECK(make_directory(path.substr(0, at)));
    return {};
}

/// Only what an interrupted create() leaves may be there, or what another process has made since we
/// looked for the version: a repo is never made among other files.
Result<void> require_unused(const std::string& path) {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()),
                                                        [](DIR* d) { return ::closedir(d); });
    if (!directory)
        return errno == ENOENT ? Result<void>()
                               : Result<void>(fail(system_error(errno, "open " + path)));
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string_view name = entry->d_name;
        const bool ours = name == "." || name == ".." || name == "lock" || name == "segments" ||
                          name == "writers" || name == "index.mdb" || name == "index.mdb-lock" ||
                          name == "config.json" || name == "version" || name.ends_with(".tmp");
        if (!ours)
            return fail(Error(Errc::cannot_create,
                              fmt::format("{}: not a repo, and not empty ({})", path, name))
                            .hint("name a folder that is empty or does not exist"));
    }
    return {};
}

} // namespace

Result<void> check_version(const std::string& path) {
    auto text = read_file(path + "/version", kMaxSmallFile);
    if (!text && text.error().code() == Errc::not_found)
        return fail(Error(Errc::repo_missing, fmt::format("{}: no repo there", path))
                        .hint("make one: codex-chunk init"));
    if (!text)
        return fail(std::move(text).error());
    std::string_view line = as_text(*text);
    if (line.ends_with('\n'))
        line.remove_suffix(1);
    std::uint64_t version = 0;
    const auto [at, error] = std::from_chars(line.data(), line.data() + line.size(), version);
    if (error != std::errc() || at != line.data() + line.size() || version == 0)
        return fail(Errc::repo_damaged, "{}/version: is not a number", path);
    if (version != kFormatVersion)
        return fail(Error(Errc::repo_version,
                          fmt::format("{}: has format version {}, this program knows version {}",
                                      path, version, kFormatVersion))
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

tl::unexpected<Error> refuse_read_only(const std::string& path) {
    return fail(Error(Errc::repo_read_only, fmt::format("{}: opened read-only", path)));
}

Result<void> Store::create(const std::string& path, const Config& config, bool must_be_new,
                           std::uint64_t lock_timeout_seconds) {
    if (!check_version(path)) {
        CODEX_CHECK(require_unused(path));
        CODEX_CHECK(make_parents(path));
        CODEX_CHECK(make_directory(path));
    }
    CODEX_TRY(lock, lock_repo(path, true, lock_timeout_seconds));
    auto unlock_note = [&lock] { (void)!::ftruncate(lock.get(), 0); };
    auto made = [&]() -> Result<void> {
        if (auto there = check_version(path); there || there.error().code() != Errc::repo_missing) {
            if (must_be_new)
                return fail(Error(Errc::repo_exists, fmt::format("{}: is a repo already", path))
                                .hint("change its settings: codex-chunk init --set"));
            return there;
        }
        CODEX_CHECK(make_directory(path + "/segments"));
        CODEX_CHECK(make_directory(path + "/writers"));
        CODEX_CHECK(write_file_atomic(path + "/config.json", encode_config(config), 0600));
        CODEX_TRY(env, Env::open(path + "/index.mdb", EnvMode::read_write));
        env.reset();
        CODEX_CHECK(sync_directory(path));
        // Last: a folder with a version is a whole repo.
        const std::string version = fmt::format("{}\n", kFormatVersion);
        return write_file_atomic(path + "/version", as_bytes(version), 0600);
    }();
    unlock_note();
    return made;
}

// --- one store a process and folder -------------------------------------------------------------

class StoreRegistry {
public:
    static StoreRegistry& instance() {
        static StoreRegistry registry;
        return registry;
    }

    Result<std::shared_ptr<Store>> open(const std::string& path, const OpenOptions& options) {
        const std::lock_guard guard(mutex_);
        CODEX_CHECK(check_version(path));
        const std::string key = identity(path);
        if (const auto found = open_.find(key); found != open_.end()) {
            if (!options.read_only && found->second->env().mode() != EnvMode::read_write)
                return fail(Errc::unsupported, "{}: this process has it open read-only", path);
            return found->second;
        }
        auto lock = lock_repo(path, false, options.lock_timeout_seconds);
        // A read-only medium that was written before the lock existed has no lock, and no writers.
        const bool lock_impossible =
            !lock && options.read_only &&
            (lock.error().code() == Errc::permission || lock.error().code() == Errc::not_found);
        if (!lock && !lock_impossible)
            return fail(std::move(lock).error());
        CODEX_CHECK(check_version(path)); // it may have been upgraded while we waited
        std::shared_ptr<Store> store(new Store);
        store->path_ = path;
        store->key_ = key;
        if (lock)
            store->lock_ = std::move(*lock);
        auto env = Env::open(path + "/index.mdb", mode_for(path, options.read_only));
        if (!env && ::access((path + "/index.mdb").c_str(), F_OK) != 0)
            return fail(Error(Errc::repo_damaged, fmt::format("{}/index.mdb: is missing", path))
                            .hint("make it anew from the segments: codex-chunk verify "
                                  "--rebuild-index"));
        if (!env && env.error().code() == Errc::permission && !options.read_only)
            return fail(std::move(env).error().context(path).hint(
                "the repo can be read, but not changed: mount it writable or mend its rights"));
        if (!env)
            return fail(std::move(env).error().context(path));
        store->env_ = std::move(*env);
        store->segments_ = std::make_unique<Segments>(path + "/segments", store->env_.get());
        CODEX_CHECK(store->config());
        log::write(log::Level::debug, "codex repostore", "Opened repo",
                   {{"path", path}, {"readOnly", options.read_only}});
        return open_[key] = std::move(store);
    }

    void release(std::shared_ptr<Store> store) {
        const std::lock_guard guard(mutex_);
        const std::string key = store->key_;
        store.reset();
        if (const auto found = open_.find(key);
            found != open_.end() && found->second.use_count() == 1)
            open_.erase(found);
    }

private:
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Store>> open_;
};

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
    if (::stat(name.c_str(), &st) != 0)
        return fail(system_error(errno, "open " + name));
    const bool same = st.st_ino == config_stat_.st_ino &&
                      st.st_mtim.tv_sec == config_stat_.st_mtim.tv_sec &&
                      st.st_mtim.tv_nsec == config_stat_.st_mtim.tv_nsec;
    if (!same) {
        CODEX_TRY(text, read_file(name, kMaxSmallFile));
        CODEX_TRY(config, decode_config(text));
        config_ = config;
        config_stat_ = st;
    }
    return config_;
}

Result<void> Store::write_config(const Config& config) {
    return write_file_atomic(path_ + "/config.json", encode_config(config), 0600);
}

} // namespace codex::repo
