# Flags of every target: hardened by default, warnings are errors.

# The cache is told that paths below the tree are relative, so that every build
# tree and every clone shares it, and that a precompiled header is worth a hit.
find_program(CCACHE ccache)
if(CCACHE)
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
# mold 1.10 swallows all memory on a sanitized program: those take the default linker.
find_program(MOLD mold)
if(MOLD AND NOT QUANTUMAPI_SANITIZE AND NOT QUANTUMAPI_FUZZ)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-fstack-protector-strong -fPIE -fvisibility=hidden)
# as-needed: qapi must not load libpq because some room below it could.
add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>
  -Wl,-z,relro,-z,now -Wl,--as-needed)
add_compile_definitions(_GLIBCXX_ASSERTIONS)
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
if(QUANTUMAPI_SANITIZE)
  add_compile_options(-fsanitize=${QUANTUMAPI_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${QUANTUMAPI_SANITIZE})
endif()
if(QUANTUMAPI_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()

# g++ 12 sees optionals and expecteds as used before they are set when it inlines
# them at -O2; clang's build, which has no such trouble, keeps watch instead.
add_library(quantumapi_warnings INTERFACE)
target_compile_options(quantumapi_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror
  $<$<CXX_COMPILER_ID:GNU>:-Wno-missing-field-initializers>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-field-initializers -Wno-missing-designated-field-initializers>)
