#include "dataset/detail/leaf_order.hpp"
#include "dataset/detail/nim_files.hpp"
#include "merkle/tree.hpp"
#include "protected_store.hpp"
#include "vectors.hpp"

namespace codex::dataset::test {
namespace {

namespace fs = std::filesystem;

class NimLayout : public ::testing::Test {
protected:
    TemporaryFolder folder_;
    Store store_{folder_.file("repo")};
    Store other_{folder_.file("other")};
    std::string data_dir_ = folder_.file("node");

    std::uint64_t export_of(std::vector<Cid> cids) {
        return must(export_nim(store_.job(), cids, data_dir_));
    }
    ImportReport import() {
        return must(import_nim(other_.job(), data_dir_, 0,
                               [this](const Cid& cid) { told_.push_back(cid); }));
    }
    Cid small_dataset(BytesView content, std::optional<std::string> name = {}) {
        PutOptions options;
        options.block_size_bytes = 64;
        options.filename = std::move(name);
        return store_.put(content, options);
    }
    std::string file_of(const Cid& cid) { return detail::nim_path(data_dir_, cid); }

    std::vector<Cid> told_;
};

TEST_F(NimLayout, NamesFilesAsTheReferenceDoes) {
    const auto& keys = codex::test::data_model()["repoKeys"];
    const std::string block = keys["blockFile"];
    const Cid cid = must(Cid::from_text(fs::path(block).stem().string()));
    EXPECT_EQ(detail::nim_path("DIR", cid), "DIR/" + block);
    const std::string manifest = keys["manifest"];
    const Cid manifest_cid = must(Cid::from_text(fs::path(manifest).filename().string()));
    EXPECT_EQ(detail::nim_path("DIR", manifest_cid), "DIR" + manifest + ".dsobj");
}

TEST_F(NimLayout, WritesEveryBlockOnceAndTheManifest) {
    Bytes content = generate(1, 640);
    append(content, generate(1, 640)); // the same ten blocks again
    const Cid cid = small_dataset(content);
    EXPECT_EQ(export_of({cid}), 11U);
    EXPECT_EQ(export_of({cid}), 11U); // again, over the old ones
    for (const Digest& leaf : store_.leaves(cid))
        EXPECT_EQ(must(read_file(file_of(Cid::block(leaf)), 1000)),
                  must(store_.repo().get(Cid::block(leaf))));
    EXPECT_EQ(must(read_file(file_of(cid), 1000)), must(store_.repo().dataset(cid)).manifest_bytes);
}

TEST_F(NimLayout, BringsBackDatasetsWhoseOrderCanBeProved) {
    Bytes tail = Bytes(64 * 9, 'x');
    append(tail, as_bytes("the end"));
    std::vector<Cid> cids = {
        small_dataset(generate(1, 64)),  // one block
        small_dataset(generate(2, 7)),   // one block, not full
        small_dataset(Bytes(64 * 1000)), // zeros
        small_dataset(Bytes(64 * 77 + 5)),
        small_dataset(tail),             // one block all along but the last
        small_dataset(generate(3, 100)), // two blocks
        small_dataset(generate(4, 3 * 64)),
    };
    export_of(cids);
    ImportReport report = import();
    EXPECT_TRUE(report.unordered.empty());
    EXPECT_TRUE(report.problems.empty());
    EXPECT_EQ(report.loose_blocks, 0U);
    std::sort(cids.begin(), cids.end());
    std::sort(report.datasets.begin(), report.datasets.end());
    std::sort(told_.begin(), told_.end());
    EXPECT_EQ(report.datasets, cids);
    EXPECT_EQ(told_, cids);
    for (const Cid& cid : cids)
        EXPECT_EQ(other_.get(cid), store_.get(cid));
}

TEST_F(NimLayout, TriesAllOrdersOfAFewBlocks) {
    const Cid cid = small_dataset(generate(5, 7 * 64 - 3));
    export_of({cid});
    EXPECT_EQ(import().datasets, std::vector<Cid>{cid});
    EXPECT_EQ(other_.get(cid), store_.get(cid));
}

TEST_F(NimLayout, KeepsTheBlocksOfADatasetWithoutOrder) {
    const Cid cid = small_dataset(generate(6, 30 * 64));
    export_of({cid});
    const ImportReport report = import();
    EXPECT_TRUE(report.datasets.empty());
    EXPECT_EQ(report.unordered, std::vector<Cid>{cid});
    EXPECT_EQ(report.loose_blocks, 30U);
    for (const Digest& leaf : store_.leaves(cid))
        EXPECT_EQ(must(other_.repo().get(Cid::block(leaf))),
                  must(store_.repo().get(Cid::block(leaf))));
    EXPECT_EQ(must(other_.repo().get(cid)), must(store_.repo().dataset(cid)).manifest_bytes);
}

TEST_F(NimLayout, UsesATreeThatIsKnownHere) {
    const Bytes content = generate(7, 30 * 64);
    const Cid named = small_dataset(content, "a name");
    export_of({named});
    PutOptions options;
    options.block_size_bytes = 64;
    const Cid plain = other_.put(content, options);
    must(erase(other_.job(), plain, std::vector<std::uint64_t>{3, 29}));
    const ImportReport report = import();
    EXPECT_EQ(report.datasets, std::vector<Cid>{named});
    EXPECT_EQ(report.loose_blocks, 0U);
    EXPECT_EQ(other_.get(named), content);
    EXPECT_EQ(other_.get(plain), content); // the two lost blocks came with the directory
}

TEST_F(NimLayout, SkipsWrongFilesAndSaysWhich) {
    const Cid whole = small_dataset(generate(8, 64)), broken = small_dataset(generate(9, 64));
    export_of({whole, broken});
    const std::string bad = file_of(Cid::block(store_.leaves(broken)[0]));
    must(write_file_atomic(bad, as_bytes("not what the name says")));
    const std::string misnamed = fs::path(bad).parent_path() / "hello.dsobj";
    must(write_file_atomic(misnamed, as_bytes("x")));
    fs::create_directories(data_dir_ + "/repo/blocks/zz");
    const std::string good = file_of(Cid::block(store_.leaves(whole)[0]));
    const std::string misplaced =
        data_dir_ + "/repo/blocks/zz/" + fs::path(good).filename().string();
    fs::copy_file(good, misplaced);
    must(write_file_atomic(fs::path(bad).parent_path() / "LOCK", as_bytes("")));

    const ImportReport report = import();
    EXPECT_EQ(report.datasets, std::vector<Cid>{whole});
    EXPECT_EQ(report.unordered, std::vector<Cid>{broken});
    ASSERT_EQ(report.problems.size(), 3U);
    std::string all;
    for (const Error& problem : report.problems)
        all += problem.text() + "\n";
    for (const std::string& path : {bad, misnamed, misplaced})
        EXPECT_THAT(all, ::testing::HasSubstr(path));
}

TEST_F(NimLayout, WantsADataDirectory) {
    const Error error =
        must_fail(import_nim(other_.job(), folder_.file("nothing"), 0, [](const Cid&) {}));
    EXPECT_EQ(error.code(), Errc::not_found);
    EXPECT_TRUE(error.has_way_out());
}

TEST_F(NimLayout, IsNotWrittenFromADamagedDataset) {
    const Cid cid = small_dataset(generate(10, 640));
    must(erase(store_.job(), cid, std::vector<std::uint64_t>{4}));
    EXPECT_EQ(must_fail(export_nim(store_.job(), std::vector<Cid>{cid}, data_dir_)).code(),
              Errc::dataset_damaged);
}

TEST(LeafOrder, FindsRunsOfAnyLength) {
    const detail::Candidate run{Digest{1}, 64, 64}, end{Digest{2}, 64, 3}, other{Digest{3}, 64, 64};
    const std::vector<detail::Candidate> candidates = {other, end, run};
    for (std::uint64_t count = 1; count < 70; ++count) {
        std::vector<Digest> leaves(count, run.digest);
        leaves.back() = end.digest;
        codec::Manifest manifest;
        manifest.block_size_bytes = 64;
        manifest.dataset_size_bytes = 64 * (count - 1) + 5;
        manifest.tree =
            Cid::sha256(codec::Multicodec::codex_root, must(merkle::Tree::build(leaves)).root());
        const auto order = detail::find_leaf_order(manifest, candidates);
        ASSERT_TRUE(order) << count;
        for (std::uint64_t i = 0; i < count; ++i)
            ASSERT_EQ(order->at(i), leaves[i]) << count;
    }
}

TEST(LeafOrder, GivesUpWhereItCannotTryAll) {
    codec::Manifest manifest;
    manifest.block_size_bytes = 64;
    manifest.tree = Cid::sha256(codec::Multicodec::codex_root, Digest{9});
    std::vector<detail::Candidate> candidates;
    for (std::uint8_t i = 0; i < 100; ++i)
        candidates.push_back({Digest{i}, 64, 64});
    for (const std::uint64_t blocks : {1U, 2U, 3U, 20U, 1000U}) {
        manifest.dataset_size_bytes = 64 * blocks;
        EXPECT_FALSE(detail::find_leaf_order(manifest, candidates)) << blocks;
    }
    manifest.dataset_size_bytes = std::uint64_t{1} << 60; // nothing is allocated for it
    EXPECT_FALSE(detail::find_leaf_order(manifest, candidates));
}

} // namespace
} // namespace codex::dataset::test
