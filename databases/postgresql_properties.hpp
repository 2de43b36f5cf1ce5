// SPDX-License-Identifier: Apache-2.0
#pragma once

// The properties of a PostgreSQL database that `pg_dump --create` knows and a dump without --create
// leaves out: owner, encoding, locale and its provider, tablespace, connection limit, comment,
// settings, privileges and security labels. They are read before a dump and kept with it as JSON;
// a restored database gets all of them, and is compared with them before it takes its name.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace sealift::databases {

struct Properties {
  struct Label {
    std::string provider;
    std::string text;
  };
  struct Setting {
    std::optional<std::string> role;  // nothing: of everybody
    std::string text;                 // "work_mem=7MB"
  };
  struct Grant {
    std::string privilege;
    std::optional<std::string> grantee;  // nothing: PUBLIC
    bool may_grant = false;
  };

  std::string owner = {};
  std::string encoding = {};
  std::string collate = {};
  std::string ctype = {};
  // Empty where an older backup or server does not know it.
  std::string provider = {};
  std::string locale = {};
  std::string icu_rules = {};
  std::string tablespace = {};  // empty: the usual one
  std::string comment = {};
  std::optional<int> connection_limit = {};
  bool is_template = false;
  std::vector<Label> labels = {};
  std::vector<Setting> settings = {};
  // The whole list, where it is not the usual one.
  std::optional<std::vector<Grant>> privileges = {};
  // Of a backup that has no such list: what it has instead of PUBLIC's, and beside it.
  bool is_closed_to_public = false;
  std::vector<Grant> grants = {};
  // Roles and extensions (with their version) that a restore needs.
  std::vector<std::string> roles = {};
  std::map<std::string, std::string> extensions = {};
};
// Of what properties_select() and needs_select() give. Error{corrupt} with the key.
Properties properties_from_json(const Json& value);

// A query for the properties of the database `name`, from any database of its server. Their form is
// that of backups: keys are added, and none changes its meaning.
std::string properties_select(const std::string& name);
// A query for what a restore of the database that is asked needs of its server.
std::string needs_select();

// Makes an empty database with those properties that cannot be changed later.
std::string create_database(const std::string& name, const Properties& properties);
// Gives a database the other ones. The last of them keep users out, or the database from being
// dropped: nothing but a rename comes after this.
std::string properties_script(const std::string& name, const Properties& properties);
// Drops a database if there is one, also a template.
std::string drop_database(const std::string& name);

// Adds each property in which `found` is not as `wanted`; one that `wanted` does not know is passed
// over, as backups and servers may be older.
void compare_properties(const Json& wanted, const Json& found, const std::string& where,
                        Problems& problems);

}  // namespace sealift::databases
