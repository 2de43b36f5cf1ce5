// SPDX-License-Identifier: Apache-2.0
#include "databases/postgresql_properties.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/format.hpp"
#include "base/path.hpp"
#include "databases/quote.hpp"

namespace sealift::databases {

namespace {

constexpr std::array kCompared = {
    "owner",      "encoding", "provider", "collate",         "ctype",    "locale",     "icuRules",
    "tablespace", "template", "comment",  "connectionLimit", "settings", "privileges", "labels"};

constexpr const char* kPropertiesWhere = "properties of the database";
constexpr int kUnlimited = -1;

// A row of a list, and what must be known of it.
const std::string& text_in(const Json& row, std::size_t place, const char* key) {
  if (row.is_array() && place < row.size() && row[place].is_string()) return row[place].text();
  throw Error(Errc::corrupt, format("{}: {}: found {}, expected a row with text in place {}",
                                    kPropertiesWhere, key, printable(row.dump(), 80), place + 1));
}

std::optional<std::string> text_or_null(const Json& row, std::size_t place, const char* key) {
  if (row.is_array() && place < row.size() && row[place].is_null()) return std::nullopt;
  return text_in(row, place, key);
}

std::vector<Properties::Grant> read_privileges(const Json& list) {
  std::vector<Properties::Grant> grants;
  for (const Json& row : list) {
    grants.push_back({.privilege = text_in(row, 0, "privileges"),
                      .grantee = text_or_null(row, 1, "privileges"),
                      .may_grant = row.size() > 2 && row[2] == Json(true)});
  }
  return grants;
}

// Older backups hold lists in the order of the server.
Json sorted(const Json& value) {
  if (!value.is_array()) return value;
  std::vector<std::string> texts;
  for (const Json& each : value) texts.push_back(each.dump());
  std::sort(texts.begin(), texts.end());
  return texts;
}

// LOCALE_PROVIDER and what goes with it; template0 may have another than this database.
std::string locale_clauses(const Properties& properties) {
  const std::string& provider = properties.provider;
  const std::string locale = sql_text(properties.locale);
  if (provider == "c") return " LOCALE_PROVIDER libc";
  if (provider == "b") return format(" LOCALE_PROVIDER builtin BUILTIN_LOCALE {}", locale);
  if (provider != "i") return "";
  const std::string& rules = properties.icu_rules;
  return format(" LOCALE_PROVIDER icu ICU_LOCALE {}{}", locale,
                rules.empty() ? "" : format(" ICU_RULES {}", sql_text(rules)));
}

// A setting such as search_path holds a list of names, of which some are quoted: each becomes text
// of its own, for SQL has no way to write an empty name.
std::string list_value(const std::string& value) {
  std::string list;
  std::string name;
  bool is_quoted = false;
  const auto take = [&] {
    list += format("{}{}", list.empty() ? "" : ", ", sql_text(name));
    name.clear();
  };
  for (std::size_t at = 0; at < value.size(); ++at) {
    const char c = value[at];
    if (c == '"' && is_quoted && at + 1 < value.size() && value[at + 1] == '"') {
      name += c;
      ++at;
    } else if (c == '"') {
      is_quoted = !is_quoted;
    } else if (c == ',' && !is_quoted) {
      take();
    } else if (c != ' ' || is_quoted) {
      name += c;
    }
  }
  take();
  return list;
}

std::string setting_value(const std::string& name, const std::string& value) {
  // variable_is_guc_list_quote of pg_dump.
  const bool is_list = name == "search_path" || name == "temp_tablespaces" ||
                       name == "session_preload_libraries" || name == "local_preload_libraries";
  return is_list ? list_value(value) : sql_text(value);
}

std::string settings_script(const std::string& name,
                            const std::vector<Properties::Setting>& settings) {
  std::string script;
  for (const auto& [role, text] : settings) {
    const std::size_t equals = text.find('=');
    const std::string key = text.substr(0, equals);
    const std::string whose =
        role ? format("ALTER ROLE {} IN DATABASE {}", sql_name(*role), sql_name(name))
             : format("ALTER DATABASE {}", sql_name(name));
    script += format("{} SET {} = {};\n", whose, sql_name(key),
                     setting_value(key, text.substr(equals + 1)));
  }
  return script;
}

std::string privileges_script(const std::string& name, const Properties& properties) {
  const std::string on = format("ON DATABASE {}", sql_name(name));
  std::string script;
  if (properties.is_closed_to_public) script += format("REVOKE CONNECT {} FROM PUBLIC;\n", on);
  if (properties.privileges) {
    script += format("REVOKE ALL {0} FROM PUBLIC;\nREVOKE ALL {0} FROM {1};\n", on,
                     sql_name(properties.owner));
  }
  for (const auto& [privilege, grantee, may_grant] :
       properties.privileges.value_or(properties.grants)) {
    script +=
        format("GRANT {} {} TO {}{};\n", privilege, on, grantee ? sql_name(*grantee) : "PUBLIC",
               may_grant ? " WITH GRANT OPTION" : "");
  }
  return script;
}

}  // namespace

std::string properties_select(const std::string& name) {
  // Columns that only newer servers have are asked for by way of JSON.
  return format(
      "SELECT json_build_object('owner', pg_get_userbyid(datdba), 'encoding', "
      "pg_encoding_to_char(encoding), 'collate', datcollate, 'ctype', datctype, "
      "'provider', to_jsonb(d)->>'datlocprovider', "
      "'locale', coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale'), "
      "'icuRules', to_jsonb(d)->>'daticurules', "
      "'tablespace', (SELECT spcname FROM pg_tablespace t WHERE t.oid = dattablespace), "
      "'connectionLimit', datconnlimit, 'template', datistemplate, "
      "'comment', shobj_description(d.oid, 'pg_database'), "
      "'labels', (SELECT coalesce(json_agg(json_build_array(provider, label) ORDER BY provider), "
      "'[]') FROM pg_shseclabel l WHERE l.objoid = d.oid AND l.classoid = "
      "'pg_database'::regclass), "
      "'settings', (SELECT coalesce(json_agg(json_build_array(CASE WHEN s.setrole <> 0 THEN "
      "pg_get_userbyid(s.setrole) END, c) ORDER BY s.setrole <> 0, pg_get_userbyid(s.setrole), c), "
      "'[]') FROM pg_db_role_setting s, unnest(s.setconfig) c WHERE s.setdatabase = d.oid), "
      "'privileges', CASE WHEN datacl IS NOT NULL THEN (SELECT coalesce(json_agg(json_build_array("
      "privilege_type, CASE WHEN grantee <> 0 THEN pg_get_userbyid(grantee) END, is_grantable) "
      "ORDER BY grantee <> 0, pg_get_userbyid(grantee), privilege_type), '[]') FROM (SELECT "
      "grantee, privilege_type, bool_or(is_grantable) AS is_grantable FROM aclexplode(datacl) "
      "GROUP BY 1, 2) a) END) FROM pg_database d WHERE datname = {}",
      sql_text(name));
}

std::string needs_select() {
  return "SELECT json_build_object('roles', (SELECT coalesce(json_agg(DISTINCT "
         "pg_get_userbyid(refobjid)), '[]') FROM pg_shdepend WHERE dbid = (SELECT oid FROM "
         "pg_database WHERE datname = current_database()) AND refclassid = "
         "'pg_authid'::regclass), 'extensions', (SELECT coalesce(json_object_agg(extname, "
         "extversion), '{}') FROM pg_extension))";
}

Properties properties_from_json(const Json& value) {
  Fields fields(value, kPropertiesWhere);
  // Of a key that an older backup or server may not have.
  const auto known = [&](const char* key) -> const Json* {
    const Json* found = fields.value_if(key);
    return found == nullptr || found->is_null() ? nullptr : found;
  };
  const auto text = [&](const char* key) { return known(key) ? fields.text(key) : ""; };
  const auto list = [&](const char* key) { return known(key) ? fields.array(key) : Json::array(); };
  Properties properties{.owner = text("owner"),
                        .encoding = text("encoding"),
                        .collate = text("collate"),
                        .ctype = text("ctype"),
                        .provider = text("provider"),
                        .locale = text("locale"),
                        .icu_rules = text("icuRules"),
                        .tablespace = text("tablespace"),
                        .comment = text("comment")};
  // That of template0 asks for no privilege, unless it is named.
  if (properties.tablespace == "pg_default") properties.tablespace.clear();
  if (const Json* limit = known("connectionLimit"); limit != nullptr && *limit != kUnlimited) {
    properties.connection_limit = static_cast<int>(fields.count("connectionLimit"));
  }
  properties.is_template = known("template") && fields.flag("template");
  for (const Json& row : list("labels")) {
    properties.labels.push_back({text_in(row, 0, "labels"), text_in(row, 1, "labels")});
  }
  for (const Json& row : list("settings")) {
    properties.settings.push_back({text_or_null(row, 0, "settings"), text_in(row, 1, "settings")});
  }
  if (known("privileges")) {
    properties.privileges = read_privileges(fields.array("privileges"));
  } else if (fields.value_if("privileges") == nullptr) {  // a backup of before this key
    properties.is_closed_to_public = known("public") && !fields.flag("public");
    properties.grants = read_privileges(list("grants"));
  }
  if (known("roles")) properties.roles = fields.texts("roles");
  if (known("extensions")) {
    properties.extensions = texts_by_key(fields.object("extensions"), fields.at("extensions"));
  }
  return properties;
}

std::string create_database(const std::string& name, const Properties& properties) {
  return format(
      "CREATE DATABASE {} TEMPLATE template0 OWNER {} ENCODING {}{} LC_COLLATE {} "
      "LC_CTYPE {}{};\n",
      sql_name(name), sql_name(properties.owner), sql_text(properties.encoding),
      locale_clauses(properties), sql_text(properties.collate), sql_text(properties.ctype),
      properties.tablespace.empty() ? ""
                                    : format(" TABLESPACE {}", sql_name(properties.tablespace)));
}

std::string properties_script(const std::string& name, const Properties& properties) {
  const std::string quoted = sql_name(name);
  std::string script;
  if (!properties.comment.empty()) {
    script += format("COMMENT ON DATABASE {} IS {};\n", quoted, sql_text(properties.comment));
  }
  for (const auto& [provider, text] : properties.labels) {
    script += format("SECURITY LABEL FOR {} ON DATABASE {} IS {};\n", sql_name(provider), quoted,
                     sql_text(text));
  }
  script += settings_script(name, properties.settings) + privileges_script(name, properties);
  if (properties.connection_limit) {
    script +=
        format("ALTER DATABASE {} CONNECTION LIMIT {};\n", quoted, *properties.connection_limit);
  }
  if (properties.is_template) {
    script += format("ALTER DATABASE {} IS_TEMPLATE true;\n", quoted);
  }
  return script.empty() ? "SELECT 1;\n" : script;
}

std::string drop_database(const std::string& name) {
  return format(
      "SELECT EXISTS (SELECT FROM pg_database WHERE datname = {0} AND datistemplate) AS fixed "
      "\\gset\n\\if :fixed\nALTER DATABASE {1} IS_TEMPLATE false;\n\\endif\n"
      "DROP DATABASE IF EXISTS {1};\n",
      sql_text(name), sql_name(name));
}

void compare_properties(const Json& wanted, const Json& found, const std::string& where,
                        Problems& problems) {
  for (const char* key : kCompared) {
    const Json expected = sorted(wanted.value(key, Json()));
    const Json is = sorted(found.value(key, Json()));
    if (expected.is_null() || expected == is) continue;
    problems.add(format("{}: {}: found {}, expected {}", where, key, printable(is.dump(), 200),
                        printable(expected.dump(), 200)),
                 "the database was left as it is; make this property one that the server and this "
                 "role can set, then restore again");
  }
}

}  // namespace sealift::databases
