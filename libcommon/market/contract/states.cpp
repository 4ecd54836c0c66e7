#include "market/contract/states.hpp"

namespace codex::market {

std::string_view name_of(RequestState state) {
    switch (state) {
    case RequestState::fresh:
        return "new";
    case RequestState::started:
        return "started";
    case RequestState::cancelled:
        return "cancelled";
    case RequestState::finished:
        return "finished";
    case RequestState::failed:
        return "failed";
    }
    return "unknown";
}

std::string_view name_of(SlotState state) {
    switch (state) {
    case SlotState::free:
        return "free";
    case SlotState::filled:
        return "filled";
    case SlotState::finished:
        return "finished";
    case SlotState::failed:
        return "failed";
    case SlotState::paid:
        return "paid";
    case SlotState::cancelled:
        return "cancelled";
    case SlotState::repair:
        return "repair";
    }
    return "unknown";
}

} // namespace codex::market
