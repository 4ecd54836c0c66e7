# cmake --install, and cpack for a .deb and a .tar.zst.
include(GNUInstallDirs)

get_property(tools GLOBAL PROPERTY CODEX_TOOLS)
if(tools)
  install(TARGETS ${tools} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
