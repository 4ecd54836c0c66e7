#include "disk.hpp"

#include "../common/process.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>

namespace codex::crash {

namespace {

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    std::uint64_t x = a * 0x9e3779b97f4a7c15U + b + 0x632be59bd9b4e019U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

} // namespace

struct Disk::Choice {
    std::vector<Fate> files;
    std::vector<bool> names; // of pending_names_: kept
    std::uint64_t seed = 0;
};

Disk::Disk(const std::string& root) : root_(root) {
    struct stat st{};
    if (::stat(root.c_str(), &st) != 0)
        test::give_up("cannot look at " + root);
    scan(root, add(st.st_ino, true));
}

void Disk::scan(const std::string& path, Id folder) {
    for (const auto& item : std::filesystem::directory_iterator(path)) {
        struct stat st{};
        if (::lstat(item.path().c_str(), &st) != 0)
            test::give_up("cannot look at " + item.path().string());
        const Id id = add(st.st_ino, S_ISDIR(st.st_mode));
        const std::string name = item.path().filename();
        files_[folder].names[name] = files_[folder].durable_names[name] = id;
        if (S_ISDIR(st.st_mode)) {
            scan(item.path(), id);
        } else {
            files_[id].durable = test::read_whole(item.path());
            files_[id].size = files_[id].durable.size();
        }
    }
}

Disk::Id Disk::add(std::uint64_t inode, bool folder) {
    files_.emplace_back().folder = folder;
    by_inode_[inode] = files_.size() - 1;
    return files_.size() - 1;
}

// --- following the log --------------------------------------------------------------------------

std::pair<Disk::Id, std::string> Disk::split(const std::string& path) const {
    const std::size_t slash = path.rfind('/');
    const Id folder = find(path.substr(0, slash));
    if (folder == kNone)
        test::give_up("the log speaks of a folder that is not there: " + path);
    return {folder, path.substr(slash + 1)};
}

Disk::Id Disk::find(const std::string& path) const {
    Id at = 0;
    for (std::size_t from = root_.size() + 1; from < path.size() + 1 && at != kNone;) {
        const std::size_t slash = std::min(path.find('/', from), path.size());
        const auto& names = files_[at].names;
        const auto found = names.find(path.substr(from, slash - from));
        at = found == names.end() ? kNone : found->second;
        from = slash + 1;
    }
    return at;
}

Disk::Id Disk::by_inode(const Entry& entry) const {
    const auto found = by_inode_.find(entry.inode);
    if (found == by_inode_.end())
        test::give_up("the log speaks of a file that nobody made: operation " +
                      std::to_string(static_cast<int>(entry.op)) + ", inode " +
                      std::to_string(entry.inode));
    return found->second;
}

void Disk::change_names(std::vector<NameChange::Part> parts) {
    for (const auto& part : parts) {
        if (part.file == kNone)
            files_[part.folder].names.erase(part.name);
        else
            files_[part.folder].names[part.name] = part.file;
    }
    pending_names_.push_back({sequence_, std::move(parts)});
}

void Disk::open(const Entry& entry) {
    if ((entry.offset & O_TMPFILE) == O_TMPFILE) {
        add(entry.inode, false); // it has no name
        return;
    }
    const auto [folder, name] = split(entry.path);
    const auto there = files_[folder].names.find(name);
    const auto known = by_inode_.find(entry.inode);
    // An inode's number is used again when its file is gone.
    if (there == files_[folder].names.end() || known == by_inode_.end() ||
        known->second != there->second)
        change_names({{folder, name, add(entry.inode, false)}});
    else if ((entry.offset & O_TRUNC) != 0)
        change(there->second, {Change::What::truncate, sequence_, 0, 0, {}});
}

void Disk::change(Id file, Change change) {
    File& changed = files_[file];
    if (change.what == Change::What::truncate)
        changed.size = change.length;
    else if (change.what == Change::What::write)
        changed.size = std::max(changed.size, change.offset + change.length);
    changed.pending.push_back(std::move(change));
}

void Disk::apply(const Entry& entry) {
    using preload::Op;
    ++sequence_;
    switch (entry.op) {
    case Op::open:
        return open(entry);
    case Op::write:
        return change(by_inode(entry), {Change::What::write, sequence_, entry.offset,
                                        entry.data.size(), entry.data});
    case Op::truncate:
        return change(by_inode(entry), {Change::What::truncate, sequence_, 0, entry.length, {}});
    case Op::punch:
        return change(by_inode(entry),
                      {Change::What::punch, sequence_, entry.offset, entry.length, {}});
    case Op::sync_begin:
        sync_began_[{entry.thread, entry.inode}] = sequence_;
        return;
    case Op::sync_end:
        return sync(by_inode(entry), sync_began_[{entry.thread, entry.inode}]);
    case Op::sync_range:
        return sync_range(by_inode(entry), entry.offset, entry.length);
    case Op::sync_all:
        for (Id id = 0; id < files_.size(); ++id)
            sync(id, sync_began_[{entry.thread, entry.inode}]);
        return;
    case Op::rename: {
        const auto [folder, name] = split(entry.path);
        const auto [to, other] = split(entry.other);
        return change_names({{folder, name, kNone}, {to, other, find(entry.path)}});
    }
    case Op::link: {
        const auto [folder, name] = split(entry.path);
        return change_names({{folder, name, by_inode(entry)}});
    }
    case Op::mkdir: {
        const auto [folder, name] = split(entry.path);
        return change_names({{folder, name, add(entry.inode, true)}});
    }
    case Op::unlink:
    case Op::rmdir: {
        const auto [folder, name] = split(entry.path);
        return change_names({{folder, name, kNone}});
    }
    case Op::map:
        files_[by_inode(entry)].mapped = true;
        return;
    case Op::output:
        return;
    }
    test::give_up("the log has an unknown record");
}

void Disk::put(std::string& bytes, const Change& change) {
    const std::uint64_t end = change.offset + change.length;
    if (bytes.size() < end)
        bytes.resize(end);
    bytes.replace(change.offset, change.length, change.bytes);
}

void Disk::apply(std::string& bytes, const Change& change) {
    if (change.what == Change::What::truncate)
        bytes.resize(change.length);
    else if (change.what == Change::What::write)
        put(bytes, change);
    else if (change.offset < bytes.size()) // a hole does not change the size
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(change.offset),
                    std::min(change.length, bytes.size() - change.offset), '\0');
}

void Disk::sync(Id file, std::uint64_t before) {
    File& synced = files_[file];
    std::erase_if(synced.pending, [&](const Change& change) {
        if (change.sequence > before)
            return false;
        apply(synced.durable, change);
        return true;
    });
    std::erase_if(pending_names_, [&](NameChange& change) {
        if (change.sequence > before)
            return false;
        for (auto& part : change.parts)
            part.durable = part.durable || part.folder == file;
        if (!std::ranges::all_of(change.parts, [](const auto& part) { return part.durable; }))
            return false;
        for (const auto& part : change.parts) {
            if (part.file == kNone)
                files_[part.folder].durable_names.erase(part.name);
            else
                files_[part.folder].durable_names[part.name] = part.file;
        }
        return true;
    });
}

// A write through O_DSYNC takes with it what else is in its pages.
void Disk::sync_range(Id file, std::uint64_t offset, std::uint64_t length) {
    constexpr std::uint64_t page = 4096;
    const std::uint64_t from = offset / page * page;
    const std::uint64_t to = (offset + length + page - 1) / page * page;
    File& synced = files_[file];
    std::erase_if(synced.pending, [&](const Change& change) {
        if (change.what != Change::What::write || change.offset < from ||
            change.offset + change.length > to)
            return false;
        apply(synced.durable, change);
        return true;
    });
}

// --- losing power -------------------------------------------------------------------------------

Disk::Choice Disk::choose(Policy policy, std::uint64_t seed) const {
    using enum Policy;
    std::mt19937_64 random(seed);
    Choice choice;
    choice.seed = seed;
    const auto one_of = [&random](std::size_t count) { return count == 0 ? 0 : random() % count; };
    std::vector<Id> dirty;
    for (Id id = 0; id < files_.size(); ++id)
        if (!files_[id].pending.empty())
            dirty.push_back(id);
    const Fate rest = policy == nothing || policy == no_bytes || policy == one_file_kept
                          ? Fate::none
                      : policy == sizes   ? Fate::sizes
                      : policy == sectors ? Fate::torn_512
                      : policy == pages   ? Fate::torn_4096
                                          : Fate::all;
    choice.files.assign(files_.size(), rest);
    choice.names.assign(pending_names_.size(), policy != nothing && policy != no_names);
    if (policy == one_file_lost && !dirty.empty())
        choice.files[dirty[one_of(dirty.size())]] = Fate::none;
    if (policy == one_file_kept && !dirty.empty())
        choice.files[dirty[one_of(dirty.size())]] = Fate::all;
    if (policy == one_name_lost && !choice.names.empty())
        choice.names[one_of(choice.names.size())] = false;
    if (policy >= mixed) {
        for (const Id id : dirty)
            choice.files[id] = static_cast<Fate>(one_of(5));
        for (std::size_t i = 0; i < choice.names.size(); ++i)
            choice.names[i] = random() % 3 != 0;
    }
    return choice;
}

std::string Disk::image(Id id, Fate fate, std::uint64_t seed) const {
    const File& file = files_[id];
    const bool torn = fate == Fate::torn_512 || fate == Fate::torn_4096;
    if (file.mapped && torn)
        return test::random_bytes(mix(seed, id), file.size);
    std::string bytes = file.durable;
    if (fate == Fate::none)
        return bytes;
    const std::uint64_t count = file.pending.size();
    const std::uint64_t sector = fate == Fate::torn_4096 ? 4096 : 512;
    // Sizes change in order, and so do the bytes of one sector: the first so many of the changes.
    const std::uint64_t sizes = torn ? mix(seed, id) % (count + 1) : count;
    const auto kept = [&](std::uint64_t at) {
        const std::uint64_t chance = mix(mix(seed, id), at / sector);
        return chance % 3 == 0 ? count : chance % 3 == 1 ? 0 : chance / 3 % (count + 1);
    };
    std::uint64_t size = bytes.size();
    for (std::uint64_t i = 0; i < count; ++i) {
        const Change& change = file.pending[i];
        if (change.what == Change::What::truncate) {
            if (i < sizes)
                bytes.resize(size = change.length);
            continue;
        }
        const std::uint64_t end = change.offset + change.length;
        if (i < sizes && change.what == Change::What::write)
            size = std::max(size, end);
        for (std::uint64_t at = change.offset; at < end && fate != Fate::sizes;) {
            const std::uint64_t stop = std::min(end, (at / sector + 1) * sector);
            if (!torn || i < kept(at)) {
                Change piece{change.what, 0, at, stop - at, {}};
                if (change.what == Change::What::write)
                    piece.bytes = change.bytes.substr(at - change.offset, stop - at);
                apply(bytes, piece);
            }
            at = stop;
        }
    }
    bytes.resize(size);
    return bytes;
}

void Disk::collect(State& state, const std::string& path, Id folder, const Choice& choice) const {
    auto names = files_[folder].durable_names;
    for (std::size_t i = 0; i < pending_names_.size(); ++i) {
        for (const auto& part : pending_names_[i].parts) {
            if (part.folder != folder || (!choice.names[i] && !part.durable))
                continue;
            if (part.file == kNone)
                names.erase(part.name);
            else
                names[part.name] = part.file;
        }
    }
    for (const auto& [name, id] : names) {
        const std::string at = path.empty() ? name : path + "/" + name;
        const bool is_folder = files_[id].folder;
        state[at] = {is_folder,
                     is_folder ? std::string() : image(id, choice.files[id], choice.seed)};
        if (is_folder)
            collect(state, at, id, choice);
    }
}

State Disk::after_power_loss(Policy policy, std::uint64_t seed) const {
    State state;
    collect(state, "", 0, choose(policy, seed));
    return state;
}

State Disk::now() const {
    return after_power_loss(Policy::everything, 0);
}

} // namespace codex::crash
