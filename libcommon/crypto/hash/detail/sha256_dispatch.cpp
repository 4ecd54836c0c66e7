#include "crypto/hash/detail/sha256_dispatch.hpp"

#include "base/cpu.hpp"

namespace codex::crypto::detail {

namespace {

constexpr Sha256Wide kNoWide[] = {{0, 0, nullptr}};
constexpr Sha256Wide kAvx2Wide[] = {
    {16, 10, sha256_compress16_avx2}, {8, 3, sha256_compress8_avx2}, {0, 0, nullptr}};
constexpr Sha256Wide kShaNiWide[] = {{2, 2, sha256_compress2_shani}, {0, 0, nullptr}};
constexpr Sha256Wide kAvx512Wide[] = {
    {32, 17, sha256_compress32_avx512}, {16, 2, sha256_compress16_avx512}, {0, 0, nullptr}};
constexpr Sha256Wide kAvx512ShaNiWide[] = {{32, 21, sha256_compress32_avx512},
                                           {16, 11, sha256_compress16_avx512},
                                           {2, 2, sha256_compress2_shani},
                                           {0, 0, nullptr}};

constexpr Sha256WideNodes kNoWideNodes[] = {{0, 0, nullptr}};
constexpr Sha256WideNodes kAvx2Nodes[] = {{8, 2, sha256_nodes_avx2}, {0, 0, nullptr}};
constexpr Sha256WideNodes kAvx512Nodes[] = {
    {32, 17, sha256_nodes_avx512}, {16, 2, sha256_nodes_avx512}, {0, 0, nullptr}};
constexpr Sha256WideNodes kAvx512ShaNiNodes[] = {
    {32, 19, sha256_nodes_avx512}, {16, 11, sha256_nodes_avx512}, {0, 0, nullptr}};

constexpr Sha256Kernels kPortable = {"portable", sha256_compress_portable, kNoWide,
                                     sha256_nodes_portable, kNoWideNodes};
constexpr Sha256Kernels kAvx2 = {"avx2", sha256_compress_avx2, kAvx2Wide, sha256_nodes_portable,
                                 kAvx2Nodes};
constexpr Sha256Kernels kShaNi = {"sha_ni", sha256_compress_shani, kShaNiWide, sha256_nodes_shani,
                                  kNoWideNodes};
constexpr Sha256Kernels kAvx512 = {"avx512", sha256_compress_avx2, kAvx512Wide,
                                   sha256_nodes_portable, kAvx512Nodes};
constexpr Sha256Kernels kAvx512ShaNi = {"avx512+sha_ni", sha256_compress_shani, kAvx512ShaNiWide,
                                        sha256_nodes_shani, kAvx512ShaNiNodes};

} // namespace

const Sha256Kernels& sha256_kernels() {
    const cpu::Features& cpu = cpu::features();
    if (cpu.avx512)
        return cpu.sha_ni ? kAvx512ShaNi : kAvx512;
    if (cpu.sha_ni)
        return kShaNi;
    return cpu.avx2 ? kAvx2 : kPortable;
}

} // namespace codex::crypto::detail
