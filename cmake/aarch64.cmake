# SPDX-License-Identifier: Apache-2.0
# Toolchain of the preset "arm64": Debian's cross compiler, with the libraries that scripts/sysroot fetched.
# That compiler finds header-only libraries in the host's /usr/include by itself.
set(ROOT ${CMAKE_CURRENT_LIST_DIR}/../build/sysroot/arm64)
get_filename_component(ROOT ${ROOT} ABSOLUTE)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH ${ROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
# openssl/configuration.h is in the architecture's folder.
set(CMAKE_CXX_FLAGS_INIT
  "-isystem ${ROOT}/usr/include/aarch64-linux-gnu -isystem ${ROOT}/usr/include")
set(CMAKE_CROSSCOMPILING_EMULATOR /usr/bin/qemu-aarch64-static)
