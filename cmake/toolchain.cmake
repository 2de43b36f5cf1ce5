# SPDX-License-Identifier: Apache-2.0
# What every room is compiled with. Warnings are errors; programs are hardened; the installer is
# linked statically because it runs where nothing else is installed.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Not -O3: there GCC 12 warns of overflows inside std::string that cannot happen, and what is slow
# here (hashing, compression) is in the libraries.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

option(SEALIFT_TESTS "build the tests" ON)
option(SEALIFT_STATIC "link the programs as static-pie" ON)
option(SEALIFT_SANITIZE "address and undefined behaviour sanitizers" OFF)
option(SEALIFT_FUZZ "programs that libFuzzer drives; needs clang" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${PROJECT_SOURCE_DIR}/cmake/cached)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  else()
    # Clang's precompiled headers name the folder that they were made in, and no other clone could use
    # what was compiled with them. Without them a file takes a second more.
    set(CMAKE_DISABLE_PRECOMPILE_HEADERS ON)
  endif()
endif()

find_package(Threads REQUIRED)

add_library(sealift_options INTERFACE)
target_include_directories(sealift_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
target_compile_options(sealift_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  -fstack-protector-strong)
target_compile_definitions(sealift_options INTERFACE SEALIFT_VERSION="${PROJECT_VERSION}"
  SPDLOG_FMT_EXTERNAL)
target_link_libraries(sealift_options INTERFACE Threads::Threads)
if(SEALIFT_SANITIZE)
  # By clang, which takes half of GCC's time for it. GCC 12 reports maybe-uninitialized inside <regex> and
  # std::string under the sanitizers. Their messages name functions; lines would take a fifth of the time to compile, and whoever looks for one
  # configures with -DCMAKE_CXX_FLAGS_DEBUG=-g1.
  # Undefined behaviour is looked for in what is tested (UNIT_TEST says what is not); in the tests alone
  # it costs a third of their time.
  target_compile_options(sealift_options INTERFACE -fsanitize=address
    $<$<NOT:$<BOOL:$<TARGET_PROPERTY:UNIT_TEST>>>:-fsanitize=undefined>
    -fno-sanitize-recover=all -fno-omit-frame-pointer $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(sealift_options INTERFACE -fsanitize=address,undefined)
  # GCC's word, by which tests know that the allocator and mlock() are the sanitizer's.
  target_compile_definitions(sealift_options INTERFACE
    $<$<CXX_COMPILER_ID:Clang>:__SANITIZE_ADDRESS__=1>)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  # Calls and returns land only where code expects them, and no frame jumps over the guard page.
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
    set(CONTROL_FLOW -fcf-protection)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    set(CONTROL_FLOW -mbranch-protection=standard)
  endif()
  # A section for each function, so that the linker leaves out those that nothing calls, and what only
  # they would bring in from other libraries.
  target_compile_options(sealift_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
    -fstack-clash-protection ${CONTROL_FLOW} -ffunction-sections -fdata-sections)
  target_link_options(sealift_options INTERFACE -Wl,-z,relro,-z,now)
endif()
if(SEALIFT_FUZZ)
  # All code counts what it runs; only the targets take libFuzzer's main().
  target_compile_options(sealift_options INTERFACE -fsanitize=fuzzer-no-link -O1)
endif()
