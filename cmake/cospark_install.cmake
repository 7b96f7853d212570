# Installing, and what find_package(cospark) needs afterwards.
option(COSPARK_INSTALL "Have rules to install cospark" ${PROJECT_IS_TOP_LEVEL})
if(NOT COSPARK_INSTALL)
  return()
endif()
include(CMakePackageConfigHelpers)

set(cospark_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/cospark")
set(cospark_installed cospark cospark_public_dependencies cospark_private_dependencies)
if(TARGET cospark_testing)
  list(APPEND cospark_installed cospark_testing)
endif()
install(TARGETS ${cospark_installed} EXPORT cosparkTargets)
install(EXPORT cosparkTargets NAMESPACE cospark:: DESTINATION "${cospark_package_dir}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/cosparkConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/cosparkConfig.cmake" INSTALL_DESTINATION "${cospark_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/cosparkConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/cosparkConfig.cmake" "${PROJECT_BINARY_DIR}/cosparkConfigVersion.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/cospark_dependencies.cmake" DESTINATION "${cospark_package_dir}")
