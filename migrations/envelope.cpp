// SPDX-License-Identifier: Apache-2.0
#include "migrations/envelope.hpp"

#include <algorithm>
#include <span>

#include "base/error.hpp"
#include "migrations/forbidden.hpp"

namespace sealift::migrations {

namespace {

// Words behind BEGIN and COMMIT that change nothing of what they mean within a run. A level of
// isolation does, and so does AND CHAIN.
bool is_plain(const Statement& statement) {
  constexpr std::array<std::string_view, 5> kNoise = {"transaction", "work", "deferred",
                                                      "immediate", "exclusive"};
  return std::all_of(statement.tokens.begin() + 1, statement.tokens.end(), [&](const Token& token) {
    return std::any_of(kNoise.begin(), kNoise.end(),
                       [&](std::string_view word) { return token.is(word); });
  });
}

bool is_begin(const Statement& statement) {
  return (statement.begins({"begin"}) || statement.begins({"start", "transaction"})) &&
         is_plain(statement);
}

bool is_commit(const Statement& statement) {
  return (statement.begins({"commit"}) || statement.begins({"end"})) && is_plain(statement);
}

// The first statement of a text, and no more of it: most migrations are none of these.
bool may_begin(std::string_view text, Dialect dialect) {
  const SettledEnd settled = settled_end(text, dialect, 1);
  bool may = false;
  each_statement(settled.end > 0 ? text.substr(0, settled.end) : text, dialect,
                 [&](const Statement& statement) {
                   may = may || is_begin(statement) || statement.begins({"pragma"});
                 });
  return may;
}

}  // namespace

// Statements of one migration, one after the other.
class Envelope::Search {
 public:
  explicit Search(Dialect dialect) : dialect_(dialect) {}

  void look(const Statement& statement, Words words) {
    if (!begin_) {
      if (is_begin(statement)) begin_ = words;
      const bool may_stand_before = dialect_ == Dialect::sqlite && statement.begins({"pragma"});
      is_broken_ = is_broken_ || (!begin_ && !may_stand_before);
      return;
    }
    is_broken_ = is_broken_ || commit_.has_value();  // something follows it
    if (is_commit(statement)) {
      commit_ = words;
      return;
    }
    const Standing standing = standing_of(statement, dialect_);
    const bool leaves = standing == Standing::outside && dialect_ != Dialect::sqlite;
    is_broken_ = is_broken_ || standing == Standing::boundary || leaves;
  }

  bool is_broken() const { return is_broken_; }
  std::optional<Envelope> found() const {
    if (is_broken_ || !begin_ || !commit_) return std::nullopt;
    return Envelope(*begin_, *commit_);
  }

 private:
  Dialect dialect_;
  std::optional<Words> begin_;
  std::optional<Words> commit_;  // where the last statement is one
  bool is_broken_ = false;
};

// A text that cannot be read is refused by who reads it next, with its place.
std::optional<Envelope> Envelope::of(Pieces pieces, Dialect dialect) try {
  Search search(dialect);
  Chunk chunk{};
  for (std::size_t piece = 0; !search.is_broken() && pieces.next(chunk); ++piece) {
    if (piece == 0 && !may_begin(chunk.text, dialect)) return std::nullopt;
    each_statement(chunk.text, dialect, [&](const Statement& statement) {
      const auto begin = static_cast<std::size_t>(statement.text.data() - chunk.text.data());
      search.look(statement, {.piece = piece, .begin = begin, .size = statement.text.size()});
    });
  }
  return search.found();
} catch (const Error& error) {
  if (error.code() != Errc::invalid_input) throw;
  return std::nullopt;
}

bool Envelope::is_in(std::size_t piece) const {
  return std::any_of(words_.begin(), words_.end(),
                     [&](const Words& words) { return words.piece == piece; });
}

std::string Envelope::opened(std::size_t piece, std::string_view text) const {
  std::string opened(text);
  for (const Words& words : words_) {
    if (words.piece != piece) continue;
    for (char& each : std::span(opened).subspan(words.begin, words.size)) {
      if (each != '\n') each = ' ';
    }
  }
  return opened;
}

}  // namespace sealift::migrations
