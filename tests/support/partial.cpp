// codex-testpartial SOURCE CID [OPTION...]: brings leaves of a dataset that the repo SOURCE has,
// with their proofs and in a random order, into the partial dataset of that CID in CODEX_REPO, as a
// download does. Prints "CID held N" with tabs whenever N leaves are durable, at last "CID whole".
// It goes on where it, or another one, was.
//
//   --seed N      of the order
//   --leaves N    ends when it has added so many
//   --batch N     leaves in one call (3)
//   --expiry N    Unix seconds
//   --label TEXT
//   --bytes N     commits after so many (65536); a second does it, too
//   --no-sync

#include "base/thread_pool.hpp"
#include "repo/repo.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <unistd.h>

namespace codex::repo {
namespace {

struct Options {
    std::string source;
    std::string cid;
    std::uint64_t seed = 1;
    std::uint64_t leaves = UINT64_MAX;
    std::uint64_t batch = 3;
    std::uint64_t bytes = 65536;
    PartialOptions partial;
    bool sync = true;
};

bool read_number(const char* text, std::uint64_t& number) {
    const char* end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, number);
    return error == std::errc() && stop == end;
}

bool read_options(int argc, char** argv, Options& options) {
    if (argc < 3)
        return false;
    options.source = argv[1];
    options.cid = argv[2];
    for (int i = 3; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--no-sync") {
            options.sync = false;
            continue;
        }
        if (++i == argc)
            return false;
        if (name == "--label")
            options.partial.label = argv[i];
        else if (!read_number(argv[i], name == "--seed"     ? options.seed
                                       : name == "--leaves" ? options.leaves
                                       : name == "--batch"  ? options.batch
                                       : name == "--bytes"  ? options.bytes
                                                            : options.partial.expiry))
            return false;
    }
    return options.batch > 0;
}

void say(const std::string& line) {
    const std::string text = line + "\n";
    if (::write(STDOUT_FILENO, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        std::exit(74);
}

/// A leaf with what it needs.
struct Delivery {
    Cid cid;
    Bytes data;
    merkle::Proof proof;
};

Result<Delivery> deliver(const Repo& source, const StoredTree& tree, std::uint64_t index) {
    Digest digest{};
    CODEX_CHECK(tree.leaves(index, {&digest, 1}));
    CODEX_TRY(proof, tree.proof(index));
    CODEX_TRY(data, source.get(Cid::block(digest)));
    return Delivery{Cid::block(digest), std::move(data), std::move(proof)};
}

/// Those that are missing, in the order of the seed.
std::vector<std::uint64_t> wanted(const IndexSet& held, std::uint64_t leaves, std::uint64_t seed) {
    std::vector<std::uint64_t> out;
    for (std::uint64_t i = held.next_missing(0); i < leaves; i = held.next_missing(i + 1))
        out.push_back(i);
    std::mt19937_64 rng(seed);
    std::shuffle(out.begin(), out.end(), rng);
    return out;
}

Result<void> copy(const Options& options) {
    CODEX_TRY(manifest, Cid::from_text(options.cid));
    ThreadPool pool(2);
    CODEX_TRY(source, Repo::open(options.source, {.read_only = true}));
    CODEX_TRY(dataset, source.dataset(manifest));
    CODEX_TRY(tree, source.tree(dataset.manifest.tree));
    OpenOptions opening;
    opening.sync = options.sync;
    opening.pool = pool;
    opening.limits.partial_bytes = options.bytes;
    opening.limits.segment_bytes = 192 << 10;
    opening.limits.spool_nodes = 8;
    const char* path = std::getenv("CODEX_REPO");
    CODEX_TRY(target, Repo::open(path == nullptr ? "" : path, opening));
    CODEX_TRY(partial, target.open_partial(dataset.manifest_bytes, options.partial));
    CODEX_TRY(held, partial.present());
    std::uint64_t told = UINT64_MAX;
    const auto tell = [&]() -> Result<void> {
        CODEX_TRY(now, partial.present());
        if (!partial.complete() && now.size() != told)
            say(fmt::format("{}\theld\t{}", options.cid, now.size()));
        told = now.size();
        return {};
    };
    CODEX_CHECK(tell());
    const auto order = wanted(held, tree.leaf_count(), options.seed);
    std::span<const std::uint64_t> rest(order);
    rest = rest.first(std::min<std::uint64_t>(rest.size(), options.leaves));
    while (!rest.empty() && !partial.complete()) {
        std::vector<Delivery> deliveries;
        const std::size_t n = std::min<std::uint64_t>(options.batch, rest.size());
        for (const std::uint64_t index : rest.first(n)) {
            CODEX_TRY(delivery, deliver(source, tree, index));
            deliveries.push_back(std::move(delivery));
        }
        rest = rest.subspan(n);
        std::vector<VerifiedLeaf> leaves;
        for (const Delivery& delivery : deliveries)
            leaves.push_back({delivery.cid, delivery.data, &delivery.proof});
        CODEX_CHECK(partial.add(leaves));
        CODEX_CHECK(tell());
    }
    CODEX_CHECK(partial.commit());
    CODEX_CHECK(tell());
    if (partial.complete())
        say(options.cid + "\twhole");
    return {};
}

} // namespace
} // namespace codex::repo

int main(int argc, char** argv) {
    codex::repo::Options options;
    if (!codex::repo::read_options(argc, argv, options)) {
        std::fputs("usage: codex-testpartial SOURCE CID [--seed N] [--leaves N] ...\n", stderr);
        return 64;
    }
    const auto done = codex::repo::copy(options);
    if (done)
        return 0;
    std::fprintf(stderr, "codex-testpartial: error: %s\n", done.error().text().c_str());
    return codex::errc_exit_code(done.error().code());
}
