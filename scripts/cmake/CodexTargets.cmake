# Targets follow from folders: libcommon/<floor>/**.cpp is the library of a floor of floors.txt,
# tools/<name>/*.cpp the binary <name>, tests/unit/<floor>/*_test.cpp the test binary of that floor,
# tests/fuzz/<x>_fuzz.cpp one fuzz target. A new file needs no line here.

# Kernels: a file's name says which instructions it may use. It runs only behind base/cpu.hpp, and
# shares no precompiled header and no inline function with code that must run everywhere.
# gcc 12 copies what is larger than a register in halves of it unless told, and to load as a whole what
# was just stored in halves takes as long as a product.
# clang loads and stores 32 bytes in halves for machines that are older than AVX2, unless told.
set(CODEX_TUNE_avx2 $<$<CXX_COMPILER_ID:Clang>:-mtune=haswell>)
set(CODEX_ISA_avx2 -mavx2 -mbmi2 -mfma ${CODEX_TUNE_avx2}
    $<$<CXX_COMPILER_ID:GNU>:-mmove-max=256> $<$<CXX_COMPILER_ID:GNU>:-mstore-max=256>)
set(CODEX_ISA_gfni -mavx2 -mbmi2 -mgfni ${CODEX_TUNE_avx2})
set(CODEX_ISA_adx -mbmi2 -madx -fomit-frame-pointer) # its inline assembly needs every register
set(CODEX_ISA_shani -msha -msse4.1)
# gcc 12 warns of its own intrinsics: _mm512_undefined_epi32() is "used uninitialized" (PR 105593).
set(CODEX_ISA_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mbmi2
    $<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized>)
set(CODEX_ISA_vbmi ${CODEX_ISA_avx512} -mavx512vbmi)
set(CODEX_ISA_avx512gfni ${CODEX_ISA_avx512} -mgfni)
set(CODEX_ISA_ifma ${CODEX_ISA_avx512} -mavx512ifma)

function(codex_set_isa)
  foreach(source ${ARGN})
    foreach(isa avx2 gfni adx shani avx512 vbmi avx512gfni ifma)
      if(source MATCHES "_${isa}\\.cpp$")
        set_source_files_properties(${source} PROPERTIES
          COMPILE_OPTIONS "${CODEX_ISA_${isa}};-O3" SKIP_PRECOMPILE_HEADERS ON
          SKIP_UNITY_BUILD_INCLUSION ON)
      endif()
    endforeach()
  endforeach()
endfunction()

# One precompiled header, which has only what every floor may see, for the library, the tools, and
# whatever tests them without GoogleTest: codex_precompiled(TARGET).
function(codex_precompiled target)
  if(NOT TARGET codex_pch)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/pch.cpp CONTENT "// Nothing but its precompiled header.\n")
    add_library(codex_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cpp)
    target_include_directories(codex_pch PRIVATE ${CMAKE_SOURCE_DIR}/libcommon)
    target_link_libraries(codex_pch PRIVATE codex_flags fmt::fmt Threads::Threads)
    # By name and not by path: CMake writes this into a file, whose bytes are those of every clone
    # then, so that a cache has the header for all of them.
    target_precompile_headers(codex_pch PRIVATE <base/pch.hpp>)
  endif()
  target_precompile_headers(${target} REUSE_FROM codex_pch)
endfunction()

# Files of a target are compiled eight at a time, which parses and instantiates what they share once:
# a third of the time of a build, and touching one still costs seconds. Names in anonymous namespaces
# are therefore unlike within a target. CODEX_UNITY=OFF, which the preset clang has, compiles each
# alone, so that each includes what it uses.
option(CODEX_UNITY "compile several files of a target at once" ON)
function(codex_unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${CODEX_UNITY} UNITY_BUILD_BATCH_SIZE 8)
  # What is private to the one file of a class is taken for a header's then.
  if(CODEX_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()

# Code that waits for others, or runs once: compiled in less time.
function(codex_less_optimised target)
  target_compile_options(${target} PRIVATE -O1)
endfunction()

# The library of one floor. FLOORS is what it may see.
function(codex_floor name)
  cmake_parse_arguments(arg "" "" "FLOORS;PACKAGES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/libcommon/${name}/*.cpp)
  list(TRANSFORM arg_FLOORS PREPEND codex_)
  set(packages)
  foreach(package ${arg_PACKAGES})
    if(NOT CODEX_PACKAGE_${package})
      message(FATAL_ERROR "libcommon/floors.txt: ${name}: no such package: ${package}")
    endif()
    list(APPEND packages ${CODEX_PACKAGE_${package}})
  endforeach()
  add_library(codex_${name} STATIC ${sources})
  target_link_libraries(codex_${name} PRIVATE codex_flags ${packages})
  codex_set_isa(${sources})
  codex_precompiled(codex_${name})
  # Not of kernels, compiled once for each size, nor of what test programs link another file for.
  if(NOT name MATCHES "^(crypto|erasure|toolkit)$")
    codex_unity(codex_${name})
  endif()
  target_include_directories(codex_${name} PUBLIC ${CMAKE_SOURCE_DIR}/libcommon)
  # Language support, which every floor may use.
  target_link_libraries(codex_${name} PUBLIC ${arg_FLOORS} fmt::fmt Threads::Threads)
endfunction()

# Every row of libcommon/floors.txt; CODEX_FLOORS_OF_codex-chunk and the like become what each tool is
# linked with, CODEX_FLOORS all there are.
function(codex_floors)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/libcommon/floors.txt)
  file(STRINGS ${CMAKE_SOURCE_DIR}/libcommon/floors.txt rows REGEX "^[a-z]")
  foreach(row ${rows})
    if(NOT row MATCHES "^([a-z-]+) *: *([a-z ]*)[|] *(.*)$")
      message(FATAL_ERROR "libcommon/floors.txt: ${row}")
    endif()
    set(name ${CMAKE_MATCH_1})
    set(packages ${CMAKE_MATCH_3})
    string(REGEX MATCHALL "[^ ]+" floors "${CMAKE_MATCH_2}")
    string(REGEX MATCHALL "[^ ]+" packages "${packages}")
    if(IS_DIRECTORY ${CMAKE_SOURCE_DIR}/tools/${name})
      list(TRANSFORM floors PREPEND codex_)
      set(CODEX_FLOORS_OF_${name} ${floors} PARENT_SCOPE)
    else()
      codex_floor(${name} FLOORS ${floors} PACKAGES ${packages})
      list(APPEND all codex_${name})
    endif()
  endforeach()
  set(CODEX_FLOORS ${all} PARENT_SCOPE)
endfunction()

function(codex_tools)
  file(GLOB folders CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tools/*)
  foreach(folder ${folders})
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
    if(NOT IS_DIRECTORY ${folder} OR NOT sources)
      continue()
    endif()
    get_filename_component(name ${folder} NAME)
    add_executable(${name} ${sources})
    codex_precompiled(${name})
    codex_unity(${name})
    codex_less_optimised(${name}) # it parses, calls the library and prints
    target_link_libraries(${name} PRIVATE codex_flags ${CODEX_FLOORS_OF_${name}})
    target_link_options(${name} PRIVATE -Wl,--as-needed) # no package of a floor that it has nothing of
    set_property(GLOBAL APPEND PROPERTY CODEX_TOOLS ${name})
  endforeach()
  get_property(tools GLOBAL PROPERTY CODEX_TOOLS)
  add_custom_target(tools DEPENDS ${tools}) # all of them and nothing else
  set(local ${tools})
  list(REMOVE_ITEM local codex-serve)
  add_custom_target(local_tools DEPENDS ${local}) # those without a network
endfunction()

# GoogleTest's templates are most of a build: one precompiled header serves all test programs, and
# their code, which runs once, is optimised less than what it tests.
# codex_time_limit(SECONDS TEST...): when a test counts as hanging; sanitizers take several times as
# long as what they check. What they are told of leaks that are meant goes with it.
function(codex_time_limit seconds)
  if(CODEX_SANITIZE)
    math(EXPR seconds "${seconds} * 5")
    set(leaks ${CMAKE_SOURCE_DIR}/tests/support/leaks.supp)
    set_tests_properties(${ARGN} PROPERTIES ENVIRONMENT_MODIFICATION
      "LSAN_OPTIONS=set:suppressions=${leaks}:print_suppressions=0")
  endif()
  set_tests_properties(${ARGN} PROPERTIES TIMEOUT ${seconds})
endfunction()

# The portable kernels are shipped, so they are tested, on machines that would not choose them: with
# all cases of the floors that choose kernels or compute with them, and, of those that only store what
# comes out, the cases in which bytes and digests of others, or the code, go in or come out. All cases of
# all floors: `ctest -C full`, as in scripts/test --full.
foreach(floor base crypto erasure merkle snark)
  set(CODEX_PORTABLE_${floor} "*")
endforeach()
set(CODEX_PORTABLE_repo "Format*:*Block*:Dataset.*:Rebuild.*")
set(CODEX_PORTABLE_dataset "PutGet.Gives*:PutGet.RoundTrips*:PutGet.Reconstructs*:Protect.*:NimLayout.*\
:Repair.RandomShapes*:Archive.RoundTripsPlain*:Archive.RoundTripsProtected*")
set(CODEX_PORTABLE_proof "-CancelledSlots.*") # nothing of them depends on what is computed

# What tests make in TMPDIR is in memory, where there is room.
set(CODEX_IN_MEMORY ${CMAKE_SOURCE_DIR}/tests/support/in-memory)

# codex_unit_test(NAME PROGRAM [ARGUMENT...]): NAME says whether it runs with portable kernels, or others
# that CODEX_CPU names, and whether always. A filter that fits nothing any more is a mistake.
function(codex_unit_test name program)
  set(configurations)
  if(name MATCHES "\\.whole$")
    set(configurations CONFIGURATIONS full)
  endif()
  add_test(NAME ${name} COMMAND ${CODEX_IN_MEMORY} $<TARGET_FILE:${program}> ${ARGN} ${configurations})
  set_tests_properties(${name} PROPERTIES LABELS unit FAIL_REGULAR_EXPRESSION "Running 0 tests")
  if(name MATCHES "\\.(portable|[a-z0-9]+-nosha)")
    set_tests_properties(${name} PROPERTIES ENVIRONMENT CODEX_CPU=${CMAKE_MATCH_1})
  endif()
  codex_time_limit(600 ${name})
endfunction()

function(codex_unit_tests)
  # What tests of several floors share and need not compile each.
  add_library(codex_test_environment OBJECT ${CMAKE_SOURCE_DIR}/tests/support/environment/cpu.cpp)
  codex_precompiled(codex_test_environment)
  target_link_libraries(codex_test_environment PRIVATE codex_flags codex_base)
  add_library(codex_test_disk OBJECT ${CMAKE_SOURCE_DIR}/tests/support/environment/disk.cpp)
  target_link_libraries(codex_test_disk PRIVATE codex_flags)
  add_library(codex_test_vectors STATIC ${CMAKE_SOURCE_DIR}/tests/unit/vectors.cpp)
  codex_precompiled(codex_test_vectors)
  target_compile_definitions(codex_test_vectors PRIVATE
    CODEX_TEST_VECTORS="${CMAKE_SOURCE_DIR}/tests/vectors")
  target_link_libraries(codex_test_vectors PRIVATE codex_flags
    PUBLIC codex_crypto nlohmann_json::nlohmann_json) # whose hashes stand for long answers
  file(GLOB folders CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/*)
  foreach(folder ${folders})
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
    if(NOT IS_DIRECTORY ${folder} OR NOT sources)
      continue()
    endif()
    get_filename_component(floor ${folder} NAME)
    add_executable(test_${floor} ${sources})
    codex_set_isa(${sources})
    codex_unity(test_${floor})
    if(first)
      target_precompile_headers(test_${floor} REUSE_FROM ${first})
    else()
      target_precompile_headers(test_${floor} PRIVATE <pch.hpp>)
      set(first test_${floor})
    endif()
    codex_less_optimised(test_${floor})
    target_include_directories(test_${floor} PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit)
    # crypto: known answers are digests, of floors that hash nothing, too.
    target_link_libraries(test_${floor} PRIVATE codex_flags codex_test_environment codex_test_disk
      codex_test_vectors codex_${floor} codex_crypto GTest::gtest GTest::gmock GTest::gtest_main)
    codex_unit_test(unit.${floor} test_${floor})
    set(cases ${CODEX_PORTABLE_${floor}})
    if(cases)
      codex_unit_test(unit.${floor}.portable test_${floor} --gtest_filter=${cases})
    endif()
    if(NOT cases STREQUAL "*")
      codex_unit_test(unit.${floor}.portable.whole test_${floor})
    endif()
    if(floor STREQUAL "crypto") # what a machine with the SHA extensions would not choose either
      foreach(limit avx2-nosha avx512-nosha)
        codex_unit_test(unit.crypto.${limit} test_crypto --gtest_filter=Sha256*)
      endforeach()
    endif()
  endforeach()
endfunction()

# Under CODEX_FUZZ each target is a libFuzzer binary; otherwise it replays its corpus as a test.
function(codex_fuzzers)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/*_fuzz.cpp)
  if(NOT CODEX_FUZZ)
    add_library(codex_replay OBJECT ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.cpp)
    target_link_libraries(codex_replay PRIVATE codex_flags)
  endif()
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" subject ${name})
    add_executable(${name} ${source})
    codex_precompiled(${name})
    target_link_libraries(${name} PRIVATE codex_flags ${CODEX_FLOORS})
    if(CODEX_FUZZ)
      target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    else()
      target_link_libraries(${name} PRIVATE codex_replay)
      add_test(NAME fuzz.${subject} COMMAND ${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${subject})
      set_tests_properties(fuzz.${subject} PROPERTIES LABELS fuzz)
      codex_time_limit(300 fuzz.${subject})
    endif()
  endforeach()
endfunction()

function(codex_benchmarks)
  find_package(benchmark QUIET)
  if(NOT benchmark_FOUND)
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/bench/*_bench.cpp)
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    # x_bench_adx.cpp is the part of x_bench that is compiled for such machines only.
    file(GLOB kernels CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/bench/${name}_*.cpp)
    codex_set_isa(${kernels})
    add_executable(${name} ${source} ${kernels})
    codex_precompiled(${name})
    target_link_libraries(${name} PRIVATE codex_flags codex_test_environment codex_proof codex_exchange
      codex_market
      benchmark::benchmark
      OpenSSL::Crypto ${CMAKE_DL_LIBS})
  endforeach()
endfunction()
