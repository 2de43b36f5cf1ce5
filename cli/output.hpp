// SPDX-License-Identifier: Apache-2.0
#pragma once

// Results on standard output: lines for people, or with --json exactly one JSON document. On a
// terminal lines end between words, and some have a colour; whoever reads a pipe gets the same
// words, each line whole.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/count.hpp"
#include "base/json.hpp"
#include "base/log.hpp"

namespace sealift::cli {

enum class Color { automatic, always, never };

struct Globals {
  bool json = false;
  log::Level level = log::Level::normal;
  Color color = Color::automatic;
};

enum class Tone { heading, good, bad };

// Whether colours are wanted on a descriptor: what the command line says counts, then NO_COLOR,
// then CLICOLOR_FORCE, then whether it is a terminal.
bool wants_color(Color asked, int descriptor);
std::string toned(Tone tone, std::string_view text);

// A write that fails is remembered and said by finish(): a full disk must not look like success.
class Output {
 public:
  explicit Output(const Globals& globals);

  bool wants_json() const { return globals_.json; }
  // For people; dropped with --json.
  void line(std::string_view text = {});
  // Text that has its own newlines; dropped with --json.
  void text(std::string_view text);
  // The notes of a release, in Markdown: on a terminal headings, lists and emphasis are shown.
  void notes(std::string_view text);
  // Left-aligned columns, two spaces apart, below a row of headings.
  void table(const std::vector<std::vector<std::string>>& rows);
  // In a colour, where there are any.
  std::string in(Tone tone, std::string_view text) const;
  // The one document; dropped without --json.
  void json(const Json& value);
  // Throws Error{io} where standard output did not take everything.
  void finish();

 private:
  void write(std::string_view text);
  const Globals& globals_;
  std::size_t columns_;  // of the terminal; 0 where there is none
  bool colored_;
};

// "41.9 MiB"
std::string size_text(std::uint64_t bytes);
using sealift::count_text;
// "3 s", "2 min 5 s"
std::string duration_text(std::chrono::seconds time);

}  // namespace sealift::cli
