// Power failures at every write: what was not synced is gone, there, or torn, and nothing that was
// acknowledged is lost (L1, L2, L6).
#include "files.hpp"
#include "repo/disk.hpp"

#include <cerrno>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <random>

namespace codex::ledger {
namespace {

using namespace test;

/// What of the writes since the last sync has reached the disk.
enum class Kept { none, some, torn };

/// Remembers what a file had at its last sync, and what was written since. From one call on all
/// fail, as for a process that is no more. Of the state it knows nothing: that is not trusted
/// after a power failure.
class ForgetfulDisk final : public repo::Disk {
public:
    int calls = 0;
    /// So many calls go through, and what is on the disk now is there.
    void begin(int calls_left) {
        files_.clear();
        calls = 0;
        calls_left_ = calls_left;
    }

    ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) override {
        const std::lock_guard lock(mutex_);
        const std::string name = name_of(fd);
        if (is_watched(name)) {
            if (!goes_on())
                return -1;
            File& file = file_of(name);
            Bytes bytes;
            for (int i = 0; i < count; ++i)
                append(bytes,
                       {static_cast<const std::uint8_t*>(parts[i].iov_base), parts[i].iov_len});
            file.writes.emplace_back(static_cast<std::size_t>(offset), std::move(bytes));
        }
        return Disk::pwritev(fd, parts, count, offset);
    }
    int fdatasync(int fd) override {
        const std::lock_guard lock(mutex_);
        const std::string name = name_of(fd);
        if (is_watched(name)) {
            if (!goes_on())
                return -1;
            File& file = file_of(name);
            for (const auto& [offset, bytes] : file.writes)
                put(file.synced, offset, bytes);
            file.writes.clear();
        }
        return Disk::fdatasync(fd);
    }

    /// What the machine finds when it is started again.
    void crash(Kept kept, std::uint64_t seed) {
        std::mt19937_64 random(seed);
        for (auto& [name, file] : files_) {
            Bytes left = file.synced;
            for (const auto& [offset, bytes] : file.writes) {
                const bool last = &bytes == &file.writes.back().second;
                if (kept == Kept::none || (kept == Kept::some && random() % 2 == 0))
                    continue;
                if (kept == Kept::torn && last) // sectors of it, in any order
                    for (std::size_t at = 0; at < bytes.size(); at += 64) {
                        if (random() % 2 == 0)
                            put(left, offset + at,
                                BytesView(bytes).subspan(
                                    at, std::min<std::size_t>(64, bytes.size() - at)));
                    }
                else
                    put(left, offset, bytes);
            }
            overwrite(name, left);
        }
        files_.clear();
        calls_left_ = INT32_MAX;
    }

private:
    struct File {
        Bytes synced;
        std::vector<std::pair<std::size_t, Bytes>> writes;
    };
    [[nodiscard]] bool goes_on() {
        ++calls;
        errno = EIO;
        return calls_left_-- > 0;
    }
    [[nodiscard]] static std::string name_of(int fd) {
        std::error_code ignored;
        return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored)
            .string();
    }
    [[nodiscard]] static bool is_watched(const std::string& name) {
        return name.ends_with("/journal") || name.ends_with("/durable");
    }
    File& file_of(const std::string& name) {
        const auto [at, is_new] = files_.try_emplace(name);
        if (is_new)
            at->second.synced = content_of(name);
        return at->second;
    }
    static void put(Bytes& to, std::size_t offset, BytesView bytes) {
        if (to.size() < offset + bytes.size())
            to.resize(offset + bytes.size());
        std::ranges::copy(bytes, to.begin() + static_cast<std::ptrdiff_t>(offset));
    }
    int calls_left_ = INT32_MAX;
    std::map<std::string, File> files_;
    std::mutex mutex_;
};

/// Some calls, a batch among them; adds what was acknowledged.
void work(Ledger& ledger, std::vector<Receipt>& acknowledged) {
    const PrivateKey client = key_of(1);
    const PrivateKey host = key_of(2);
    const auto call = [&](std::span<const Order> orders) {
        if (auto receipts = ledger.call(orders))
            for (Receipt& receipt : *receipts)
                if (receipt.sequence !=
                    0) // else it was refused, for what was before it is not there
                    acknowledged.push_back(std::move(receipt));
    };
    const auto one = [&](const PrivateKey& key, const Address& to, const Bytes& data) {
        const std::array orders{Order{key, to, data}};
        call(orders);
    };
    one(client, kToken, approve_market(1'000'000'000));
    one(host, kToken, approve_market(1'000'000'000));
    const Value request = sample_request(1);
    const Word id = id_of(request);
    one(client, kMarket, market_call("requestStorage", {request}));
    const std::array reserve{market_call("reserveSlot", {id, UInt256(0)}),
                             market_call("reserveSlot", {id, UInt256(1)})};
    const std::array both{Order{host, kMarket, reserve[0]}, Order{host, kMarket, reserve[1]}};
    call(both);
    (void)ledger.advance({Advance::By::seconds, 30});
    one(host, kMarket, market_call("fillSlot", {id, UInt256(1), sample_proof()}));
}

/// Calls of some who wait for the disk, and of others between who do not; adds what was
/// acknowledged to those who do.
void work_among_hasty(const std::string& path, const Options& options,
                      std::vector<Receipt>& acknowledged) {
    for (std::uint64_t i = 0; i < 5; ++i) {
        Options with = options;
        with.sync = i % 2 != 0;
        const auto ledger = Ledger::open(path, Access::write, with);
        auto receipts = ledger ? try_to_call(**ledger, i) : fail(Errc::io);
        if (receipts && with.sync)
            acknowledged.push_back(std::move(receipts->at(0)));
    }
}

/// The machine was started again: what was acknowledged is there, at most `most` records are, and
/// the ledger is as others.
void expect_whole(const std::string& path, const Options& started,
                  const std::vector<Receipt>& acknowledged, std::size_t most) {
    UInt256 digest;
    {
        const auto ledger = must(Ledger::open(path, Access::write, started));
        std::map<std::uint64_t, Digest> there;
        must(ledger->records(1, [&](const PlacedRecord& placed) -> Result<bool> {
            there[placed.record.sequence] = placed.hash;
            return true;
        }));
        for (const Receipt& receipt : acknowledged) {
            ASSERT_TRUE(there.contains(receipt.sequence)) << receipt.sequence;
            ASSERT_EQ(there[receipt.sequence], receipt.hash) << receipt.sequence;
        }
        // Of calls that were made together all are there, or the first ones.
        ASSERT_LE(there.size(), most);
        send(*ledger, key_of(1), kToken, approve_market(3));
        digest = must(ledger->digest());
        ASSERT_EQ(must(ledger->verify({})).digest, digest);
        ASSERT_EQ(must(ledger->verify({})).torn_bytes, 0u);
    }
    std::filesystem::remove_all(path + "/state");
    const auto again = must(Ledger::open(path, Access::write, started));
    ASSERT_EQ(must(again->digest()), digest);
}

/// Has `work` done on a new ledger up to each of its writes and syncs, and then no power; gives how
/// many there are.
int fail_everywhere(std::size_t most_records,
                    const std::function<void(const std::string& path, const Options& options,
                                             std::vector<Receipt>& acknowledged)>& work) {
    const TemporaryFolder folder;
    const std::string path = folder.file("ledger");
    ForgetfulDisk disk;
    Options options;
    options.disk = disk;
    options.boot = "0";
    int most = INT32_MAX;
    int boots = 0;
    for (int boundary = 0; boundary <= most; ++boundary)
        for (const Kept kept : {Kept::none, Kept::some, Kept::torn}) {
            SCOPED_TRACE(fmt::format("boundary {}, kept {}", boundary, static_cast<int>(kept)));
            std::filesystem::remove_all(path);
            std::vector<Receipt> acknowledged;
            must(Ledger::create(path, sample_genesis(), options));
            disk.begin(boundary);
            work(path, options, acknowledged);
            if (most == INT32_MAX && disk.calls <= boundary)
                most = boundary; // all of them went through
            disk.crash(kept, static_cast<std::uint64_t>(boundary));
            Options started = options;
            started.boot = std::to_string(++boots);
            expect_whole(path, started, acknowledged, most_records);
            if (testing::Test::HasFatalFailure())
                return 0;
        }
    return most;
}

TEST(PowerFailure, NothingThatWasAcknowledgedIsLost) {
    const int most =
        fail_everywhere(7, [](const auto& path, const auto& options, auto& acknowledged) {
            if (const auto ledger = Ledger::open(path, Access::write, options))
                work(**ledger, acknowledged);
        });
    EXPECT_GT(most, 30);
}

TEST(PowerFailure, WhoDoesNotWaitForTheDiskTakesNothingFromThoseWhoDo) {
    const int most = fail_everywhere(5, work_among_hasty);
    EXPECT_GT(most, 15);
}

} // namespace
} // namespace codex::ledger
