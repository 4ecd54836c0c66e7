#include "toolkit/access.hpp"

namespace codex::toolkit {

repo::Limits repo_limits() {
    return {};
}

} // namespace codex::toolkit
