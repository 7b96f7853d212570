# Everything comes from the distribution. Public: Asio and Boost headers. Private: the rest.
# The same file serves the build and, through cosparkConfig.cmake, a program that uses an installed static cospark.
include(CMakeFindDependencyMacro)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(cospark_compression REQUIRED IMPORTED_TARGET libzstd liblz4)
find_path(COSPARK_ASIO_INCLUDE asio/awaitable.hpp REQUIRED)
find_path(COSPARK_FLATBUFFERS_INCLUDE flatbuffers/flatbuffers.h REQUIRED)
mark_as_advanced(COSPARK_ASIO_INCLUDE COSPARK_FLATBUFFERS_INCLUDE)

if(NOT TARGET cospark_public_dependencies)
  add_library(cospark_public_dependencies INTERFACE)
  target_include_directories(cospark_public_dependencies SYSTEM INTERFACE
    $<BUILD_INTERFACE:${COSPARK_ASIO_INCLUDE}>)
  target_link_libraries(cospark_public_dependencies INTERFACE Boost::headers Threads::Threads)
  target_compile_definitions(cospark_public_dependencies INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED
    # Asio 1.22 does not see that clang has coroutines.
    $<$<CXX_COMPILER_ID:Clang>:ASIO_HAS_CO_AWAIT ASIO_HAS_STD_COROUTINE>)

  add_library(cospark_private_dependencies INTERFACE)
  target_link_libraries(cospark_private_dependencies INTERFACE
    gRPC::grpc++ protobuf::libprotobuf PkgConfig::cospark_compression)
  find_library(COSPARK_ABSL_SYNCHRONIZATION absl_synchronization)
  mark_as_advanced(COSPARK_ABSL_SYNCHRONIZATION)
  if(COSPARK_ABSL_SYNCHRONIZATION)  # inline code of gRPC's headers refers to it
    target_link_libraries(cospark_private_dependencies INTERFACE ${COSPARK_ABSL_SYNCHRONIZATION})
  endif()
endif()
