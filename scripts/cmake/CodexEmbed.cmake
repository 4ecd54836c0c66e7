# scripts/completion/* as strings of the cli floor (libcommon/cli/detail/completion_scripts.hpp).
set(source "#include \"cli/detail/completion_scripts.hpp\"\nnamespace codex::cli::detail {\n")
foreach(script Words=words.sh Bash=completion.bash Zsh=completion.zsh Fish=completion.fish)
  string(REGEX MATCH "(.*)=(.*)" whole ${script})
  set(file ${CMAKE_SOURCE_DIR}/scripts/completion/${CMAKE_MATCH_2})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} content)
  string(APPEND source "const std::string_view kCompletion${CMAKE_MATCH_1} = R\"script(${content})script\";\n")
endforeach()
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/completion_scripts.cpp
     CONTENT "${source}} // namespace codex::cli::detail\n")
target_sources(codex_cli PRIVATE ${CMAKE_BINARY_DIR}/completion_scripts.cpp)
