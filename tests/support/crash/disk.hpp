// A disk as it may be after a power loss: what was synced, and for everything else a choice. The
// form is the strict one of POSIX: bytes and sizes of a file need a sync of the file, its name one
// of the folder, and nothing keeps an order that no sync made.
#pragma once

#include "../common/folder.hpp"
#include "log.hpp"

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace codex::crash {

/// What a power loss leaves of changes that were not synced.
enum class Fate : std::uint8_t { all, none, sizes, torn_512, torn_4096 };

/// How to choose between the states of one moment.
enum class Policy : std::uint8_t {
    nothing,       // only what was synced
    everything,    // as if it had been
    sizes,         // names and sizes, but zeros for bytes
    no_names,      // bytes, but no names
    no_bytes,      // names, but no bytes and sizes
    one_file_lost, // of one file only what was synced, of the rest all
    one_file_kept,
    one_name_lost,
    sectors, // each sector of 512 bytes on its own
    pages,   // of 4096
    mixed,   // each file and each name on its own
    mixed_again,
    mixed_more,
};
constexpr std::uint64_t kPolicies = 13;

using State = test::Folder;

class Disk {
public:
    /// A folder as it is, all of it synced.
    explicit Disk(const std::string& root);

    void apply(const Entry& entry);
    /// One state that a power loss at this moment may leave.
    [[nodiscard]] State after_power_loss(Policy policy, std::uint64_t seed) const;
    /// As the processes see it now.
    [[nodiscard]] State now() const;

private:
    using Id = std::size_t; // of a file or folder, for ever

    struct Change {
        enum class What : std::uint8_t { write, truncate, punch } what;
        std::uint64_t sequence;
        std::uint64_t offset;
        std::uint64_t length; // of a truncate: the new size
        std::string bytes;
    };
    struct File {
        bool folder = false;
        bool mapped = false; // its bytes are anybody's guess
        std::string durable;
        std::uint64_t size = 0; // with everything pending
        std::vector<Change> pending;
        std::map<std::string, Id> durable_names;
        std::map<std::string, Id> names; // as they are now
    };
    /// Happens as a whole: names that appear, disappear or move.
    struct NameChange {
        struct Part {
            Id folder;
            std::string name;
            Id file; // kNone: the name goes
            bool durable = false;
        };
        std::uint64_t sequence;
        std::vector<Part> parts;
    };
    struct Choice; // what becomes of everything that was not synced
    static constexpr Id kNone = SIZE_MAX;

    void scan(const std::string& path, Id folder);
    Id add(std::uint64_t inode, bool folder);
    [[nodiscard]] std::pair<Id, std::string> split(const std::string& path) const;
    [[nodiscard]] Id find(const std::string& path) const;
    [[nodiscard]] Id by_inode(const Entry& entry) const;
    void change_names(std::vector<NameChange::Part> parts);
    void open(const Entry& entry);
    void change(Id file, Change change);
    void sync(Id file, std::uint64_t before);
    void sync_range(Id file, std::uint64_t offset, std::uint64_t length);
    static void put(std::string& bytes, const Change& change);
    static void apply(std::string& bytes, const Change& change);
    [[nodiscard]] Choice choose(Policy policy, std::uint64_t seed) const;
    [[nodiscard]] std::string image(Id id, Fate fate, std::uint64_t seed) const;
    void collect(State& state, const std::string& path, Id folder, const Choice& choice) const;

    std::string root_;
    std::vector<File> files_;
    std::map<std::uint64_t, Id> by_inode_;
    std::vector<NameChange> pending_names_;
    std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint64_t> sync_began_;
    std::uint64_t sequence_ = 0;
};

} // namespace codex::crash
