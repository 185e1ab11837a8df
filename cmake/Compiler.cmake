# C++23 on clang-19 (libstdc++ 12). g++ 12.2 destroys owning temporaries inside a co_await expression twice, silently, so
# g++ below 13 is refused rather than warned about.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    message(FATAL_ERROR "g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles coroutines. Use clang++-19 "
                        "(cmake --preset release does) or g++ 13 or later.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_RUNTIME_OUTPUT_DIRECTORY)
    set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

add_library(dp_options INTERFACE)
target_compile_options(dp_options INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wcast-qual -Wconversion
                       -Wno-sign-conversion -Werror)
target_include_directories(dp_options INTERFACE "${CMAKE_SOURCE_DIR}/src")
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_link_options(dp_options INTERFACE -fuse-ld=lld)
endif()

set(DIALPLANE_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")
if(DIALPLANE_SANITIZE)
    add_compile_options(-fsanitize=${DIALPLANE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
                        -fno-sanitize=function)
    add_link_options(-fsanitize=${DIALPLANE_SANITIZE})
endif()
