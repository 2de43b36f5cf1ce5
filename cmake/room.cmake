# SPDX-License-Identifier: Apache-2.0
# room(NAME USES rooms... DOOR libraries... EMBED folders... PRECOMPILE headers... LIKE room): folder
# NAME becomes the static library sealift_NAME. A room may stand in another, room(release/text ...):
# its namespace is that of the room around it (sealift::release), its library sealift_release_text,
# and sealift_release is then all that is in the room around. A room is the files of one folder;
# folders in it are rooms of their own.
# PRECOMPILE names what nearly every file of a large room reads; LIKE takes what another room has
# precompiled. LIGHT: compiled for size, a quarter less of it, for a room that decides and calls: what
# takes time when it runs (hashing, frames, archives, verification) is in the rooms below. A compiler
# takes no precompiled header of another optimisation, so that the first LIGHT room makes one for all.
# Files are compiled several at a time (CMake's unity build), for most of the time of a file goes into
# headers; ALONE names those that are not: large libraries, which fill a core each, and files whose
# header's private types hold types of an unnamed namespace (-Wsubobject-linkage).
# program(NAME ROOM room): the room's main.cpp as a program; in a release without what is never called,
# and stripped.

set(DOOR_fmt "")
set(DOOR_spdlog "")
set(DOOR_nlohmann_json "")
set(DOOR_crypto crypto)
set(DOOR_utf8proc utf8proc)
set(DOOR_archive archive z)
set(DOOR_zstd zstd)
set(DOOR_zlib z)
set(DOOR_brotli brotlienc brotlicommon)
set(DOOR_xxhash "")
set(DOOR_sodium sodium)
set(DOOR_sqlite3 sqlite3)
set(DOOR_cli11 "")
set(DOOR_boost "")
set(DOOR_ssl ssl crypto)
set(DOOR_yaml-cpp yaml-cpp)
set(DOOR_valijson "")
set(DOOR_mustache "")

# With static programs every library comes as an archive, so that tests run what is shipped.
function(_archive_of out library)
  if(SEALIFT_STATIC)
    find_library(ARCHIVE_${library} lib${library}.a REQUIRED)
    set(${out} ${ARCHIVE_${library}} PARENT_SCOPE)
  else()
    set(${out} ${library} PARENT_SCOPE)
  endif()
endfunction()

# What nearly every file reads. Headers of ours are looked for, not named by a path of this clone: from
# the compiler's cache another clone would get a precompiled header that depends on files of this one.
set(PRECOMPILED <algorithm> <chrono> <filesystem> <functional> <map> <memory> <optional> <set> <span>
  <string> <string_view> <thread> <vector> <base/format.hpp> <base/json.hpp>)

# Without the passes that take a fifth of the time and bring a hundredth. With -Os GCC 12 sees the
# value of an empty std::optional<stat> as read; the other builds warn.
set(FOR_SIZE -Os -fno-gcse -fno-tree-pre -fno-expensive-optimizations -Wno-maybe-uninitialized)

function(room name)
  cmake_parse_arguments(ROOM "LIGHT" "LIKE" "USES;DOOR;EMBED;PRECOMPILE;ALONE" ${ARGN})
  string(REPLACE / _ target sealift_${name})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  add_library(${target} STATIC ${sources})
  target_link_libraries(${target} PUBLIC sealift_options)
  foreach(used ${ROOM_USES})
    string(REPLACE / _ used sealift_${used})
    target_link_libraries(${target} PUBLIC ${used})
  endforeach()
  foreach(door ${ROOM_DOOR})
    string(REGEX REPLACE "^.*:" "" door ${door})
    foreach(library ${DOOR_${door}})
      _archive_of(linked ${library})
      target_link_libraries(${target} PUBLIC ${linked})
    endforeach()
  endforeach()
  foreach(folder ${ROOM_EMBED})
    embed(${target} ${folder})
  endforeach()
  # A room in a room is small: one or two compilations, so that walls cost no time.
  set(batch 6)
  if(name MATCHES /)
    set(batch 12)
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${batch})
  list(TRANSFORM ROOM_ALONE PREPEND ${PROJECT_SOURCE_DIR}/${name}/)
  set_source_files_properties(${ROOM_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  if(ROOM_LIGHT)
    target_compile_options(${target} PRIVATE "$<$<CONFIG:Release>:${FOR_SIZE}>")
  endif()
  if(ROOM_LIKE)
    string(REPLACE / _ like sealift_${ROOM_LIKE})
    target_precompile_headers(${target} REUSE_FROM ${like})
  else()
    get_property(like GLOBAL PROPERTY FIRST_ROOM_LIGHT_${ROOM_LIGHT})
    if(like AND NOT ROOM_PRECOMPILE)
      target_precompile_headers(${target} REUSE_FROM ${like})
    else()
      list(TRANSFORM ROOM_PRECOMPILE REPLACE ".+" "<\\0>")
      target_precompile_headers(${target} PRIVATE ${PRECOMPILED} ${ROOM_PRECOMPILE})
      if(NOT like)
        set_property(GLOBAL PROPERTY FIRST_ROOM_LIGHT_${ROOM_LIGHT} ${target})
      endif()
    endif()
  endif()
  if(name MATCHES "^([^/]+)/")
    set(around sealift_${CMAKE_MATCH_1})
    if(NOT TARGET ${around})
      # One that has files of its own is a library, which comes with its line below.
      file(GLOB own ${PROJECT_SOURCE_DIR}/${CMAKE_MATCH_1}/*.cpp)
      if(own)
        return()
      endif()
      add_library(${around} INTERFACE)
    endif()
    target_link_libraries(${around} INTERFACE ${target})
  endif()
endfunction()

function(program name)
  cmake_parse_arguments(PROGRAM "" "ROOM" "" ${ARGN})
  add_executable(${name} ${PROJECT_SOURCE_DIR}/${PROGRAM_ROOM}/main.cpp)
  string(REPLACE / _ room sealift_${PROGRAM_ROOM})
  target_link_libraries(${name} PRIVATE ${room})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  if(SEALIFT_STATIC AND NOT SEALIFT_SANITIZE)
    target_link_options(${name} PRIVATE -static-pie)
  endif()
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    # The map is what scripts/build-times --size reads.
    target_link_options(${name} PRIVATE -Wl,--gc-sections -Wl,-z,pack-relative-relocs
      -Wl,-Map=$<TARGET_FILE:${name}>.map)
    # What a debugger needs stays beside the program, which names it (.gnu_debuglink).
    set(debug $<TARGET_FILE:${name}>.debug)
    add_custom_command(TARGET ${name} POST_BUILD
      COMMAND ${CMAKE_OBJCOPY} --only-keep-debug $<TARGET_FILE:${name}> ${debug}
      COMMAND ${CMAKE_OBJCOPY} --strip-all --add-gnu-debuglink=${debug} $<TARGET_FILE:${name}>
      VERBATIM)
  endif()
endfunction()
