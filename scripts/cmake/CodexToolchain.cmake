# Compiler settings for every target of this project.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_SOURCE_DIR}/scripts/cmake/cached-compiler ${CCACHE} ${CMAKE_SOURCE_DIR})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# A library of flags, so that they reach our targets and no imported one.
add_library(codex_flags INTERFACE)
target_compile_options(codex_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
# Programs may lie anywhere in memory, and their libraries are parts of them alone: so one precompiled
# header serves all, and calls need not reckon with being replaced when a program is loaded.
target_compile_options(codex_flags INTERFACE
  $<IF:$<STREQUAL:$<TARGET_PROPERTY:TYPE>,MODULE_LIBRARY>,-fPIC,-fPIE>)
# A compiler that collects its garbage only beyond half a gigabyte takes a tenth less time. gcc takes the
# error of a Result that has a value for uninitialized where it does not see that two branches agree;
# clang tells what is, in scripts/test --full.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(codex_flags INTERFACE --param=ggc-min-heapsize=524288 -Wno-maybe-uninitialized)
endif()
# The stable_sort of libstdc++ 12 calls what it has deprecated itself, which clang tells of.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(codex_flags INTERFACE -Wno-deprecated-declarations)
endif()
option(CODEX_WERROR "warnings are errors" ON)
if(CODEX_WERROR)
  target_compile_options(codex_flags INTERFACE -Werror)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(codex_flags INTERFACE -march=x86-64-v2)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g")

set(CODEX_SANITIZE "" CACHE STRING "comma-separated sanitizers, as -fsanitize takes them")
option(CODEX_FUZZ "build the libFuzzer targets (clang only)" OFF)
option(CODEX_COVERAGE "instrument for gcov" OFF)
if(CODEX_SANITIZE)
  add_compile_options(-fsanitize=${CODEX_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  # The thread sanitizer's operator new is linked beside that of a test that replaces it: the first counts.
  add_link_options(-fsanitize=${CODEX_SANITIZE} -Wl,-z,muldefs)
else()
  # Hardening; the sanitizers bring their own checks and dislike _FORTIFY_SOURCE.
  target_compile_definitions(codex_flags INTERFACE
    $<$<CONFIG:Release>:_GLIBCXX_ASSERTIONS _FORTIFY_SOURCE=3>)
  # No -fcf-protection: Debian's startup objects and libraries are built without, so no program here
  # may carry its mark, and nothing would be protected. bats/checks/hardening tests what is left.
  target_compile_options(codex_flags INTERFACE
    -fstack-protector-strong -fstack-clash-protection)
  add_link_options(-pie -Wl,-z,relro -Wl,-z,now)
endif()
if(CODEX_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
if(CODEX_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "CODEX_FUZZ needs clang: cmake --preset fuzz")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# The git revision for --version and its time, read when cmake runs; a source archive has none. The
# clone may belong to another user (a mounted volume), which git refuses to read unless told.
set(CODEX_REVISION "unknown")
set(CODEX_COMMIT_TIME "")
find_package(Git QUIET)
if(GIT_FOUND AND EXISTS ${CMAKE_SOURCE_DIR}/.git)
  execute_process(
    COMMAND ${GIT_EXECUTABLE} -c safe.directory=${CMAKE_SOURCE_DIR} log -1
            "--format=%h;%ct" --abbrev=8
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE commit
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    list(GET commit 0 CODEX_REVISION)
    list(GET commit 1 CODEX_COMMIT_TIME)
  endif()
endif()
