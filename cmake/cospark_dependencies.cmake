# Everything comes from the distribution. Public: Asio and Boost headers. Private: the rest.
# The same file serves the build and, through cosparkConfig.cmake, a program that uses an installed static cospark.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(cospark_compression REQUIRED IMPORTED_TARGET libzstd liblz4)
find_path(COSPARK_ASIO_INCLUDE asio/awaitable.hpp REQUIRED)
mark_as_advanced(COSPARK_ASIO_INCLUDE)
