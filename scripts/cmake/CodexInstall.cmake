# cmake --install: binaries, man pages, completions. cpack: a .deb and a .tar.zst of the same.
include(GNUInstallDirs)
get_property(tools GLOBAL PROPERTY CODEX_TOOLS)

# Man pages: man/<page>.<section>.scd becomes build/man/<page>.<section>.
find_program(SCDOC scdoc)
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/man/*.scd)
if(SCDOC AND sources)
  # scdoc prints a date; the commit's instead of today's gives the same bytes on every machine.
  set(epoch $ENV{SOURCE_DATE_EPOCH})
  if(NOT epoch AND CODEX_COMMIT_TIME)
    set(epoch ${CODEX_COMMIT_TIME})
  endif()
  set(dated "")
  if(epoch)
    set(dated ${CMAKE_COMMAND} -E env SOURCE_DATE_EPOCH=${epoch})
  endif()
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/man)
  set(pages "")
  foreach(source ${sources})
    get_filename_component(page ${source} NAME_WLE)
    string(REGEX MATCH "[0-9]$" section ${page})
    set(built ${CMAKE_BINARY_DIR}/man/${page})
    add_custom_command(OUTPUT ${built} DEPENDS ${source} VERBATIM
      COMMAND sh -c "\"$@\" < '${source}' > '${built}.tmp' && mv '${built}.tmp' '${built}'"
              man ${dated} ${SCDOC})
    install(FILES ${built} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
    list(APPEND pages ${built})
  endforeach()
  add_custom_target(man ALL DEPENDS ${pages})
endif()

# Completions: each tool writes its own, from the tree of commands that it parses with. `destination`
# empty: the caller installs it.
function(codex_completion tool shell file destination)
  set(built ${CMAKE_BINARY_DIR}/completions/${shell}/${file})
  add_custom_command(OUTPUT ${built} DEPENDS ${tool} VERBATIM
    COMMAND sh -c "\"$1\" completion ${shell} > '${built}.tmp' && mv '${built}.tmp' '${built}'"
            completion $<TARGET_FILE:${tool}>)
  if(destination)
    install(FILES ${built} DESTINATION ${CMAKE_INSTALL_DATADIR}/${destination})
  endif()
  set_property(GLOBAL APPEND PROPERTY CODEX_COMPLETIONS ${built})
endfunction()

foreach(shell bash zsh fish)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/completions/${shell})
endforeach()
foreach(tool ${tools})
  codex_completion(${tool} bash ${tool} bash-completion/completions)
  codex_completion(${tool} zsh _${tool} "")
  codex_completion(${tool} fish ${tool}.fish fish/vendor_completions.d)
endforeach()
# Debian's zsh looks into vendor-completions below /usr and into site-functions below /usr/local, as
# others' do; which it is, is known when --prefix is.
install(CODE "
  set(folder site-functions)
  if(CMAKE_INSTALL_PREFIX MATCHES \"(^|/)usr/?$\")
    set(folder vendor-completions)
  endif()
  file(GLOB completions \"${CMAKE_BINARY_DIR}/completions/zsh/_*\")
  list(FILTER completions EXCLUDE REGEX \"[.]tmp$\")
  file(INSTALL DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/\${folder}\"
       TYPE FILE FILES \${completions})
")
get_property(completions GLOBAL PROPERTY CODEX_COMPLETIONS)
add_custom_target(completions ALL DEPENDS ${completions})

if(tools)
  install(TARGETS ${tools} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
# What watches nodes (codex-metrics(7), FILES).
install(FILES ${CMAKE_SOURCE_DIR}/scripts/prometheus/prometheus.yml
              ${CMAKE_SOURCE_DIR}/scripts/prometheus/codex.rules.yml
        DESTINATION ${CMAKE_INSTALL_DATADIR}/codex/prometheus)
install(FILES ${CMAKE_SOURCE_DIR}/scripts/grafana/codex.json DESTINATION ${CMAKE_INSTALL_DATADIR}/codex/grafana)
install(FILES ${CMAKE_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
# It is in the binaries, and its licence asks for its notice.
install(FILES /usr/share/doc/liblmdb-dev/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR}
        RENAME copyright.lmdb OPTIONAL)

set(CPACK_GENERATOR "DEB;TZST")
set(CPACK_PACKAGE_VENDOR "The Codex in C++ authors")
set(CPACK_PACKAGE_CONTACT "The Codex in C++ authors <codex@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_FILE_NAME "${PROJECT_NAME}-${PROJECT_VERSION}-${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
include(CPack)
