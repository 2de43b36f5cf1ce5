// SPDX-License-Identifier: Apache-2.0
#pragma once

// The properties of a PostgreSQL database that `pg_dump --create` knows and a dump without --create
// leaves out: owner, encoding, locale and its provider, tablespace, connection limit, comment,
// settings, privileges and security labels. They are read before a dump and kept with it as JSON;
// a restored database gets all of them, and is compared with them before it takes its name.

#include <string>

#include "base/error.hpp"
#include "base/json.hpp"

namespace sealift::databases {

// A query for the properties of the database `name`, from any database of its server. Their form is
// that of backups: keys are added, and none changes its meaning.
std::string properties_select(const std::string& name);

// The tablespace in which a database with these properties has to be made; empty: the usual one.
std::string tablespace_of(const Json& properties);

// Makes an empty database with those properties that cannot be changed later.
std::string create_database(const std::string& name, const Json& properties);
// Gives a database the other ones. The last of them keep users out, or the database from being
// dropped: nothing but a rename comes after this.
std::string properties_script(const std::string& name, const Json& properties);
// Drops a database if there is one, also a template.
std::string drop_database(const std::string& name);

// Adds each property in which `found` is not as `wanted`; one that `wanted` does not know is passed
// over, as backups and servers may be older.
void compare_properties(const Json& wanted, const Json& found, const std::string& where,
                        Problems& problems);

}  // namespace sealift::databases
