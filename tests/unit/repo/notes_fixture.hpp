// A repo whose index can be lost, and a look into its file of notes.
#pragma once

#include "repo/fixture.hpp"
#include "repo/small_limits.hpp"
#include "repo/upkeep/notes.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

namespace codex::repo::test {

class Notes : public testing::Test {
protected:
    Notes() : repo_(must(Repo::init(scratch_.repo(), {}, small()))) {}

    /// Without the old index.
    RebuildReport rebuild() {
        close();
        ::unlink((scratch_.repo() + "/index.mdb").c_str());
        ::unlink((scratch_.repo() + "/index.mdb-lock").c_str());
        const RebuildReport report = must(Repo::rebuild_index(scratch_.repo(), small()));
        repo_ = must(Repo::open(scratch_.repo(), small()));
        EXPECT_THAT(problems(repo_), testing::IsEmpty());
        return report;
    }
    void close() { const Repo closed = std::move(repo_); }
    /// What the file has, of which nothing is damaged.
    std::vector<detail::Note> in_file() {
        std::vector<detail::Note> notes;
        const detail::NotesFile file =
            must(detail::scan_notes(scratch_.repo(), [&](const detail::Note& note) -> Result<void> {
                notes.push_back(note);
                return {};
            }));
        EXPECT_EQ(file.between + file.behind, 0U);
        return notes;
    }

    const Scratch scratch_;
    Repo repo_;
};

} // namespace codex::repo::test
