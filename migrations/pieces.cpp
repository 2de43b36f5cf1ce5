// SPDX-License-Identifier: Apache-2.0
#include "migrations/pieces.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::migrations {

namespace {

constexpr auto kNone = std::string_view::npos;
constexpr std::string_view kBreakpoint = "--> statement-breakpoint";
constexpr std::array<std::string_view, 2> kPsqlLines = {"\\restrict ", "\\unrestrict "};
constexpr std::array<std::string_view, 3> kRowsEnd = {"\\.\n", "\\.\r\n", "\\."};

// Where a line that begins with `word` begins; kNone: nowhere.
std::size_t find_line(std::string_view text, std::string_view word, bool at_line_begin) {
  if (at_line_begin && text.starts_with(word)) return 0;
  for (std::size_t at = text.find('\n'); at != kNone; at = text.find('\n', at + 1)) {
    if (text.substr(at + 1).starts_with(word)) return at + 1;
  }
  return kNone;
}

std::size_t line_end(std::string_view text, std::size_t from) {
  return std::min(text.find('\n', from), text.size() - 1) + 1;
}

}  // namespace

Pieces::Pieces(std::unique_ptr<Source> source, Dialect dialect, Marks marks, std::size_t size)
    : source_(std::move(source)), dialect_(dialect), marks_(marks), size_(size) {}

// Reads until so much is there, or the end. What was given before goes once it is worth moving the
// rest.
void Pieces::fill(std::size_t wanted) {
  if (at_ > size_) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  // Most texts are far shorter than what is wanted of a long one, and a release may have thousands.
  constexpr std::size_t kFirstStep = 4U << 10;
  constexpr std::size_t kStep = 64U << 10;
  while (!has_ended_ && rest().size() < wanted) {
    const std::size_t had = buffer_.size();
    const std::size_t step = std::min(wanted - rest().size(), std::clamp(had, kFirstStep, kStep));
    buffer_.resize(had + step);
    const std::size_t count = read_fully(*source_, std::span(buffer_).subspan(had));
    buffer_.resize(had + count);
    has_ended_ = count < step;
  }
}

void Pieces::drop(std::size_t count) {
  const std::string_view gone = rest().substr(0, count);
  if (gone.empty()) return;
  line_ += static_cast<std::size_t>(std::count(gone.begin(), gone.end(), '\n'));
  at_line_begin_ = gone.back() == '\n';
  at_ += count;
}

Pieces::Mark Pieces::find_mark() const {
  const std::string_view text = rest();
  if (marks_ == Marks::breakpoints) {
    const std::size_t begin = text.find(kBreakpoint);
    return {.begin = begin, .end = begin == kNone ? kNone : begin + kBreakpoint.size()};
  }
  Mark first{.begin = kNone, .end = kNone};
  if (marks_ == Marks::none) return first;
  for (const std::string_view word : kPsqlLines) {
    const std::size_t begin = find_line(text, word, at_line_begin_);
    if (begin < first.begin) first.begin = begin;
  }
  if (first.begin == kNone) return first;
  const bool is_read = has_ended_ || text.find('\n', first.begin) != kNone;
  if (is_read) first.end = line_end(text, first.begin);
  return first;
}

// Lines up to one that is "\.", or to where a mark or the text ends them. All of it counts as
// lines, and nothing as SQL.
void Pieces::skip_rows() {
  at_line_begin_ = true;
  while (std::exchange(in_rows_, false)) {
    fill(rest().size() + 2 * size_);
    const Mark mark = find_mark();
    const std::string_view rows = rest().substr(0, mark.begin);
    const bool is_last = has_ended_ || mark.begin != kNone;
    std::size_t from = 0;
    while (from < rows.size()) {
      const std::size_t end = line_end(rows, from);
      const std::string_view line = rows.substr(from, end - from);
      if (!is_last && !line.ends_with('\n')) {
        // What it ends with may be the beginning of a mark.
        from = std::max(from, end - std::min(end, kBreakpoint.size()));
        break;
      }
      const bool is_end = (from > 0 || at_line_begin_) &&
                          std::find(kRowsEnd.begin(), kRowsEnd.end(), line) != kRowsEnd.end();
      from = end;
      if (is_end) {
        drop(from);
        return;
      }
    }
    drop(from);
    in_rows_ = !is_last;
  }
}

bool Pieces::give(std::size_t count, std::size_t behind, Chunk& chunk) {
  chunk = {.text = rest().substr(0, count), .line = line_};
  taken_ = count + behind;
  return true;
}

bool Pieces::next(Chunk& chunk) {
  if (is_done_) return false;
  drop(std::exchange(taken_, 0));
  if (in_rows_) skip_rows();
  for (std::size_t wanted = 2 * size_;; wanted *= 2) {
    fill(wanted);
    const Mark mark = find_mark();
    const bool is_last = has_ended_ || mark.begin != kNone;
    const std::string_view text = rest().substr(0, mark.begin);
    const bool is_cut = is_last && mark.begin != kNone && mark.end == kNone;
    if (is_cut) continue;  // the mark itself is not all there
    const std::size_t behind = mark.begin == kNone ? 0 : mark.end - mark.begin;
    // Who scans it refuses a zero byte.
    const bool is_whole = (is_last && text.size() <= size_) || text.find('\0') != kNone;
    const SettledEnd settled = is_whole ? SettledEnd{} : settled_end(text, dialect_, size_);
    if (settled.end > 0) {
      in_rows_ = settled.has_rows_behind;
      return give(settled.end, 0, chunk);
    }
    if (is_last || is_whole) {
      is_done_ = is_last && mark.begin == kNone;
      return give(text.size(), behind, chunk);
    }
    if (text.size() >= kMaxStatementBytes) {
      throw Error(
          Errc::invalid_input,
          format("line {}: found a statement of more than {} bytes", line_, kMaxStatementBytes),
          "write it as several statements");
    }
  }
}

}  // namespace sealift::migrations
