# LMDB, linked statically, whose calls of a few functions lead into lmdb_calls.cpp and lmdb_memory.cpp of
# libcommon/repo/index, which say why. A call that a later LMDB makes under another name would go past
# it, so the build ends when a renamed function is not called.
find_library(LMDB_ARCHIVE NAMES liblmdb.a REQUIRED)
find_path(LMDB_INCLUDE_DIR lmdb.h REQUIRED)

set(CODEX_LMDB_CALLS getpid:getpid open:open fcntl:fcntl mmap:mmap
    malloc:malloc realloc:realloc free:free pwrite:pwrite writev:writev fdatasync:fdatasync
    pthread_mutex_lock:mutex_lock pthread_mutex_unlock:mutex_unlock)
set(lmdb_renamed ${CMAKE_BINARY_DIR}/libcodex_lmdb.a)
set(lmdb_flags)
foreach(call ${CODEX_LMDB_CALLS})
  string(REPLACE ":" ";" names ${call})
  list(GET names 0 from)
  list(GET names 1 to)
  list(APPEND lmdb_flags --redefine-sym ${from}=codex_lmdb_${to})
  list(APPEND lmdb_checks COMMAND ${CMAKE_NM} -u ${lmdb_renamed} | grep -qw codex_lmdb_${to})
endforeach()
add_custom_command(OUTPUT ${lmdb_renamed} DEPENDS ${LMDB_ARCHIVE}
  COMMAND ${CMAKE_OBJCOPY} ${lmdb_flags} ${LMDB_ARCHIVE} ${lmdb_renamed}
  ${lmdb_checks})
add_custom_target(codex_lmdb_archive DEPENDS ${lmdb_renamed})

add_library(codex_lmdb STATIC IMPORTED GLOBAL)
set_target_properties(codex_lmdb PROPERTIES IMPORTED_LOCATION ${lmdb_renamed}
  INTERFACE_INCLUDE_DIRECTORIES ${LMDB_INCLUDE_DIR}
  INTERFACE_LINK_LIBRARIES codex_repo) # each calls the other
add_dependencies(codex_lmdb codex_lmdb_archive)
