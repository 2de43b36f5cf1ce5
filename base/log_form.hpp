// SPDX-License-Identifier: Apache-2.0
#pragma once

// The second form of what goes to standard error: one JSON object on each line, for collectors of
// logs. Each has `time` (UTC, RFC 3339), `level` (debug, info, warning or error), `program` and
// `message`, and the labels that hold at that moment: release, version, transaction, step,
// component. Labels are of JSON alone; text has none.

#include <string>
#include <string_view>

namespace sealift::log {

enum class Form { text, json };

// Before the first line. Text, where nobody says anything else.
void set_form(Form form);
Form form();

// A line of progress, in the form of JSON only; shown unless --quiet.
void progress(std::string_view line);
// A failure, in the form of JSON only: with its code and hint (base/error.hpp), as they are.
void failure(std::string_view program, std::string_view message, std::string_view code,
             std::string_view hint);

enum class Reach {
  thread,  // lines of the thread that made it
  program  // all lines
};

// Holds while it lives. Never throws: without memory there is no label.
class Label {
 public:
  Label(std::string_view key, std::string_view value, Reach reach = Reach::thread) noexcept;
  Label(const Label&) = delete;
  Label& operator=(const Label&) = delete;
  ~Label();

 private:
  bool is_set_ = false;
  Reach reach_;
};

}  // namespace sealift::log
