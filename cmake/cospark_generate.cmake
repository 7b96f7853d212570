# Code generated at build time: protobuf and gRPC from proto/, the verifier of Arrow metadata from a FlatBuffers schema.
find_program(COSPARK_GRPC_PLUGIN grpc_cpp_plugin REQUIRED)
find_program(COSPARK_FLATC flatc REQUIRED)
mark_as_advanced(COSPARK_GRPC_PLUGIN COSPARK_FLATC)

function(cospark_generate_proto target)
  set(root "${CMAKE_CURRENT_SOURCE_DIR}/proto")
  set(out "${CMAKE_CURRENT_BINARY_DIR}/generated")
  file(MAKE_DIRECTORY "${out}")
  file(GLOB protos RELATIVE "${root}" CONFIGURE_DEPENDS "${root}/spark/connect/*.proto" "${root}/cospark/*.proto")
  set(inputs ${protos})
  list(TRANSFORM inputs PREPEND "${root}/")
  set(sources)
  foreach(proto IN LISTS protos)
    string(REGEX REPLACE "[.]proto$" "" name "${proto}")
    set(files "${out}/${name}.pb.cc" "${out}/${name}.pb.h")
    set(service)
    if(name STREQUAL "spark/connect/base")  # the only file with a service
      list(APPEND files "${out}/${name}.grpc.pb.cc" "${out}/${name}.grpc.pb.h")
      set(service --grpc_out=${out} --plugin=protoc-gen-grpc=${COSPARK_GRPC_PLUGIN})
    endif()
    add_custom_command(OUTPUT ${files}
      COMMAND protobuf::protoc --proto_path=${root} --cpp_out=${out} ${service} "${root}/${proto}"
      DEPENDS ${inputs} VERBATIM)
    list(APPEND sources ${files})
  endforeach()
  add_library(${target} OBJECT ${sources})
  target_include_directories(${target} SYSTEM PUBLIC "${out}")
  target_link_libraries(${target} PUBLIC cospark_private_dependencies)
  target_compile_features(${target} PUBLIC cxx_std_20)
  # Generated code gains nothing from -O3 and costs minutes.
  target_compile_options(${target} PRIVATE $<IF:$<CONFIG:Debug>,-O0,-O1>)
  # Not ours, and minutes again. The thread sanitizer must see it: the linker may take an inline function of the standard
  # library from here for all, and operations of atomics that are not seen order nothing.
  if(COSPARK_SANITIZE AND NOT COSPARK_SANITIZE MATCHES "thread")
    target_compile_options(${target} PRIVATE -fno-sanitize=all)
  endif()
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON UNITY_BUILD OFF)
endfunction()

function(cospark_generate_flatbuffers target)
  set(out "${CMAKE_CURRENT_BINARY_DIR}/generated/arrow")
  set(schema "${PROJECT_SOURCE_DIR}/lib/data/arrow.fbs")
  file(MAKE_DIRECTORY "${out}")
  add_custom_command(OUTPUT "${out}/arrow_generated.h"
    COMMAND ${COSPARK_FLATC} --cpp -o "${out}" "${schema}" DEPENDS "${schema}" VERBATIM)
  target_sources(${target} PRIVATE "${out}/arrow_generated.h")
  target_include_directories(${target} SYSTEM PRIVATE "${out}" ${COSPARK_FLATBUFFERS_INCLUDE})
endfunction()
