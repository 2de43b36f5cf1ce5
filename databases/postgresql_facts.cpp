// SPDX-License-Identifier: Apache-2.0
#include "databases/postgresql_facts.hpp"

#include "base/format.hpp"
#include "databases/quote.hpp"

namespace sealift::databases {

namespace {

constexpr const char* kFactsWhere = "the server's answer";

}  // namespace

std::string facts_select() {
  return "SELECT json_build_object('version', current_setting('server_version'), 'number', "
         "current_setting('server_version_num')::int, 'bytes', "
         "pg_database_size(current_database()), "
         "'standby', pg_is_in_recovery(), 'role', current_user, 'create', "
         "has_database_privilege(current_database(), 'CREATE'), 'unreadable', (SELECT "
         "coalesce(json_agg(c.oid::regclass::text ORDER BY 1), '[]') FROM pg_class c WHERE relkind "
         "IN ('r', 'p', 'm', 'S') AND relnamespace::regnamespace::text !~ '^(pg_|information_)' "
         "AND NOT (has_schema_privilege(relnamespace, 'USAGE') AND CASE relkind WHEN 'S' THEN "
         "has_sequence_privilege(oid, 'SELECT') ELSE has_table_privilege(oid, 'SELECT') END) AND "
         // Of an extension's own tables a dump holds only those that it names.
         "NOT EXISTS (SELECT FROM pg_depend JOIN pg_extension e ON e.oid = refobjid WHERE classid "
         "= 'pg_class'::regclass AND objid = c.oid AND deptype = 'e' AND NOT c.oid = ANY "
         "(coalesce(extconfig, '{}')))), 'guarded', (SELECT coalesce(json_agg(oid::regclass::text "
         "ORDER BY 1), '[]') FROM pg_class WHERE relkind IN ('r', 'p') AND relrowsecurity AND "
         "row_security_active(oid)))";
}

ServerFacts facts_from_json(const Json& value) {
  Fields fields(value, kFactsWhere, Errc::incompatible);
  return {.version = fields.text("version"),
          .number = fields.count("number"),
          .bytes = fields.number("bytes"),
          .is_standby = fields.flag("standby"),
          .role = fields.text("role"),
          .may_create = fields.flag("create"),
          .unreadable = fields.texts("unreadable"),
          .guarded = fields.texts("guarded")};
}

std::string restore_facts_select(const std::string& database) {
  return format(
      "SELECT json_build_object('role', current_user, 'super', r.rolsuper, 'create', "
      "r.rolsuper OR r.rolcreatedb, 'signal', pg_has_role('pg_signal_backend', 'USAGE'), "
      "'owner', (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = {}), "
      "'roles', (SELECT json_agg(rolname) FROM pg_roles), 'tablespaces', (SELECT "
      "json_object_agg(spcname, has_tablespace_privilege(oid, 'CREATE')) FROM pg_tablespace), "
      "'extensions', (SELECT coalesce(json_agg(name), '[]') FROM pg_available_extensions)) FROM "
      "pg_roles r WHERE rolname = current_user",
      sql_text(database));
}

RestoreFacts restore_facts_from_json(const Json& value) {
  Fields fields(value, kFactsWhere, Errc::incompatible);
  const auto set_of = [&](const char* key) {
    const std::vector<std::string> texts = fields.texts(key);
    return std::set<std::string>(texts.begin(), texts.end());
  };
  RestoreFacts facts{.role = fields.text("role"),
                     .may_create = fields.flag("create"),
                     .may_end_sessions = fields.flag("super") || fields.flag("signal"),
                     .is_owner = {},
                     .roles = set_of("roles"),
                     .tablespaces = {},
                     .extensions = set_of("extensions")};
  if (!fields.value("owner").is_null()) facts.is_owner = fields.flag("owner");
  Fields places(fields.object("tablespaces"), fields.at("tablespaces"), Errc::incompatible);
  for (const auto& [name, unused] : fields.object("tablespaces").items()) {
    facts.tablespaces[name] = places.flag(name.c_str());
  }
  return facts;
}

}  // namespace sealift::databases
