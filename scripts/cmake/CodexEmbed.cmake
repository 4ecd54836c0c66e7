# Files of text as strings of the library. codex_embed(TARGET SOURCE HEADER NAMESPACE NAME=FILE...): each
# FILE, below the top of the repository, is the std::string_view NAME that HEADER declares in NAMESPACE.
function(codex_embed target output header namespace)
  set(source "#include \"${header}\"\nnamespace ${namespace} {\n")
  foreach(text ${ARGN})
    string(REGEX MATCH "(.*)=(.*)" whole ${text})
    set(file ${CMAKE_SOURCE_DIR}/${CMAKE_MATCH_2})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} content)
    string(APPEND source "const std::string_view ${CMAKE_MATCH_1} = R\"script(${content})script\";\n")
  endforeach()
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/${output} CONTENT "${source}} // namespace ${namespace}\n")
  target_sources(${target} PRIVATE ${CMAKE_BINARY_DIR}/${output})
endfunction()

codex_embed(codex_cli completion_scripts.cpp cli/detail/completion_scripts.hpp codex::cli::detail
            kCompletionWords=scripts/completion/words.sh kCompletionBash=scripts/completion/completion.bash
            kCompletionZsh=scripts/completion/completion.zsh kCompletionFish=scripts/completion/completion.fish)
codex_embed(codex_node rest_openapi.cpp node/rest/service.hpp codex::node::rest
            kOpenApi=libcommon/node/rest/openapi.json)
codex_embed(codex_node page_files.cpp node/page/detail/files.hpp codex::node::page
            kHtml=libcommon/node/page/page.html kStyle=libcommon/node/page/page.css
            kIcon=libcommon/node/page/icon.svg kTexts=libcommon/node/page/texts.js
            kApi=libcommon/node/page/api.js kFiles=libcommon/node/page/files.js
            kHealth=libcommon/node/page/health.js kNetwork=libcommon/node/page/network.js
            kScript=libcommon/node/page/page.js)
