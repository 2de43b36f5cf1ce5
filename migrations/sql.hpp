// SPDX-License-Identifier: Apache-2.0
#pragma once

// SQL as far as a migration's text has to be understood: where statements begin and end, and of
// which words they are made. The rules of PostgreSQL are those of its own scanner (scan.l and
// psqlscan.l of release 15, with standard_conforming_strings on); those of SQLite are of
// tokenize.c.

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace sealift::migrations {

enum class Dialect { postgresql, sqlite };

struct Token {
  enum class Kind {
    word,    // a keyword or an unquoted name
    name,    // a quoted name
    text,    // a string of any form
    number,  // also a parameter such as $1
    mark     // one character of an operator or of punctuation
  };
  Kind kind;
  std::string_view text;  // as written
  std::size_t line;       // in the text, from 1
  std::size_t depth;      // of the brackets [ ] around it

  // A word, in any case.
  bool is(std::string_view word) const;
  bool is(char mark) const;
  // What a name or string means: without its quotes, and an unquoted name in small letters.
  std::string value() const;
};

struct Statement {
  std::string_view text;  // from its first token to its last, without the semicolon
  std::size_t line;
  std::vector<Token> tokens;  // without comments; at least one

  // True where it begins with these words.
  bool begins(std::initializer_list<std::string_view> words) const;
  // True where a word is anywhere in it, outside of quotes.
  bool has(std::string_view word) const;
  // True where the words follow each other somewhere in it.
  bool has(std::initializer_list<std::string_view> words) const;
  // True for COPY ... FROM STDIN: its rows follow in the text.
  bool reads_rows() const;
};

// Gives the statements of a text one after the other. Comments and empty statements are left out,
// and so are the rows behind COPY ... FROM STDIN, which are no SQL. Throws Error{invalid_input}
// with the line where a string, a name or a comment has no end, or a byte is zero.
void each_statement(std::string_view sql, Dialect dialect,
                    const std::function<void(const Statement&)>& look);
// All of them at once; the text must outlive them. A seed of many megabytes wants the other.
std::vector<Statement> parse_sql(std::string_view sql, Dialect dialect);

// How far the beginning of a text can be taken by itself.
struct SettledEnd {
  std::size_t end = 0;  // behind a semicolon that ends a statement; 0: none does
  bool has_rows_behind = false;
};
// The statements up to there are the same whatever follows `sql`. Looks no further than the first
// that ends at `enough` or later, or has rows behind it.
SettledEnd settled_end(std::string_view sql, Dialect dialect, std::size_t enough);

}  // namespace sealift::migrations
