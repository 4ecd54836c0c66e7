#include "dataset/detail/nim_files.hpp"

#include "base/fd.hpp"
#include "codec/manifest.hpp"
#include "dataset/detail/hash.hpp"

#include <algorithm>
#include <filesystem>

namespace codex::dataset::detail {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExtension = ".dsobj";

std::string folder_path(const std::string& directory, NimFolder folder) {
    return fmt::format("{}/repo/{}", directory,
                       folder == NimFolder::blocks ? "blocks" : "manifests");
}

/// The names in `path`, sorted: the same directory always gives the same report.
Result<std::vector<std::string>> sorted_names(const std::string& path) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error))
        names.push_back(at->path().filename().string());
    if (error)
        return fail(system_error(error.value(), fmt::format("read folder {}", path)));
    std::sort(names.begin(), names.end());
    return names;
}

Result<Cid> cid_of_file(const std::string& directory, NimFolder folder, const std::string& path,
                        std::string_view name) {
    const std::string_view stem = name.substr(0, name.size() - kExtension.size());
    auto cid = Cid::from_text(stem);
    if (!cid)
        return fail(std::move(cid).error().context(path));
    const bool manifest = cid->codec() == codec::Multicodec::codex_manifest;
    if (manifest != (folder == NimFolder::manifests))
        return fail(Errc::cid_wrong_codec, "{}: {} among the {}", path,
                    manifest ? "a manifest" : "a block", manifest ? "blocks" : "manifests");
    if (nim_path(directory, *cid) != path)
        return fail(Errc::malformed, "{}: belongs in {}", path, nim_path(directory, *cid));
    return cid;
}

} // namespace

std::string nim_path(const std::string& directory, const Cid& cid) {
    const NimFolder folder =
        cid.codec() == codec::Multicodec::codex_manifest ? NimFolder::manifests : NimFolder::blocks;
    const std::string text = cid.text();
    return fmt::format("{}/{}/{}{}", folder_path(directory, folder), text.substr(text.size() - 2),
                       text, kExtension);
}

Result<NimListing> list_nim_files(const std::string& directory, NimFolder folder) {
    NimListing listing;
    std::error_code error;
    if (!fs::exists(directory, error))
        return fail(Error(Errc::not_found, fmt::format("{}: there is no such folder", directory))
                        .remedy({Remedy::name_file, "name a folder that there is"}));
    if (!fs::is_directory(directory, error))
        return fail(Error(Errc::not_found, fmt::format("{}: is no folder", directory))
                        .hint("name the node's data directory, the one that holds 'repo'"));
    if (!fs::is_directory(directory + "/repo", error))
        return fail(Error(Errc::not_found, fmt::format("{}: no folder 'repo' in it", directory))
                        .hint("name the node's data directory, the one that holds 'repo'"));
    const std::string top = folder_path(directory, folder);
    if (!fs::exists(top, error))
        return listing;
    CODEX_TRY(groups, sorted_names(top));
    for (const std::string& group : groups) {
        const std::string group_path = top + "/" + group;
        if (!fs::is_directory(group_path, error))
            continue;
        CODEX_TRY(names, sorted_names(group_path));
        for (const std::string& name : names) {
            if (!name.ends_with(kExtension))
                continue;
            auto cid = cid_of_file(directory, folder, group_path + "/" + name, name);
            if (cid)
                listing.cids.push_back(*cid);
            else
                listing.problems.push_back(std::move(cid).error());
        }
    }
    return listing;
}

void load_nim_files(Executor& pool, const std::string& directory, std::span<NimFile> files) {
    std::vector<BytesView> views(files.size());
    pool.parallel_for(files.size(), [&](std::size_t i) {
        NimFile& file = files[i];
        auto data = read_file(nim_path(directory, file.cid), codec::kMaxBlockSizeBytes);
        if (data) {
            file.data = std::move(*data);
            views[i] = file.data;
        } else {
            file.error = std::move(data).error();
        }
    });
    std::vector<Digest> digests(files.size());
    hash_blocks(pool, views, digests);
    for (std::size_t i = 0; i < files.size(); ++i) {
        NimFile& file = files[i];
        if (file.error)
            continue;
        const std::string path = nim_path(directory, file.cid);
        if (file.cid.hash() != codec::HashCodec::sha2_256)
            file.error = Error(Errc::unsupported, fmt::format("{}: not a sha2-256 CID", path));
        else if (!equal(file.cid.digest(), digests[i]))
            file.error = Error(Errc::block_corrupt,
                               fmt::format("{}: the content does not match its name", path));
    }
}

} // namespace codex::dataset::detail
