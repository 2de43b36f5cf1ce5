// SPDX-License-Identifier: Apache-2.0
#pragma once

// PostgreSQL's own client programs, on this host or behind a launcher such as `docker exec -i db`.
// Passwords never stand in arguments: they come from a password file or from the launcher. SQL that
// is not ours reaches psql only between dollar quotes, from where \gexec hands it to the server: so
// it meets neither psql's own commands nor its variables (CVE-2025-8714).

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/process.hpp"
#include "databases/database.hpp"

namespace sealift::databases {

// A statement for psql's standard input that lets the server run `sql`, whatever it holds.
std::string handed_over(std::string_view sql);

// What psql said where a script failed.
struct Refusal {
  std::string state;    // SQLSTATE, e.g. "55P03"; empty: psql had no answer of a server
  std::string message;  // without it
  std::size_t line;     // of the text that was handed over, from 1; 0: not known
  std::string mark;     // of the last mark() before it
};

// The last complaint in what psql wrote to stderr, whatever language the server speaks.
Refusal refusal_in(std::string_view said);

class Psql {
 public:
  // `session`: how its sessions are called (application_name). Asks nobody yet.
  Psql(PostgresqlPlace place, std::string session);

  // Lets stderr say that a script has come this far; what Refusal::mark repeats.
  static std::string mark(std::string_view word);

  // Nothing, where the whole script ran. Error{incompatible} where psql is not to be had.
  std::optional<Refusal> run(const std::string& script, std::string* output = nullptr) const;
  // The same for a script that is written while psql runs it, which may end before. What `write`
  // throws ends psql, and so takes back what it has not committed.
  std::optional<Refusal> run_written(const std::function<void(Sink& script)>& write) const;
  // The one JSON value that a SELECT gives. Error{incompatible} with what the server said.
  Json ask(const std::string& select) const;

  // A program of the client's, with its arguments and whom it asks.
  Command program(std::vector<std::string> words) const;
  const std::string& database() const { return database_; }
  // The same place with another database.
  Psql on(const std::string& database) const;
  const std::string& url() const { return place_.url; }

 private:
  Command script_reader() const;

  PostgresqlPlace place_;
  std::string session_;
  std::string database_;
};

}  // namespace sealift::databases
