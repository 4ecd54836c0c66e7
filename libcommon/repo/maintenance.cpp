#include "repo/maintenance.hpp"

namespace codex::repo {

std::string_view name_of(ProblemKind kind) {
    switch (kind) {
    case ProblemKind::block_damaged:
        return "block-damaged";
    case ProblemKind::block_missing:
        return "block-missing";
    case ProblemKind::block_unreadable:
        return "block-unreadable";
    case ProblemKind::block_unknown:
        return "block-unknown";
    case ProblemKind::header_damaged:
        return "header-damaged";
    case ProblemKind::manifest_damaged:
        return "manifest-damaged";
    case ProblemKind::tree_damaged:
        return "tree-damaged";
    case ProblemKind::tree_missing:
        return "tree-missing";
    case ProblemKind::tree_unreadable:
        return "tree-unreadable";
    case ProblemKind::reference_wrong:
        return "reference-wrong";
    case ProblemKind::expiry_wrong:
        return "expiry-wrong";
    case ProblemKind::counter_wrong:
        return "counter-wrong";
    case ProblemKind::records_unknown:
        return "records-unknown";
    case ProblemKind::notes_damaged:
        return "notes-damaged";
    case ProblemKind::dataset_lost:
        return "dataset-lost";
    case ProblemKind::record_damaged:
        return "record-damaged";
    case ProblemKind::note_missing:
        return "note-missing";
    }
    return {};
}

} // namespace codex::repo
