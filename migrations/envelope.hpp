// SPDX-License-Identifier: Apache-2.0
#pragma once

// "BEGIN; ...; COMMIT;" around all of a migration, as people write it who run their files by hand.
// A run is one transaction anyway, so both words are passed over: what is between them is applied,
// or taken back, with all else. Words in any other place would end the transaction of the run.

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "migrations/pieces.hpp"

namespace sealift::migrations {

class Envelope {
 public:
  // Reads a migration to its end where it begins with BEGIN. Nothing where it does not, where its
  // last statement is no COMMIT, or where another between them begins or ends a transaction or, of
  // PostgreSQL, cannot be part of one. Of SQLite a PRAGMA may stand before BEGIN. As
  // Pieces::next().
  static std::optional<Envelope> of(Pieces pieces, Dialect dialect);

  // Whether one of both words is in the piece of this number, from 0.
  bool is_in(std::size_t piece) const;
  // The text of that piece with blanks in the place of the word, and the lines as they were.
  std::string opened(std::size_t piece, std::string_view text) const;

 private:
  struct Words {
    std::size_t piece;
    std::size_t begin;  // in its text
    std::size_t size;
  };

  class Search;

  Envelope(Words begin, Words commit) : words_{begin, commit} {}

  std::array<Words, 2> words_;
};

}  // namespace sealift::migrations
