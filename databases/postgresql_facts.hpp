// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a server of PostgreSQL says of a database and of the role that asks, each by one query and
// its reader. Error{incompatible} with the key that the answer lacks.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace sealift::databases {

struct ServerFacts {
  std::string version;  // "15.18"
  unsigned number = 0;  // of the version: 150018
  std::uint64_t bytes = 0;
  bool is_standby = false;
  std::string role;
  bool may_create = false;              // schemas
  std::vector<std::string> unreadable;  // tables that the role may not read
  std::vector<std::string> guarded;     // tables of which it sees only some rows
};
std::string facts_select();
ServerFacts facts_from_json(const Json& value);

// What decides whether the role can restore a database.
struct RestoreFacts {
  std::string role;
  bool may_create = false;        // databases
  bool may_end_sessions = false;  // of others
  std::optional<bool> is_owner;   // nothing: there is no such database
  std::set<std::string> roles;
  std::map<std::string, bool> tablespaces;  // whether the role may create in each
  std::set<std::string> extensions;         // that the server has files of
};
std::string restore_facts_select(const std::string& database);
RestoreFacts restore_facts_from_json(const Json& value);

}  // namespace sealift::databases
