include(GoogleTest)
if(ARRIS_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()

# For release builds: code of these sources that runs seldom, or little of it, is optimised for size.
function(arris_small)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS $<$<CONFIG:Release>:-Oz>)
endfunction()

# arris_room(NAME SOURCES a.cc ... DEPS arris_base ... TESTS foo_test.cc ...)
# One static library arris_NAME per room and, with tests on, one GoogleTest binary arris_NAME_test registered with CTest.
# SMALL: in release builds its code is optimised for size, because none of it runs often.
# A room without sources (headers only) becomes an INTERFACE library.
function(arris_room name)
  cmake_parse_arguments(ROOM "SMALL" "" "SOURCES;DEPS;TESTS;TEST_DEPS" ${ARGN})
  if(ROOM_SOURCES)
    add_library(arris_${name} STATIC ${ROOM_SOURCES})
    target_link_libraries(arris_${name} PUBLIC arris_flags ${ROOM_DEPS})
    if(ROOM_SMALL)
      target_compile_options(arris_${name} PRIVATE $<$<CONFIG:Release>:-Oz>)
    endif()
  else()
    add_library(arris_${name} INTERFACE)
    target_link_libraries(arris_${name} INTERFACE arris_flags ${ROOM_DEPS})
  endif()
  if(ARRIS_BUILD_TESTS AND ROOM_TESTS)
    add_executable(arris_${name}_test ${ROOM_TESTS})
    target_link_libraries(arris_${name}_test PRIVATE arris_${name} ${ROOM_TEST_DEPS} GTest::gtest_main)
    target_compile_definitions(arris_${name}_test PRIVATE ARRIS_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    gtest_discover_tests(arris_${name}_test TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60)
  endif()
endfunction()
