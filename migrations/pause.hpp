// SPDX-License-Identifier: Apache-2.0
#pragma once

// "COMMIT; PRAGMA foreign_keys = OFF; BEGIN", as people write it around a table of SQLite that is
// made anew: within a transaction SQLite ignores that PRAGMA, and the rows that refer to the table
// would go with it. Our runner obeys the PRAGMA within the transaction of its run, so the words
// around it are passed over, and a failure still takes everything back.

#include <cstdint>
#include <optional>

#include "migrations/findings.hpp"
#include "migrations/sql.hpp"

namespace sealift::migrations {

// What a statement may be of a pause.
enum class PausePart : std::uint8_t { end, foreign_keys, begin, other };

// Statements one after the other, of one migration.
class Pause {
 public:
  // Whether a statement belongs to a pause, as far as is known by then. One that does not ends what
  // was begun, and counts as the first of what may follow.
  bool takes(PausePart part);
  // A transaction was ended, and none has begun since.
  bool is_open() const { return place_ != Place::within; }

 private:
  enum class Place : std::uint8_t { within, ended, set };
  Place place_ = Place::within;
};

// Finds statements of one migration that begin or end a transaction: fatal, but for a pause.
class Boundaries {
 public:
  explicit Boundaries(Dialect dialect) : dialect_(dialect) {}

  void look(const Statement& statement, const Report& report);
  // Behind the last statement.
  void close();

 private:
  struct Place {
    Report report;  // as it counted lines there
    std::size_t line;
  };

  Dialect dialect_;
  Pause pause_;
  std::optional<Place> ended_;  // where the pause began
};

}  // namespace sealift::migrations
