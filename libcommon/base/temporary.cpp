#include "base/temporary.hpp"

#include <utility>

namespace codex {

namespace {

std::string& folder() {
    static std::string current = "/tmp";
    return current;
}

} // namespace

void use_temporary_folder(std::string path) {
    folder() = std::move(path);
}

std::string temporary_folder() {
    return folder();
}

} // namespace codex
