#include "cli/detail/remedies.hpp"

#include <gmock/gmock.h>

namespace codex::cli::detail {
namespace {

constexpr Remedy::Action kActions[] = {
#define CODEX_REMEDY(name) Remedy::name,
#include "base/remedy.def"
#undef CODEX_REMEDY
};

TEST(Remedies, EachActionHasALine) {
    for (const Remedy::Action action : kActions) {
        const Way way = way_of(action);
        EXPECT_FALSE(way.words.empty()) << remedy_name(action);
        bool typed = way.command.empty(); // the words say it, or who offers it does
        for (const char* begin : {"codex-", "--", "mkdir ", "mv "})
            typed = typed || way.command.starts_with(begin);
        EXPECT_TRUE(typed) << remedy_name(action);
        EXPECT_FALSE(hint_of(Error(Errc::io).remedy(action)).ends_with(": "))
            << remedy_name(action);
    }
}

TEST(Remedies, WordsStandBeforeTheCommand) {
    EXPECT_EQ(hint_of(Error(Errc::io)), "");
    EXPECT_EQ(hint_of(Error(Errc::io).remedy(Remedy::list_datasets)),
              "list what is here: codex-chunk ls");
    EXPECT_EQ(hint_of(Error(Errc::io).remedy({Remedy::list_datasets, "which they are"})),
              "which they are: codex-chunk ls");
    EXPECT_EQ(hint_of(Error(Errc::io).remedy(Remedy::name_circuit_cells)),
              "--block-depth and --cell-elements name the circuit");
    EXPECT_EQ(hint_of(Error(Errc::io)
                          .hint("put the file back")
                          .remedy({Remedy::repair_dataset, "or repair it"})
                          .remedy(Remedy::list_blocks)),
              "put the file back; or repair it: codex-ec repair CID; "
              "list what is here: codex-chunk ls --blocks");
}

TEST(Remedies, AnotherDatasetStandsInThePlaceOfTheWord) {
    EXPECT_EQ(hint_of(Error(Errc::io).remedy(Remedy(Remedy::repair_dataset).of("zDvX"))),
              "repair its dataset: codex-ec repair zDvX");
    EXPECT_EQ(hint_of(Error(Errc::io).remedy(Remedy(Remedy::list_datasets).of("zDvX"))),
              "list what is here: codex-chunk ls");
    EXPECT_EQ(hint_of(Error(Errc::io).remedy(Remedy(Remedy::choose_cell_size).with(128))),
              "choose another size of cells: codex-prove slots --cell-size 128 CID");
}

TEST(Remedies, PathsAreQuotedForAShell) {
    EXPECT_EQ(hint_of(Error(Errc::io).remedy(Remedy(Remedy::move_away).of("/r/age"))),
              "move it away: mv /r/age /r/age.away");
    EXPECT_EQ(hint_of(Error(Errc::io).remedy(Remedy(Remedy::make_folder).of("a CID"))),
              "make the folder first: mkdir -p 'a CID'");
    EXPECT_EQ(hint_of(Error(Errc::io).remedy(Remedy(Remedy::make_folder))),
              "make the folder first: mkdir -p PATH");
    EXPECT_EQ(hint_of(Error(Errc::io).remedy(Remedy(Remedy::remove_block).of("zDvX").with(7))),
              "give the block up: codex-chunk rm zDvX@7");
}

TEST(Remedies, ACommandOfItsOwnStandsInThePlaceOfTheUsualOne) {
    EXPECT_EQ(hint_of(Error(Errc::io).remedy(
                  Remedy(Remedy::put_dataset, "store it").by("codex-chunk put 'a b'"))),
              "store it: codex-chunk put 'a b'");
    EXPECT_EQ(hint_of(Error(Errc::usage)
                          .hint("did you mean: x")
                          .remedy(Remedy(Remedy::see_help).by("codex-chunk --help"))),
              "did you mean: x; see: codex-chunk --help");
}

} // namespace
} // namespace codex::cli::detail
