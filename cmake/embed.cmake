# SPDX-License-Identifier: Apache-2.0
# embed(TARGET FOLDER): every file below FOLDER becomes part of the program, sorted by its path in
# FOLDER. "embedded/FOLDER.hpp" declares std::span<const FOLDER_file> sealift::embedded::FOLDER(); each
# has a path and a content. The files of the repository are those that run.
function(embed target folder)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/${folder}
       ${PROJECT_SOURCE_DIR}/${folder}/*)
  list(SORT files)
  set(absolute ${files})
  list(TRANSFORM absolute PREPEND ${PROJECT_SOURCE_DIR}/${folder}/)
  set(out ${PROJECT_BINARY_DIR}/embedded/${folder})
  set(script ${PROJECT_SOURCE_DIR}/cmake/embed-files.cmake)
  add_custom_command(
    OUTPUT ${out}.cpp ${out}.hpp
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DROOT=${PROJECT_SOURCE_DIR}/${folder}
            "-DFILES=${files}" -DOUT=${out} -P ${script}
    DEPENDS ${absolute} ${script} VERBATIM)
  target_sources(${target} PRIVATE ${out}.cpp)
  set_source_files_properties(${out}.cpp PROPERTIES
    SKIP_UNITY_BUILD_INCLUSION ON SKIP_PRECOMPILE_HEADERS ON)
  # A target of its own, so that the files can be made without building what the room uses.
  add_custom_target(embedded_${folder} DEPENDS ${out}.cpp ${out}.hpp)
endfunction()
