// SPDX-License-Identifier: Apache-2.0
#include "installer/events/cursor.hpp"

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/path.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kMaxCursor = 16U << 10;  // bytes
constexpr std::size_t kMaxWhy = 1024;

std::optional<Time> time_if(Fields& fields, const char* key) {
  return fields.value_if(key) == nullptr ? std::nullopt : std::optional(fields.time(key));
}

}  // namespace

std::size_t Cursor::lines_done(const AuditText& log) const {
  if (line == 0) return 0;
  const auto is_it = [&](const AuditLine& each) {
    return digest_of_line(each.text).hex() == digest;
  };
  if (line <= log.lines.size() && is_it(log.lines[line - 1])) return line;
  for (std::size_t count = log.lines.size(); count > 0; --count) {
    if (is_it(log.lines[count - 1])) return count;
  }
  return 0;
}

void Cursor::pass(const AuditLine& passed) {
  *this = {.line = passed.number,
           .digest = digest_of_line(passed.text).hex(),
           .failures = 0,
           .why = {},
           .retry = {},
           .pause = {}};
}

std::optional<Cursor> read_cursor(const fs::path& file) {
  if (!path_exists(file)) return std::nullopt;
  const Json value = parse_json(read_file(file, kMaxCursor), file.string());
  Fields fields(value, file.string());
  Cursor cursor{.line = fields.number("line"),
                .digest = fields.text("digest"),
                .failures = fields.number("failures"),
                .why = fields.text("why"),
                .retry = time_if(fields, "retry"),
                .pause = time_if(fields, "pause")};
  fields.done();
  return cursor;
}

void write_cursor(const fs::path& file, const Cursor& cursor) {
  Json value = {{"line", cursor.line},
                {"digest", cursor.digest},
                {"failures", cursor.failures},
                {"why", printable(cursor.why, kMaxWhy)}};
  if (cursor.retry) value["retry"] = to_text(*cursor.retry);
  if (cursor.pause) value["pause"] = to_text(*cursor.pause);
  make_dirs(file.parent_path(), 0700);
  write_file(file, to_canonical(value) + "\n", FileMode::secret);
}

Cursor cursor_behind(const AuditText& log) {
  Cursor cursor;
  if (!log.lines.empty()) cursor.pass(log.lines.back());
  return cursor;
}

}  // namespace sealift::installer
