// SPDX-License-Identifier: Apache-2.0
#pragma once

// A long text of SQL in pieces, each of whole statements, so that what is held of it is a piece and
// not the text. Statements, their order and their lines are those of the text as a whole, wherever
// it is cut: within a string, a comment or a character nothing ends a piece. A statement is never
// split, so one of many megabytes takes as much memory.

#include <memory>
#include <string>
#include <string_view>

#include "base/stream.hpp"
#include "migrations/sql.hpp"

namespace sealift::migrations {

// A piece of a migration that a database is given at once.
struct Chunk {
  std::string_view text;
  std::size_t line;  // of the file, where it begins
};

// What parts a text wherever it stands, and is left out itself.
enum class Marks {
  none,
  breakpoints,  // "--> statement-breakpoint" of drizzle-kit
  psql_lines  // what pg_dump writes for psql alone: \restrict at the start, \unrestrict at the end
};

inline constexpr std::size_t kPieceBytes = 1U << 20;
inline constexpr std::size_t kMaxStatementBytes = 64U << 20;

class Pieces {
 public:
  // `size`: a piece is cut behind the first statement that ends there or later.
  Pieces(std::unique_ptr<Source> source, Dialect dialect, Marks marks,
         std::size_t size = kPieceBytes);

  // The next piece, which may hold no statement, and is there until the next call; false at the
  // end. Rows behind COPY ... FROM STDIN may be missing. Error{invalid_input} with its line for a
  // statement of more than kMaxStatementBytes.
  bool next(Chunk& chunk);

 private:
  // In what was read and not given yet.
  struct Mark {
    std::size_t begin;
    std::size_t end;  // npos: not read yet
  };

  std::string_view rest() const { return std::string_view(buffer_).substr(at_); }
  void fill(std::size_t wanted);
  void drop(std::size_t count);
  Mark find_mark() const;
  void skip_rows();
  bool give(std::size_t count, std::size_t behind, Chunk& chunk);

  std::unique_ptr<Source> source_;
  Dialect dialect_;
  Marks marks_;
  std::size_t size_;
  std::string buffer_;
  std::size_t at_ = 0;     // in the buffer
  std::size_t taken_ = 0;  // behind it: what the last call gave
  std::size_t line_ = 1;
  bool at_line_begin_ = true;
  bool has_ended_ = false;  // the source
  bool in_rows_ = false;
  bool is_done_ = false;
};

}  // namespace sealift::migrations
