#include "erasure/detail/kernel_choice.hpp"

#include "base/cpu.hpp"

namespace codex::erasure::detail {

std::vector<const KernelSet*> usable_kernels() {
    std::vector<const KernelSet*> found{&kScalarKernels};
#if defined(__x86_64__)
    const cpu::Features& features = cpu::features();
    if (features.ssse3)
        found.push_back(&kSsse3Kernels);
    if (features.avx2)
        found.push_back(&kAvx2Kernels);
    if (features.gfni)
        found.push_back(&kGfniKernels);
    if (features.avx512_gfni && features.avx512_vbmi)
        found.push_back(&kAvx512Kernels);
#endif
    return found;
}

const KernelSet& best_kernels() {
    static const KernelSet& best = *usable_kernels().back();
    return best;
}

} // namespace codex::erasure::detail
