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
        const bool typed = way.command.starts_with("codex-") || way.command.starts_with("--");
        EXPECT_TRUE(typed || way.words.find("-") != std::string_view::npos) << remedy_name(action);
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

} // namespace
} // namespace codex::cli::detail
