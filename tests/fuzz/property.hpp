// What fuzz targets have in common: a property that fails ends the process.
#pragma once

#include "base/bytes.hpp"

#include <cstdio>
#include <cstdlib>

/// Ends the process, so that the fuzzer keeps the input, when the property does not hold.
#define FUZZ_CHECK(property)                                                                       \
    do {                                                                                           \
        if (!(property)) {                                                                         \
            std::fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #property);      \
            std::abort();                                                                          \
        }                                                                                          \
    } while (false)
