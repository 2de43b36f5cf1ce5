# SPDX-License-Identifier: Apache-2.0
# Run by embed(): writes OUT.hpp and OUT.cpp with the FILES below ROOT as byte arrays.
set(table "")
set(arrays "")
set(number 0)
foreach(file IN LISTS FILES)
  file(READ ${ROOT}/${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND arrays "constexpr char file_${number}[] = {${bytes} 0};\n")
  string(APPEND table "    {\"${file}\", {file_${number}, sizeof file_${number} - 1}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT}.hpp "#pragma once
#include <span>
#include <string_view>
namespace sealift::embedded {
struct ${FOLDER}_file {
  std::string_view path;
  std::string_view content;
};
std::span<const ${FOLDER}_file> ${FOLDER}();
}  // namespace sealift::embedded
")
file(WRITE ${OUT}.cpp "#include \"embedded/${FOLDER}.hpp\"
#include <array>
namespace sealift::embedded {
namespace {
${arrays}
constexpr std::array<${FOLDER}_file, ${number}> files = {{
${table}}};
}  // namespace
std::span<const ${FOLDER}_file> ${FOLDER}() { return files; }
}  // namespace sealift::embedded
")
