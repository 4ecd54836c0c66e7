#include "toolkit/output.hpp"

namespace codex::toolkit {

Result<FdSink> binary_sink(cli::Context& context) {
    CODEX_TRY(fd, context.binary_output());
    const std::string& path = context.output_path();
    return FdSink::create(fd, path.empty() || path == "-" ? "stdout" : path);
}

} // namespace codex::toolkit
