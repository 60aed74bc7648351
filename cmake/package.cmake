# The SDK as others use it: libquantumapi.so, its headers, a CMake package and a pkg-config file.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# A library of its own, not the room's archive: exclude-libs hides what comes out of archives,
# which is right for everything below the SDK. Symbolic, so that a program that brings OpenSSL along
# changes nothing in here, and exports nothing of AWS-LC, so that we change nothing there.
add_library(quantumapi SHARED $<TARGET_OBJECTS:quantumapi_client>)
add_library(QuantumAPI::quantumapi ALIAS quantumapi)
target_link_libraries(quantumapi PRIVATE $<BUILD_INTERFACE:quantumapi_http>
  $<BUILD_INTERFACE:quantumapi_x509> $<BUILD_INTERFACE:quantumapi_crypto>
  $<BUILD_INTERFACE:quantumapi_base>)
target_include_directories(quantumapi INTERFACE
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(quantumapi INTERFACE cxx_std_23)
target_link_options(quantumapi PRIVATE -Wl,-Bsymbolic
  -Wl,--version-script=${CMAKE_CURRENT_LIST_DIR}/sdk_exports.map)
set_target_properties(quantumapi PROPERTIES
  LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib
  LINK_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/sdk_exports.map)

install(TARGETS quantumapi EXPORT QuantumAPITargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/quantumapi
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/QuantumAPI)
install(EXPORT QuantumAPITargets NAMESPACE QuantumAPI:: DESTINATION ${package_dir}
  FILE QuantumAPIConfig.cmake)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/QuantumAPIConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/QuantumAPIConfigVersion.cmake DESTINATION ${package_dir})

# Found from where the file lies, so that an installed tree may be moved.
configure_file(${CMAKE_CURRENT_LIST_DIR}/quantumapi.pc.in ${CMAKE_BINARY_DIR}/quantumapi.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/quantumapi.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(TARGETS qapi quantumapid RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
add_dependencies(programs quantumapi)
