# Warnings are errors: a warning that may be ignored is soon one of a hundred.
add_library(rayhistory_options INTERFACE)
target_compile_options(rayhistory_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  -Werror
  # Paths as the source tree has them: two checkouts build the same bytes, and share a compiler cache.
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
target_include_directories(rayhistory_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(rayhistory_options INTERFACE RAYHISTORY_VERSION="${PROJECT_VERSION}")

# Release keeps line tables, so that a stack trace from the field names lines; `cmake --install --strip` drops them.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
# A sanitizer's finding is as good at -O1, and its tests run in half the time of -O0's.
set(CMAKE_CXX_FLAGS_SANITIZE "-O1 -g1")

include(CheckPIESupported)
check_pie_supported()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(RAYHISTORY_HARDENING "Release builds with the compiler's and the linker's hardening; make bench measures without" ON)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND RAYHISTORY_HARDENING)
  # Debian's dpkg-buildflags calls these hardening=+all, and the OpenSSF's guide for compilers adds some: the programs
  # parse what any job and any tenant writes.
  target_compile_options(rayhistory_options INTERFACE
    -fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64")
    target_compile_options(rayhistory_options INTERFACE -fcf-protection=full)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    target_compile_options(rayhistory_options INTERFACE -mbranch-protection=standard)
  endif()
  target_compile_definitions(rayhistory_options INTERFACE _FORTIFY_SOURCE=3 _GLIBCXX_ASSERTIONS)
  target_link_options(rayhistory_options INTERFACE -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
endif()

set(RAYHISTORY_SANITIZE "" CACHE STRING "Sanitizers for everything: address,undefined or thread")
if(RAYHISTORY_SANITIZE)
  target_compile_options(rayhistory_options INTERFACE
    -fsanitize=${RAYHISTORY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    # GCC's manual: a sanitizer raises the rate of false positives, most of all of this warning.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(rayhistory_options INTERFACE -fsanitize=${RAYHISTORY_SANITIZE})
endif()

option(RAYHISTORY_FUZZ "libFuzzer targets of tests/fuzz, with clang" OFF)
if(RAYHISTORY_FUZZ)
  # The libraries are watched for new paths; only the targets themselves get libFuzzer's main(). clang 14 cannot
  # compile a coroutine that -fsanitize=function marks ("Cannot represent a difference across sections").
  target_compile_options(rayhistory_options INTERFACE
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=function -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(rayhistory_options INTERFACE -fsanitize=address,undefined)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Debug" OR RAYHISTORY_SANITIZE OR RAYHISTORY_FUZZ)
  target_compile_definitions(rayhistory_options INTERFACE _GLIBCXX_ASSERTIONS)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
