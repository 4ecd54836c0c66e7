#include "repo/repo.hpp"

#include "repo/index/place.hpp"
#include "repo/index/repo_impl.hpp"
#include "repo/segments/io.hpp"
#include "repo/upkeep/writer_lock.hpp"

#include <algorithm>

namespace codex::repo {

using namespace detail;

Repo::Repo(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Repo::~Repo() = default;
Repo::Repo(Repo&&) noexcept = default;
Repo& Repo::operator=(Repo&&) noexcept = default;

Result<Repo> Repo::init(const std::string& path, const Config& config, const OpenOptions& options) {
    CODEX_CHECK(decode_config(encode_config(config))); // nothing that open() would refuse
    CODEX_CHECK(require_place(path, true));
    CODEX_CHECK(create_store(path, config, true, detail::Surroundings(options)));
    return open(path, options);
}

Result<void> Repo::replace_config(const std::string& path, const Config& config) {
    const Bytes text = encode_config(config);
    CODEX_CHECK(decode_config(text));
    CODEX_CHECK(check_version(path));
    return write_file_atomic(path + "/config.json", text, 0600);
}

Result<Repo> Repo::open(const std::string& path, const OpenOptions& options) {
    CODEX_CHECK(require_place(path, options.create));
    auto store = open_store(path, options);
    if (!store && store.error().code() == Errc::repo_missing && options.create) {
        CODEX_CHECK(create_store(path, Config{}, false, detail::Surroundings(options)));
        store = open_store(path, options);
    }
    if (!store)
        return fail(std::move(store).error());
    auto impl = std::make_shared<Impl>();
    impl->store = std::move(*store);
    impl->options = options;
    impl->log = options.log.with_topics("codex repostore");
    CODEX_SET(impl->config, impl->store->config());
    return Repo(std::move(impl));
}

const std::string& Repo::path() const {
    return impl_->store->path();
}
const log::Logger& Repo::log() const {
    return impl_->options.log;
}
const Config& Repo::config() const {
    return impl_->config;
}

Result<void> Repo::set_config(const Config& config) {
    CODEX_CHECK(impl_->require_writable());
    CODEX_CHECK(decode_config(encode_config(config)));
    // Held until the file is in place, so that no writer grows past the new quota meanwhile.
    CODEX_TRY(ledger, impl_->session().ledger());
    const std::uint64_t taken = ledger.totals().taken_bytes();
    if (config.quota_bytes < taken)
        return fail(Error(Errc::argument_invalid,
                          fmt::format("quota of {} bytes is below the {} bytes in use",
                                      config.quota_bytes, taken))
                        .remedy({Remedy::remove_datasets, "remove datasets first"})
                        .remedy({Remedy::collect_garbage, "then"}));
    CODEX_CHECK(impl_->store->write_config(config));
    impl_->config = config;
    return {};
}

Result<Space> Repo::space() const {
    Space space;
    std::vector<std::uint32_t> known;
    {
        CODEX_TRY(txn, impl_->store->env().read());
        CODEX_TRY(totals, read_totals(txn));
        space.counters = {totals.blocks, totals.used_bytes, totals.reserved_bytes, totals.datasets,
                          totals.tree_bytes};
        CODEX_CHECK(
            for_each(txn, Table::segments, {}, [&](BytesView, BytesView value) -> Result<void> {
                CODEX_TRY(entry, decode_segment(value));
                space.stored_bytes += entry.live_bytes;
                space.dead_bytes +=
                    entry.committed_end -
                    std::min(entry.committed_end, entry.live_bytes + entry.punched_bytes);
                return {};
            }));
    }
    CODEX_TRY(config, impl_->store->config());
    space.quota_bytes = config.quota_bytes;
    for (const char* file : {"/index.mdb", "/index.mdb-lock", "/config.json", "/version", "/lock",
                             "/lock-write", "/notes", "/age", "/segments/.age", "/reserve"})
        space.disk_bytes += io::disk_bytes(path() + file);
    CODEX_TRY(ids, impl_->store->segments().list());
    CODEX_TRY(writers, WriterLock::list(impl_->store->writers_directory()));
    for (const std::uint64_t id : writers)
        space.disk_bytes += io::disk_bytes(writer_path(impl_->store->writers_directory(), id));
    for (const std::uint32_t id : ids)
        space.disk_bytes += impl_->store->segments().disk_bytes(id);
    return space;
}

} // namespace codex::repo
