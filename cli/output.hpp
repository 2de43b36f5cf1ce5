// SPDX-License-Identifier: Apache-2.0
#pragma once

// Results on standard output: lines for people, or with --json exactly one JSON document.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/log.hpp"

namespace sealift::cli {

struct Globals {
  bool json = false;
  log::Level level = log::Level::normal;
};

// A write that fails is remembered and said by finish(): a full disk must not look like success.
class Output {
 public:
  explicit Output(const Globals& globals) : globals_(globals) {}

  bool wants_json() const { return globals_.json; }
  // For people; dropped with --json.
  void line(std::string_view text = {});
  // Text that has its own newlines; dropped with --json.
  void text(std::string_view text);
  // Left-aligned columns, two spaces apart. The first row is the heading.
  void table(const std::vector<std::vector<std::string>>& rows);
  // The one document; dropped without --json.
  void json(const Json& value);
  // Throws Error{io} where standard output did not take everything.
  void finish();

 private:
  void write(std::string_view text);
  const Globals& globals_;
};

// "41.9 MiB"
std::string size_text(std::uint64_t bytes);
// "1 file", "2 files"
std::string count_text(std::uint64_t count, std::string_view noun);

}  // namespace sealift::cli
