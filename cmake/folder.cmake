# rayhistory_folder(NAME [DEPENDS folder...] [LINK library...] [TEST_DEPENDS folder...])
#
# Makes the folder it is called in one static library of its *.cpp files, and one test program, NAME_test, of
# its *_test.cpp files. DEPENDS are other folders under src/; LINK are foreign libraries, kept private so that
# only the folder that names one can include it.
function(rayhistory_folder name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LINK;TEST_DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC rayhistory_options ${arg_DEPENDS} PRIVATE ${arg_LINK})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE rayhistory_options ${arg_DEPENDS})
  endif()
  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${name} ${arg_TEST_DEPENDS} ${arg_LINK} GTest::gmock GTest::gtest_main)
    # One ctest entry a folder: a program start a test case would cost more than the tests themselves.
    add_test(NAME ${name}_test COMMAND ${name}_test)
    set_tests_properties(${name}_test PROPERTIES TIMEOUT 600)
  endif()
endfunction()

# rayhistory_has_coroutines(NAME): a folder whose code is Asio's coroutines, of which g++ warns under ThreadSanitizer.
function(rayhistory_has_coroutines name)
  if(RAYHISTORY_SANITIZE STREQUAL "thread")
    # g++ warns that ThreadSanitizer does not see Asio's memory fences; each io_context has one thread.
    target_compile_options(${name} PRIVATE -Wno-tsan)
    target_compile_options(${name}_test PRIVATE -Wno-tsan)
  endif()
endfunction()
