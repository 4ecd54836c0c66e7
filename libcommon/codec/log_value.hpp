// How CIDs look in log records.
#pragma once

#include "base/log_value.hpp"
#include "codec/cid.hpp"

namespace codex::codec {

/// Short in text, whole in JSON. It is made only for a record that is written.
[[nodiscard]] inline log::Rendered log_value(const Cid& cid) {
    return log::log_value(log::Id{cid.text()});
}

} // namespace codex::codec
