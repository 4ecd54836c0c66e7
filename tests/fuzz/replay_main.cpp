// Without libFuzzer: runs the target over every file of the folders and files named as arguments,
// and over all their truncations, so that the corpus is a regression test under any compiler.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void replay(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> content(std::istreambuf_iterator<char>(file), {});
    const auto* data = reinterpret_cast<const std::uint8_t*>(content.data());
    const std::size_t step = content.size() > 2048 ? content.size() / 512 : 1;
    for (std::size_t size = 0; size < content.size(); size += step)
        LLVMFuzzerTestOneInput(data, size);
    LLVMFuzzerTestOneInput(data, content.size());
}

} // namespace

int main(int argc, char** argv) {
    std::size_t files = 0;
    for (int i = 1; i < argc; ++i) {
        if (!std::filesystem::is_directory(argv[i])) {
            replay(argv[i]);
            ++files;
            continue;
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i]))
            if (entry.is_regular_file()) {
                replay(entry.path());
                ++files;
            }
    }
    std::printf("replayed %zu inputs\n", files);
    return files == 0 ? 1 : 0;
}
