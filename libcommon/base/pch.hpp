// The precompiled set of the floors below net: what nearly every file there includes anyway.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
