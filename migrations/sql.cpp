// SPDX-License-Identifier: Apache-2.0
#include "migrations/sql.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ascii.hpp"
#include "base/characters.hpp"
#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::migrations {

namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
// Bytes of other alphabets are letters to both databases.
bool begins_word(char c) {
  return is_small_letter(c) || is_capital_letter(c) || c == '_' || (c & '\x80') != 0;
}
bool continues_word(char c) {
  return begins_word(c) || is_digit(c) || c == '$';
}

// ASCII alone, as both scanners fold keywords.
char small(char c) {
  return is_capital_letter(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return small(x) == small(y); });
}

// Bytes, not characters: all that decides is ASCII.
class Scanner {
 public:
  Scanner(std::string_view sql, Dialect dialect) : sql_(sql), dialect_(dialect) {
    if (const std::size_t zero = sql.find('\0'); zero != sql.npos) {
      at_ = zero;
      refuse("found a zero byte");
    }
  }

  // False at the end.
  bool next(Token& token) {
    skip_space_and_comments();
    if (at_ >= sql_.size()) return false;
    const std::size_t begin = at_;
    const std::size_t line = line_;
    const Token::Kind kind = scan();
    const std::string_view text = sql_.substr(begin, at_ - begin);
    line_ += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    if (text == "]" && depth_ > 0) --depth_;
    token = {.kind = kind, .text = text, .line = line, .depth = depth_};
    if (text == "[" && kind == Token::Kind::mark) ++depth_;
    return true;
  }

  std::size_t place() const { return at_; }
  // Brackets that nothing has closed mean nothing to the next statement.
  void end_statement() { depth_ = 0; }

  // Behind a COPY ... FROM STDIN: lines up to one that is "\.".
  void skip_rows() {
    while (at_ < sql_.size()) {
      const std::size_t end = std::min(sql_.find('\n', at_), sql_.size() - 1) + 1;
      const std::string_view line = sql_.substr(at_, end - at_);
      at_ = end;
      line_ += line.ends_with('\n') ? 1 : 0;
      if (line == "\\.\n" || line == "\\.\r\n" || line == "\\.") return;
    }
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0';
  }
  bool follows(std::string_view text) const { return sql_.substr(at_).starts_with(text); }

  [[noreturn]] void refuse(std::string_view found) const {
    const auto lines =
        std::count(sql_.begin(), sql_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
    throw Error(Errc::invalid_input, format("line {}: {}", lines + 1, found));
  }

  void skip_space_and_comments() {
    while (at_ < sql_.size()) {
      if (is_space(peek())) {
        line_ += peek() == '\n' ? 1 : 0;
        ++at_;
      } else if (dialect_ == Dialect::sqlite && follows(kByteOrderMark)) {  // white space to it
        at_ += kByteOrderMark.size();
      } else if (follows("--")) {
        at_ = end_of_line(at_);
      } else if (follows("/*")) {
        skip_comment();
      } else {
        return;
      }
    }
  }

  // A carriage return ends a comment of PostgreSQL.
  std::size_t end_of_line(std::size_t from) const {
    const std::string_view ends = dialect_ == Dialect::postgresql ? "\n\r" : "\n";
    return std::min(sql_.find_first_of(ends, from), sql_.size());
  }

  // PostgreSQL's comments nest.
  void skip_comment() {
    const std::size_t begin = at_;
    std::size_t depth = 0;
    do {
      if (at_ >= sql_.size()) {
        at_ = begin;
        refuse("found a comment without its end");
      }
      if (follows("/*") && (dialect_ == Dialect::postgresql || depth == 0)) {
        ++depth;
        at_ += 2;
      } else if (follows("*/")) {
        --depth;
        at_ += 2;
      } else {
        line_ += peek() == '\n' ? 1 : 0;
        ++at_;
      }
    } while (depth > 0);
  }

  Token::Kind scan() {
    const char c = peek();
    if (c == '\'') return quoted('\'', Token::Kind::text, Escapes::none);
    if (c == '"') return quoted('"', Token::Kind::name, Escapes::none);
    if (dialect_ == Dialect::sqlite) {
      if (c == '`') return quoted('`', Token::Kind::name, Escapes::none);
      if (c == '[') return bracketed();
    }
    if (c == '$' && dialect_ == Dialect::postgresql && dollar_quoted()) return Token::Kind::text;
    if (c == '$' && is_digit(peek(1))) return number();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (begins_word(c)) return word();
    ++at_;
    return Token::Kind::mark;
  }

  enum class Escapes { none, backslash };

  // A doubled quote stands for itself.
  Token::Kind quoted(char quote, Token::Kind kind, Escapes escapes) {
    const std::size_t begin = at_;
    ++at_;
    while (true) {
      const std::size_t stop =
          escapes == Escapes::none ? sql_.find(quote, at_) : sql_.find_first_of("'\\", at_);
      at_ = std::min(stop, sql_.size());
      if (at_ >= sql_.size()) {
        at_ = begin;
        refuse(kind == Token::Kind::text ? "found a string without its end"
                                         : "found a quoted name without its end");
      }
      const bool is_escaped = escapes == Escapes::backslash && peek() == '\\';
      if (is_escaped || (peek() == quote && peek(1) == quote)) {
        at_ += 2;
      } else {
        ++at_;
        if (kind != Token::Kind::text || dialect_ == Dialect::sqlite || !string_goes_on()) {
          return kind;
        }
      }
    }
  }

  // A string goes on in the next line where only white space and comments of one line stand
  // between, in the form that it began in.
  bool string_goes_on() {
    std::size_t ahead = at_;
    bool has_newline = false;
    while (ahead < sql_.size()) {
      if (is_space(sql_[ahead])) {
        has_newline = has_newline || sql_[ahead] == '\n' || sql_[ahead] == '\r';
        ++ahead;
      } else if (sql_.substr(ahead).starts_with("--")) {
        ahead = end_of_line(ahead);
      } else {
        break;
      }
    }
    if (!has_newline || ahead >= sql_.size() || sql_[ahead] != '\'') return false;
    at_ = ahead + 1;
    return true;
  }

  Token::Kind bracketed() {
    const std::size_t end = sql_.find(']', at_);
    if (end == sql_.npos) refuse("found a quoted name without its end");
    at_ = end + 1;
    return Token::Kind::name;
  }

  // $tag$ ... $tag$ False where the dollar begins no such string: it is an operator's or a
  // parameter's.
  bool dollar_quoted() {
    std::size_t end = at_ + 1;
    if (end < sql_.size() && is_digit(sql_[end])) return false;
    while (end < sql_.size() && continues_word(sql_[end]) && sql_[end] != '$') ++end;
    if (end >= sql_.size() || sql_[end] != '$') return false;
    const std::string_view tag = sql_.substr(at_, end + 1 - at_);
    const std::size_t close = sql_.find(tag, end + 1);
    if (close == sql_.npos) refuse(format("found a string without its end {}", tag));
    at_ = close + tag.size();
    return true;
  }

  void skip_digits() {
    while (is_digit(peek())) ++at_;
  }

  // A number that runs into a word is read in different ways by different releases, and the word
  // might be the letter before a string.
  Token::Kind number() {
    if (peek() == '$') ++at_;
    const bool is_hex = dialect_ == Dialect::sqlite && peek() == '0' && small(peek(1)) == 'x';
    if (is_hex) {
      at_ += 2;
      while (is_digit(peek()) || (small(peek()) >= 'a' && small(peek()) <= 'f')) ++at_;
    } else {
      skip_digits();
      if (peek() == '.' && peek(1) != '.') ++at_;
      skip_digits();
      const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
      if (small(peek()) == 'e' && is_digit(peek(1 + sign))) {
        at_ += 2 + sign;
        skip_digits();
      }
    }
    if (continues_word(peek())) refuse("found a number that runs into a word");
    return Token::Kind::number;
  }

  // A word, or the letter before a string: E'...', B'...', X'...', N'...', U&'...', U&"...".
  Token::Kind word() {
    const std::size_t begin = at_;
    while (continues_word(peek())) ++at_;
    const std::string_view text = sql_.substr(begin, at_ - begin);
    if (peek() == '\'' && text.size() == 1) {
      const char letter = small(text[0]);
      if (dialect_ == Dialect::sqlite) {
        if (letter == 'x') return quoted('\'', Token::Kind::text, Escapes::none);
      } else if (letter == 'e') {
        return quoted('\'', Token::Kind::text, Escapes::backslash);
      } else if (letter == 'b' || letter == 'x' || letter == 'n') {
        return quoted('\'', Token::Kind::text, Escapes::none);
      }
    }
    if (dialect_ == Dialect::postgresql && same_word(text, "u") && peek() == '&') {
      if (peek(1) == '\'' || peek(1) == '"') {
        const char quote = peek(1);
        ++at_;
        return quoted(quote, quote == '"' ? Token::Kind::name : Token::Kind::text, Escapes::none);
      }
    }
    return Token::Kind::word;
  }

  std::string_view sql_;
  Dialect dialect_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t depth_ = 0;
};

// Whether a semicolon ends the statement: not within parentheses, and not within the body of a
// function in the form of the SQL standard, or of a trigger of SQLite.
class Body {
 public:
  explicit Body(Dialect dialect) : dialect_(dialect) {}

  void add(const Token& token) {
    if (words_ < 5 && token.kind == Token::Kind::word) {
      ++words_;
      if (words_ == 1 && token.is("create")) creates_ = true;
      const bool is_body = dialect_ == Dialect::sqlite
                               ? token.is("trigger")
                               : token.is("function") || token.is("procedure");
      if (creates_ && is_body) has_body_ = true;
    }
    if (token.is('(')) ++parentheses_;
    if (token.is(')') && parentheses_ > 0) --parentheses_;
    if (!has_body_) return;
    if (token.is("begin") || (blocks_ > 0 && token.is("case"))) ++blocks_;
    if (token.is("end") && blocks_ > 0) --blocks_;
  }
  bool is_open() const { return parentheses_ > 0 || blocks_ > 0; }

 private:
  Dialect dialect_;
  unsigned words_ = 0;
  bool creates_ = false;
  bool has_body_ = false;
  std::size_t parentheses_ = 0;
  std::size_t blocks_ = 0;
};

// One statement after the other; what stands between two semicolons may be empty.
class Statements {
 public:
  // `scanner` outlives it.
  Statements(Scanner& scanner, Dialect dialect) : scanner_(scanner), dialect_(dialect) {}

  std::optional<Statement> next() {
    std::vector<Token> tokens;
    Body body(dialect_);
    Token token{};
    has_semicolon_ = false;
    while (!has_semicolon_ && scanner_.next(token)) {
      has_semicolon_ = token.is(';') && !body.is_open();
      if (has_semicolon_) break;
      body.add(token);
      tokens.push_back(token);
    }
    scanner_.end_statement();
    if (tokens.empty()) return has_semicolon_ ? std::optional(Statement{}) : std::nullopt;
    const std::size_t line = tokens.front().line;
    const char* begin = tokens.front().text.data();
    const char* end = tokens.back().text.data() + tokens.back().text.size();
    return Statement{.text = std::string_view(begin, static_cast<std::size_t>(end - begin)),
                     .line = line,
                     .tokens = std::move(tokens)};
  }
  // Of the last one: the last of a text may have none.
  bool has_semicolon() const { return has_semicolon_; }

 private:
  Scanner& scanner_;
  Dialect dialect_;
  bool has_semicolon_ = false;
};

}  // namespace

bool Token::is(std::string_view word) const {
  return kind == Kind::word && same_word(text, word);
}

bool Token::is(char mark) const {
  return kind == Kind::mark && text.size() == 1 && text[0] == mark;
}

std::string Token::value() const {
  std::string plain;
  if (kind == Kind::word) {
    std::transform(text.begin(), text.end(), std::back_inserter(plain), small);
    return plain;
  }
  const std::size_t open = text.find_first_of("'\"`[");
  if ((kind != Kind::name && kind != Kind::text) || open == text.npos) return std::string(text);
  const char quote = text[open];
  for (std::size_t i = open + 1; i + 1 < text.size(); ++i) {
    plain += text[i];
    if (text[i] == quote) ++i;
  }
  return plain;
}

bool Statement::begins(std::initializer_list<std::string_view> words) const {
  return tokens.size() >= words.size() &&
         std::equal(words.begin(), words.end(), tokens.begin(),
                    [](std::string_view word, const Token& token) { return token.is(word); });
}

bool Statement::has(std::string_view word) const {
  return std::any_of(tokens.begin(), tokens.end(),
                     [&](const Token& token) { return token.is(word); });
}

bool Statement::reads_rows() const {
  return begins({"copy"}) && has({"from", "stdin"});
}

bool Statement::has(std::initializer_list<std::string_view> words) const {
  return std::search(tokens.begin(), tokens.end(), words.begin(), words.end(),
                     [](const Token& token, std::string_view word) { return token.is(word); }) !=
         tokens.end();
}

void each_statement(std::string_view sql, Dialect dialect,
                    const std::function<void(const Statement&)>& look) {
  Scanner scanner(sql, dialect);
  Statements statements(scanner, dialect);
  while (const std::optional<Statement> statement = statements.next()) {
    if (!statement->tokens.empty()) look(*statement);
    if (dialect == Dialect::postgresql && statement->reads_rows()) scanner.skip_rows();
  }
}

// What stands before a semicolon that was found is the same whatever follows; a string without its
// end may have one there.
SettledEnd settled_end(std::string_view sql, Dialect dialect, std::size_t enough) {
  SettledEnd settled;
  try {
    Scanner scanner(sql, dialect);
    Statements statements(scanner, dialect);
    while (const std::optional<Statement> statement = statements.next()) {
      if (!statements.has_semicolon()) break;
      settled.end = scanner.place();
      settled.has_rows_behind = dialect == Dialect::postgresql && statement->reads_rows();
      if (settled.has_rows_behind || settled.end >= enough) break;
    }
  } catch (const Error&) {
    return settled;
  }
  return settled;
}

std::vector<Statement> parse_sql(std::string_view sql, Dialect dialect) {
  std::vector<Statement> statements;
  each_statement(sql, dialect,
                 [&](const Statement& statement) { statements.push_back(statement); });
  return statements;
}

}  // namespace sealift::migrations
