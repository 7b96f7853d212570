# What cospark's targets link, as two targets that are installed with it.
find_path(COSPARK_FLATBUFFERS_INCLUDE flatbuffers/flatbuffers.h REQUIRED)
find_library(COSPARK_ABSL_SYNCHRONIZATION absl_synchronization)
mark_as_advanced(COSPARK_FLATBUFFERS_INCLUDE COSPARK_ABSL_SYNCHRONIZATION)

add_library(cospark_public_dependencies INTERFACE)
target_include_directories(cospark_public_dependencies SYSTEM INTERFACE $<BUILD_INTERFACE:${COSPARK_ASIO_INCLUDE}>)
target_link_libraries(cospark_public_dependencies INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(cospark_public_dependencies INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED
  # Asio 1.22 does not see that clang has coroutines.
  $<$<CXX_COMPILER_ID:Clang>:ASIO_HAS_CO_AWAIT ASIO_HAS_STD_COROUTINE>)

add_library(cospark_private_dependencies INTERFACE)
target_link_libraries(cospark_private_dependencies INTERFACE
  gRPC::grpc++ protobuf::libprotobuf OpenSSL::SSL PkgConfig::cospark_compression)
if(COSPARK_ABSL_SYNCHRONIZATION)  # inline code of gRPC's headers refers to it
  target_link_libraries(cospark_private_dependencies INTERFACE ${COSPARK_ABSL_SYNCHRONIZATION})
endif()
