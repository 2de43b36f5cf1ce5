// SPDX-License-Identifier: Apache-2.0
// A long text of SQL in pieces: its statements are those of the text as a whole. The first byte
// says how small the pieces are.
#include "migrations/pieces.hpp"

#include <utility>
#include <vector>

#include "migrations/sql_text.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

namespace {

using Found = std::vector<std::pair<std::string, std::size_t>>;

// With their lines; nothing where the text is refused.
Found statements(const std::string& sql, migrations::Dialect dialect, migrations::Marks marks,
                 std::size_t size) {
  Found found;
  even_if_refused([&] {
    Found all;
    migrations::Pieces pieces(migrations::SqlText(sql).open(), dialect, marks, size);
    migrations::Chunk chunk{};
    while (pieces.next(chunk)) {
      each_statement(chunk.text, dialect, [&](const migrations::Statement& statement) {
        all.emplace_back(statement.text, chunk.line + statement.line - 1);
      });
    }
    found = std::move(all);
  });
  return found;
}

}  // namespace

const Target kPieces("pieces", [](std::string_view bytes) {
  using migrations::Dialect;
  using migrations::Marks;
  if (bytes.empty()) return;
  const std::size_t size = static_cast<unsigned char>(bytes.front()) + 1U;
  const std::string sql(bytes.substr(1));
  for (const Dialect dialect : {Dialect::postgresql, Dialect::sqlite}) {
    for (const Marks marks : {Marks::none, Marks::breakpoints, Marks::psql_lines}) {
      require(
          statements(sql, dialect, marks, size) == statements(sql, dialect, marks, sql.size() + 1),
          "pieces have the statements of the whole");
    }
  }
});

}  // namespace sealift::fuzz
