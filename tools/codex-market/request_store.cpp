#include "request_store.hpp"

#include "base/fd.hpp"
#include "base/hex.hpp"

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::market_tool {

namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{64} << 10;

} // namespace

Result<RequestStore> RequestStore::open(const std::string& folder,
                                        const repo::OpenOptions& options) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(creation_error(folder, system_error(errno, "make " + folder)));
    CODEX_TRY(gate, repo::Gate::open(folder + "/lock", options));
    CODEX_TRY(turn, gate->enter());
    return RequestStore(folder, std::move(gate), std::move(turn));
}

/// All that the request is but its nonce names the file.
std::string RequestStore::path_of(market::Request request) const {
    request.nonce = {};
    return fmt::format("{}/{}.json", folder_, to_hex(request.id()));
}

Result<market::Request> RequestStore::keep(market::Request request,
                                           const ethereum::abi::Word& nonce) {
    const std::string path = path_of(request);
    auto kept = read_file(path, kMaxFileBytes);
    if (kept) {
        auto read = market::request_from_json(as_text(*kept));
        if (!read)
            return fail(std::move(read).error().context(path));
        if (path_of(*read) == path)
            return read;
        return fail(Error(Errc::malformed, fmt::format("{}: is the file of another request", path))
                        .remedy(Remedy(Remedy::move_away).of(path)));
    }
    if (kept.error().code() != Errc::not_found)
        return fail(std::move(kept).error());
    request.nonce = nonce;
    CODEX_CHECK(write_new_file(path, as_bytes(request_to_json(request)), 0600));
    return request;
}

Result<void> RequestStore::forget(market::Request request) {
    const std::string path = path_of(std::move(request));
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return fail(system_error(errno, "remove " + path));
    return sync_directory(folder_);
}

} // namespace codex::market_tool
