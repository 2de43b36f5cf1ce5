// SPDX-License-Identifier: Apache-2.0
#include "databases/psql.hpp"

#include <catch2/catch.hpp>

namespace sealift::databases::psql_test {

TEST_CASE("psql: the state of an error is seen in any language, and no mark of ours is shown") {
  const auto* word = GENERATE("ERROR", "FEHLER", "ERREUR ", "ОШИБКА", "错误");
  const auto* const begin = GENERATE("", "psql:<stdin>:41: ");
  const Refusal refusal = refusal_in(
      "sealift:at table\nsealift:at 1 4\nNOTICE:  00000: a note\n" + std::string(begin) + word +
      ":  42601: Syntaxfehler bei »tabel«\nLINE 3: alter tabel x\n              ^\n"
      "DETAIL:  mehr\nCONTEXT:  ABCDE: x\nLOCATION:  scanner_yyerror, scan.l:1180\n");
  CHECK(refusal.state == "42601");
  CHECK(refusal.message == "Syntaxfehler bei »tabel« (mehr)");
  CHECK(refusal.line == 3);
  CHECK(refusal.mark == "1 4");
}

TEST_CASE("psql: what has no state is shown without marks") {
  const Refusal refused = refusal_in(
      "psql: error: connection to server on socket \"/tmp/s\" failed: FATAL:  no such database\n");
  CHECK(refused.state.empty());
  CHECK(refused.message == "no such database");
  const Refusal gone = refusal_in(
      "sealift:at 0 1\npsql:<stdin>:9: server closed the connection unexpectedly\n\tprobably\n");
  CHECK(gone.message.starts_with("psql:<stdin>:9: server closed the connection unexpectedly"));
  CHECK(gone.message.find("sealift:at") == std::string::npos);
  CHECK(gone.mark == "0 1");
}

}  // namespace sealift::databases::psql_test
