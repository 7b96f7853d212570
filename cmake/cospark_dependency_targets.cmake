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
if(COSPARK_STATIC_DEPENDENCIES)
  # The distribution's CMake files know the shared libraries alone; pkg-config knows what an archive needs besides.
  pkg_check_modules(cospark_static REQUIRED grpc++ protobuf openssl libzstd liblz4)
  set(archives)
  foreach(name IN LISTS cospark_static_STATIC_LIBRARIES ITEMS absl_synchronization)
    find_library(COSPARK_ARCHIVE_${name} NAMES lib${name}.a)
    mark_as_advanced(COSPARK_ARCHIVE_${name})
    if(COSPARK_ARCHIVE_${name} AND NOT name MATCHES "^(dl|m|pthread|rt)$")
      list(APPEND archives "${COSPARK_ARCHIVE_${name}}")
    else()  # what the C library and the compiler bring along
      target_link_libraries(cospark_private_dependencies INTERFACE ${name})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES archives)
  list(JOIN archives "," archives)
  target_link_libraries(cospark_private_dependencies INTERFACE "$<LINK_GROUP:RESCAN,${archives}>")
else()
  target_link_libraries(cospark_private_dependencies INTERFACE
    gRPC::grpc++ protobuf::libprotobuf OpenSSL::SSL PkgConfig::cospark_compression)
  if(COSPARK_ABSL_SYNCHRONIZATION)  # inline code of gRPC's headers refers to it
    target_link_libraries(cospark_private_dependencies INTERFACE ${COSPARK_ABSL_SYNCHRONIZATION})
  endif()
endif()
