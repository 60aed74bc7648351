# What the rooms are built from: Debian's packages, and AWS-LC from AWSLC_ROOT.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
if(POLICY CMP0167)  # from CMake 3.30 on: Boost's own package instead of CMake's search for it
  cmake_policy(SET CMP0167 NEW)
endif()
find_package(Boost 1.81 REQUIRED)
find_package(fmt REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)
find_package(GTest REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)

set(AWSLC_ROOT "$ENV{AWSLC_ROOT}" CACHE PATH "Where AWS-LC is installed (./dev build makes it)")
if(NOT EXISTS ${AWSLC_ROOT}/lib/libcrypto.a)
  message(FATAL_ERROR "AWS-LC not found in AWSLC_ROOT='${AWSLC_ROOT}'. Run ./dev build, which builds it once.")
endif()

# libpq brings the system's libssl into the process. Without exclude-libs our
# static AWS-LC would export its symbols and libpq would call into them. Sanitizers
# need theirs exported (libpq's malloc must be the intercepted one): there only
# AWS-LC's archives are named.
# Imported, so that CMake knows that libssl needs libcrypto after it: GNU ld
# looks for a symbol only in the archives that follow.
add_library(awslc_crypto_archive STATIC IMPORTED)
set_target_properties(awslc_crypto_archive PROPERTIES
  IMPORTED_LOCATION ${AWSLC_ROOT}/lib/libcrypto.a)
add_library(awslc_ssl_archive STATIC IMPORTED)
set_target_properties(awslc_ssl_archive PROPERTIES
  IMPORTED_LOCATION ${AWSLC_ROOT}/lib/libssl.a
  INTERFACE_LINK_LIBRARIES awslc_crypto_archive)
# Imported, so that CMake keeps libssl before libcrypto, as linkers in one pass need.
add_library(awslc_crypto STATIC IMPORTED)
set_target_properties(awslc_crypto PROPERTIES IMPORTED_LOCATION ${AWSLC_ROOT}/lib/libcrypto.a)
target_include_directories(awslc_crypto SYSTEM INTERFACE ${AWSLC_ROOT}/include)
target_link_libraries(awslc_crypto INTERFACE Threads::Threads)
if(QUANTUMAPI_SANITIZE OR QUANTUMAPI_FUZZ)
  target_link_options(awslc_crypto INTERFACE -Wl,--exclude-libs,libcrypto.a:libssl.a)
else()
  target_link_options(awslc_crypto INTERFACE -Wl,--exclude-libs,ALL)
endif()
add_library(awslc_ssl STATIC IMPORTED)
set_target_properties(awslc_ssl PROPERTIES IMPORTED_LOCATION ${AWSLC_ROOT}/lib/libssl.a)
target_link_libraries(awslc_ssl INTERFACE awslc_crypto)
