// Segment files that somebody or something has changed: every job works right or names what is
// hurt, no wrong byte is given out, and nothing is lost that is whole.
//
//   CODEX_MUTATIONS   how many repos to mutate; default 40
//   CODEX_SEED        the first seed; default 1
#include "dataset/protected_store.hpp"
#include "repo/small_limits.hpp"

#include "crypto/hash/sha256.hpp"
#include "repo/segments/record.hpp"
#include "repo/segments/scan.hpp"

#include <gtest/gtest.h>
#include <map>
#include <set>

namespace codex::dataset::test {
namespace {

namespace fs = std::filesystem;
using repo::detail::RecordHeader;
using repo::detail::RecordKind;

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
    const char* const text = std::getenv(variable);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// A record as it was before the mutation.
struct Record {
    std::string file;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    RecordHeader header;
};

/// Two plain datasets, the first one protected as well, in two segments.
class Original {
public:
    explicit Original(const std::string& path)
        : first(generate(1, 40 * kBlock)), second(generate(2, 60 * kBlock)) {
        Store store(path, 2, repo::test::kSmallLimits);
        plain = store.put(first, {.block_size_bytes = kBlock});
        coded = must(dataset::encode(store.job(), plain, code_shape(4, 2)));
        other = store.put(second, {.block_size_bytes = kBlock});
        for (const Cid& cid : {plain, other})
            for (const Digest& leaf : store.leaves(cid))
                blocks_of[cid].insert(Cid::block(leaf));
        for (const auto& entry : fs::directory_iterator(path + "/segments")) {
            if (entry.path().extension() != ".seg")
                continue;
            const std::string name = entry.path().filename().string();
            files[name] = must(read_file(entry.path().string(), std::uint64_t{1} << 30));
            const Fd file = must(open_file(entry.path().string(), O_RDONLY));
            must(repo::detail::scan_segment(
                file, name, [&](std::uint64_t offset, const RecordHeader& head) {
                    records.push_back(
                        {name, offset,
                         repo::detail::record_bytes(head.cid.bytes().size(), head.stored_bytes),
                         head});
                    return Result<bool>(true);
                }));
        }
    }

    Bytes first;
    Bytes second;
    Cid plain;
    Cid coded;
    Cid other;
    std::map<Cid, std::set<Cid>> blocks_of;
    std::map<std::string, Bytes> files;
    std::vector<Record> records;
};

/// One mutated copy of the segment files.
class Mutation {
public:
    Mutation(const Original& original, std::uint64_t seed)
        : original_(original), random_(seed), files(original.files) {
        for (std::uint64_t i = 0, count = 1 + below(3); i < count; ++i)
            change();
    }

    [[nodiscard]] bool whole(const Record& record) const {
        const Bytes& now = files.at(record.file);
        const Bytes& before = original_.files.at(record.file);
        return record.offset + record.length <= now.size() &&
               std::equal(before.begin() + static_cast<std::ptrdiff_t>(record.offset),
                          before.begin() +
                              static_cast<std::ptrdiff_t>(record.offset + record.length),
                          now.begin() + static_cast<std::ptrdiff_t>(record.offset));
    }
    std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
    std::mt19937_64& random() { return random_; }

private:
    Bytes& some_file() {
        auto at = files.begin();
        std::advance(at, static_cast<std::ptrdiff_t>(below(files.size())));
        return at->second;
    }
    const Record& some_record() { return original_.records[below(original_.records.size())]; }
    /// The bytes of a record now, as far as its file goes.
    MutableBytes bytes_of(const Record& record) {
        Bytes& file = files.at(record.file);
        const std::uint64_t begin = std::min<std::uint64_t>(record.offset, file.size());
        return MutableBytes(file).subspan(
            begin, std::min<std::uint64_t>(record.length, file.size() - begin));
    }
    void change() {
        switch (below(8)) {
        case 0:
            return flip();
        case 1:
            return some_file().resize(below(some_file().size() + 1));
        case 2:
            return extend();
        case 3:
            return swap();
        case 4:
            return forge();
        case 5:
            return zero();
        case 6:
            return copy();
        default:
            return shift();
        }
    }
    void flip() {
        Bytes& file = some_file();
        for (std::uint64_t i = 0, count = 1 + below(16); i < count && !file.empty(); ++i)
            file[below(file.size())] ^= static_cast<std::uint8_t>(1 + below(255));
    }
    void extend() {
        Bytes& file = some_file();
        const MutableBytes again = bytes_of(some_record());
        const Bytes tail = below(2) == 0 ? Bytes(again.begin(), again.end())
                                         : generate(static_cast<std::uint32_t>(1000 + below(1000)),
                                                    1 + below(5000));
        file.insert(file.end(), tail.begin(), tail.end());
    }
    void swap() {
        const MutableBytes a = bytes_of(some_record());
        const MutableBytes b = bytes_of(some_record());
        if (a.size() == b.size() && a.data() != b.data())
            std::swap_ranges(a.begin(), a.end(), b.begin());
    }
    void copy() {
        const MutableBytes from = bytes_of(some_record());
        const MutableBytes to = bytes_of(some_record());
        const Bytes bytes(from.begin(), from.end());
        std::copy_n(bytes.begin(), std::min(bytes.size(), to.size()), to.begin());
    }
    void zero() {
        const MutableBytes file(some_file());
        const std::uint64_t begin = below(file.size() + 1);
        const MutableBytes part = file.subspan(begin, below(file.size() - begin + 1));
        std::fill(part.begin(), part.end(), std::uint8_t{0});
    }
    void shift() {
        const Record& record = some_record();
        Bytes& file = files.at(record.file);
        if (record.offset <= file.size())
            file.insert(file.begin() + static_cast<std::ptrdiff_t>(record.offset), 64, 0);
    }
    /// A header with another size, kind or CID and the right checksum.
    void forge() {
        const Record& record = some_record();
        const std::size_t size = repo::detail::header_bytes(record.header.cid.bytes().size());
        const MutableBytes bytes = bytes_of(record);
        if (bytes.size() < size)
            return;
        const MutableBytes header = bytes.first(size);
        constexpr std::size_t kFields[] = {4, 5, 6, 16, 17, 20, 24, 25, 36, 50};
        header[kFields[below(std::size(kFields))]] ^= static_cast<std::uint8_t>(1 + below(255));
        repo::detail::sign_header(header);
    }

    const Original& original_;
    std::mt19937_64 random_;

public:
    std::map<std::string, Bytes> files;
};

class MutatedSegments : public testing::Test {
protected:
    MutatedSegments() : original_(folder_.file("original")) {
        EXPECT_GE(original_.files.size(), 2U);
    }

    void check(std::uint64_t seed);
    void use(Store& store, Mutation& mutation);
    void get(Store& store, const Cid& cid, const Bytes& content, bool must_work);
    void nothing_whole_is_lost(Store& store, const Mutation& mutation);
    void put_again(Store& store);

    bool whole(const Mutation& mutation, const Cid& cid) const {
        return std::ranges::all_of(original_.records, [&](const Record& record) {
            const bool ours = original_.blocks_of.at(cid).contains(record.header.cid) ||
                              record.header.kind == RecordKind::tree;
            return !ours || mutation.whole(record);
        });
    }

    const TemporaryFolder folder_;
    const Original original_;
    bool removed_ = false; // the other dataset
};

void MutatedSegments::get(Store& store, const Cid& cid, const Bytes& content, bool must_work) {
    MemorySink sink;
    const auto got = dataset::get(store.job(), cid, {}, sink);
    if (!got) {
        EXPECT_FALSE(must_work) << got.error().text();
        EXPECT_FALSE(got.error().text().empty());
        return;
    }
    EXPECT_EQ(got->bytes, content.size());
    EXPECT_EQ(sink.content(), content);
}

void MutatedSegments::nothing_whole_is_lost(Store& store, const Mutation& mutation) {
    for (const Record& record : original_.records) {
        if (record.header.kind != RecordKind::block || !mutation.whole(record) ||
            (removed_ && !original_.blocks_of.at(original_.plain).contains(record.header.cid)))
            continue;
        const auto bytes = store.repo().get(record.header.cid);
        ASSERT_TRUE(bytes.has_value()) << record.header.cid.text() << bytes.error().text();
        EXPECT_EQ(crypto::sha256(*bytes), record.header.cid.digest32());
    }
}

/// Every job once, in an order of the seed's own.
void MutatedSegments::use(Store& store, Mutation& mutation) {
    std::vector<int> jobs{0, 1, 2, 3, 4, 5, 6};
    std::shuffle(jobs.begin(), jobs.end(), mutation.random());
    for (const int job : jobs) {
        SCOPED_TRACE(fmt::format("job {}", job));
        switch (job) {
        case 0:
            must(store.repo().for_each_dataset([](const repo::DatasetInfo&) { return true; }));
            must(store.repo().for_each_block([](const repo::BlockInfo&) { return true; }));
            break;
        case 1:
            get(store, original_.plain, original_.first, whole(mutation, original_.plain));
            get(store, original_.coded, original_.first, whole(mutation, original_.plain));
            if (!removed_)
                get(store, original_.other, original_.second, whole(mutation, original_.other));
            break;
        case 2:
            must(store.repo().verify({}, [](const repo::VerifyProblem&) {}));
            break;
        case 3:
            for (const Cid& cid : {original_.coded, original_.plain})
                if (const auto done = dataset::repair(store.job(), cid); !done) {
                    EXPECT_TRUE(done.error().code() == Errc::erasure_unrepairable ||
                                done.error().code() == Errc::dataset_damaged)
                        << done.error().text();
                }
            break;
        case 4:
            must(store.repo().gc({}));
            break;
        case 5:
            must(store.repo().remove_dataset(original_.other));
            removed_ = true;
            break;
        default:
            EXPECT_EQ(store.put(original_.first, {.block_size_bytes = kBlock}), original_.plain);
            get(store, original_.plain, original_.first, whole(mutation, original_.plain));
        }
        nothing_whole_is_lost(store, mutation);
    }
}

/// What was found damaged and is put again is whole.
void MutatedSegments::put_again(Store& store) {
    must(store.repo().verify({}, [](const repo::VerifyProblem&) {}));
    EXPECT_EQ(store.put(original_.first, {.block_size_bytes = kBlock}), original_.plain);
    EXPECT_EQ(store.put(original_.second, {.block_size_bytes = kBlock}), original_.other);
    EXPECT_EQ(must(dataset::encode(store.job(), original_.plain, code_shape(4, 2))),
              original_.coded);
    repo::VerifyOptions options;
    options.repair_counters = true;
    must(store.repo().verify(options, [](const repo::VerifyProblem&) {}));
    must(store.repo().verify({}, [&](const repo::VerifyProblem& problem) {
        ADD_FAILURE() << name_of(problem.kind) << ' ' << problem.cid.text() << ' ' << problem.text;
    }));
    EXPECT_EQ(store.get(original_.plain), original_.first);
    EXPECT_EQ(store.get(original_.coded), original_.first);
    EXPECT_EQ(store.get(original_.other), original_.second);
}

void MutatedSegments::check(std::uint64_t seed) {
    SCOPED_TRACE(fmt::format("CODEX_MUTATIONS=1 CODEX_SEED={}", seed));
    const std::string path = folder_.file("mutated");
    fs::remove_all(path);
    fs::copy(folder_.file("original"), path, fs::copy_options::recursive);
    Mutation mutation(original_, seed);
    for (const auto& [name, bytes] : mutation.files)
        must(write_file_atomic(path + "/segments/" + name, bytes, 0600));
    removed_ = false;
    Store store(path, 2, repo::test::kSmallLimits);
    use(store, mutation);
    put_again(store);
}

TEST_F(MutatedSegments, NoWrongBytesAndNothingWholeIsLost) {
    const std::uint64_t first = number_of("CODEX_SEED", 1);
    for (std::uint64_t i = 0; i < number_of("CODEX_MUTATIONS", 40) && !HasFailure(); ++i)
        check(first + i);
}

} // namespace
} // namespace codex::dataset::test
