// A file with a secret in it: read into memory of its own, and refused where others may use it.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"

namespace codex {

/// What such a file had when it was read, and who may use it.
/// Threads: const calls from any thread, at once.
class SecretFile {
public:
    /// The first `max_bytes` and one more, so that a longer file shows. Nobody is waited for.
    /// Errors, each with the path: not_found, permission, io; key_file_invalid, when it is no
    /// regular file.
    [[nodiscard]] static Result<SecretFile> read(const std::string& path, std::size_t max_bytes);

    [[nodiscard]] const SecretBytes& content() const { return content_; }
    /// What refuses one that anybody but its owner may do anything with. To be asked when it is
    /// clear that the content is a secret: whoever is told to restrict another file harms what
    /// needs it. Errors: permission, with a way out.
    [[nodiscard]] Result<void> check_owner_alone() const;
    /// `error` about the content, with the path and what to do.
    [[nodiscard]] Error wrong_content(Error&& error) const;

private:
    SecretFile(std::string path, unsigned mode, SecretBytes content)
        : path_(std::move(path)), mode_(mode), content_(std::move(content)) {}
    std::string path_;
    unsigned mode_;
    SecretBytes content_;
};

/// Makes `path`, where nothing is, hold `content`, for its owner alone; whole or not at all.
/// Errors: those of write_new_file() (base/fd.hpp).
[[nodiscard]] Result<void> write_new_secret_file(const std::string& path, BytesView content);

} // namespace codex
