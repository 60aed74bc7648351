# quantumapi_room(NAME [IN_SDK] [DEPENDS room...] [LIBRARIES PUBLIC lib... PRIVATE lib...] [TEST_LIBRARIES lib...])
# makes the static library quantumapi_NAME of the folder's sources and, from
# its *_test.cc, the test program NAME_test. DEPENDS is the room's permission to
# include: only rooms of lower floors (tools/check_floors.py holds it against design). IN_SDK: it
# goes into the SDK's shared library too, so its code is for any address and not for programs alone.
function(quantumapi_room name)
  cmake_parse_arguments(ROOM "IN_SDK" "" "DEPENDS;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc *.h)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  list(REMOVE_ITEM sources ${tests})
  add_library(quantumapi_${name} STATIC ${sources})
  set_target_properties(quantumapi_${name} PROPERTIES LINKER_LANGUAGE CXX)
  set_property(GLOBAL APPEND PROPERTY QUANTUMAPI_ROOMS quantumapi_${name})
  target_include_directories(quantumapi_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  set(depends ${ROOM_DEPENDS})
  list(TRANSFORM depends PREPEND quantumapi_)
  target_link_libraries(quantumapi_${name} PUBLIC ${depends} PRIVATE quantumapi_warnings)
  if(ROOM_IN_SDK)
    target_compile_options(quantumapi_${name} PRIVATE -fPIC)
  endif()
  if(ROOM_LIBRARIES)
    target_link_libraries(quantumapi_${name} ${ROOM_LIBRARIES})
  endif()
  if(tests)
    quantumapi_room_test(${name} "${tests}" "${ROOM_TEST_LIBRARIES}")
  endif()
endfunction()

# One test program a room, under the room's name in ctest.
function(quantumapi_room_test name sources libraries)
  add_executable(${name}_test ${sources})
  target_link_libraries(${name}_test PRIVATE quantumapi_${name} quantumapi_warnings GTest::gmock
    GTest::gtest_main ${libraries})
  # Relative to where ctest runs them, so that the compilers' cache serves every clone.
  target_compile_definitions(${name}_test PRIVATE QUANTUMAPI_SOURCE_DIR=".")
  # Tests run for moments and compile for minutes: unoptimised they take half the time to build,
  # a third under the sanitizers.
  # (At -O0 g++ no longer sees that a test asks for too much memory on purpose.)
  target_compile_options(${name}_test PRIVATE
    $<$<CONFIG:Debug>:-O0> $<$<CXX_COMPILER_ID:GNU>:-Wno-alloc-size-larger-than>)
  add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "unit;builds:${name}_test" TIMEOUT 600)
  add_dependencies(unit_tests ${name}_test)
endfunction()
