#include "net/detail/sodium.hpp"
#include "base/error.hpp"

#include <sodium.h>

namespace codex::net::detail {

void prepare_sodium() {
    static const bool ready = sodium_init() >= 0;
    CODEX_ASSERT(ready);
}

} // namespace codex::net::detail
