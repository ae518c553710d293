# The libcurl of scripts/libcurl.sh, static and for HTTP alone, which scripts/build.sh makes before it calls CMake; where there
# is none, the system's own.
set(own_libcurl ${PROJECT_SOURCE_DIR}/build/libcurl/${CMAKE_LIBRARY_ARCHITECTURE})
if(EXISTS ${own_libcurl}/version)
  find_package(CURL REQUIRED CONFIG PATHS ${own_libcurl} NO_DEFAULT_PATH)
else()
  message(STATUS "No libcurl of scripts/libcurl.sh: looking for the system's")
  # Older ones write to freed memory when an answer's first header line begins with a blank (curl/curl#11101).
  find_package(CURL 8.1 REQUIRED)
endif()
