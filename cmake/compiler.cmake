# Warnings are errors: a warning that may be ignored is soon one of a hundred.
add_library(rayhistory_options INTERFACE)
target_compile_options(rayhistory_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  -Werror)
target_include_directories(rayhistory_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(rayhistory_options INTERFACE RAYHISTORY_VERSION="${PROJECT_VERSION}")

set(RAYHISTORY_SANITIZE "" CACHE STRING "Sanitizers for everything: address,undefined or thread")
if(RAYHISTORY_SANITIZE)
  target_compile_options(rayhistory_options INTERFACE
    -fsanitize=${RAYHISTORY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(rayhistory_options INTERFACE -fsanitize=${RAYHISTORY_SANITIZE})
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Debug" OR RAYHISTORY_SANITIZE)
  target_compile_definitions(rayhistory_options INTERFACE _GLIBCXX_ASSERTIONS)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
