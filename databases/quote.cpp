// SPDX-License-Identifier: Apache-2.0
#include "databases/quote.hpp"

namespace sealift::databases {

namespace {

std::string between(char mark, std::string_view text) {
  std::string quoted(1, mark);
  for (const char c : text) {
    quoted += c;
    if (c == mark) quoted += c;
  }
  return quoted + mark;
}

}  // namespace

std::string sql_text(std::string_view text) {
  return between('\'', text);
}

std::string sql_name(std::string_view name) {
  return between('"', name);
}

}  // namespace sealift::databases
