// Where files go that have no name and belong to no folder.
#pragma once

#include <string>

namespace codex {

/// Says where, for the whole process; when it begins, before any other thread. Tools name $TMPDIR.
void use_temporary_folder(std::string path);

/// /tmp, unless another one was named. Threads: any.
[[nodiscard]] std::string temporary_folder();

} // namespace codex
