// What tests of archives share: a repo that exports and another that imports.
#pragma once

#include "codec/car.hpp"
#include "protected_store.hpp"

namespace codex::dataset::test {

class Archive : public ::testing::Test {
protected:
    TemporaryFolder folder_;
    Store store_{folder_.file("repo")};
    Store other_{folder_.file("other")};

    Bytes exported(std::vector<Cid> cids, bool zstd = false) {
        MemorySink sink;
        must(export_car(store_.job(), cids, sink, zstd));
        EXPECT_TRUE(sink.flushed());
        return sink.content();
    }

    Result<ImportReport> import(BytesView car) {
        MemorySource source(car, SIZE_MAX, "in.car");
        return import(source);
    }

    Result<ImportReport> import(ByteSource& source) {
        told_.clear();
        return import_car(other_.job(), source, 0,
                          [this](const Cid& cid) { told_.push_back(cid); });
    }

    Error import_fails(BytesView car) {
        Error error = must_fail(import(car));
        EXPECT_EQ(must(other_.repo().space()).counters.datasets, told_.size());
        return error;
    }

    Cid small_dataset(std::size_t bytes, std::uint32_t stream = 1) {
        PutOptions options;
        options.block_size_bytes = 64;
        return store_.put(generate(stream, bytes), options);
    }

    void expect_same(const Cid& cid) {
        const repo::DatasetInfo ours = must(store_.repo().dataset(cid));
        const repo::DatasetInfo theirs = must(other_.repo().dataset(cid));
        EXPECT_EQ(theirs.manifest_bytes, ours.manifest_bytes);
        EXPECT_EQ(other_.leaves(cid), store_.leaves(cid));
        EXPECT_EQ(other_.get(cid), store_.get(cid));
    }

    std::vector<Cid> told_; // datasets that import() said are durable
};

inline Bytes section(const Cid& cid, BytesView data) {
    Bytes bytes = codec::encode_car_section_prefix(cid, data.size());
    append(bytes, data);
    return bytes;
}

} // namespace codex::dataset::test
