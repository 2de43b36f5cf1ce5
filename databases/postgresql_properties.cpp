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

// Text of a key that an older backup or server may not have.
std::string text_of(const Json& properties, const char* key) {
  const auto found = properties.find(key);
  return found == properties.end() || found->is_null() ? "" : found->get<std::string>();
}

const Json& list_of(const Json& properties, const char* key) {
  static const Json none = Json::array();
  const auto found = properties.find(key);
  return found == properties.end() || found->is_null() ? none : *found;
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
std::string locale_clauses(const Json& properties) {
  const std::string provider = text_of(properties, "provider");
  const std::string locale = sql_text(text_of(properties, "locale"));
  if (provider == "c") return " LOCALE_PROVIDER libc";
  if (provider == "b") return format(" LOCALE_PROVIDER builtin BUILTIN_LOCALE {}", locale);
  if (provider != "i") return "";
  const std::string rules = text_of(properties, "icuRules");
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

std::string settings_script(const std::string& name, const Json& properties) {
  std::string script;
  for (const Json& row : list_of(properties, "settings")) {
    const std::string setting = row.at(1);
    const std::size_t equals = setting.find('=');
    const std::string key = setting.substr(0, equals);
    const std::string whose = row.at(0).is_null()
                                  ? format("ALTER DATABASE {}", sql_name(name))
                                  : format("ALTER ROLE {} IN DATABASE {}",
                                           sql_name(row.at(0).get<std::string>()), sql_name(name));
    script += format("{} SET {} = {};\n", whose, sql_name(key),
                     setting_value(key, setting.substr(equals + 1)));
  }
  return script;
}

std::string privileges_script(const std::string& name, const Json& properties) {
  const std::string on = format("ON DATABASE {}", sql_name(name));
  std::string script;
  const auto privileges = properties.find("privileges");
  if (privileges == properties.end()) {  // a backup of before this key
    if (!properties.value("public", true)) script += format("REVOKE CONNECT {} FROM PUBLIC;\n", on);
    for (const Json& grant : list_of(properties, "grants")) {
      script += format("GRANT {} {} TO {};\n", grant.at(0).get<std::string>(), on,
                       sql_name(grant.at(1).get<std::string>()));
    }
    return script;
  }
  if (privileges->is_null()) return script;
  script += format("REVOKE ALL {0} FROM PUBLIC;\nREVOKE ALL {0} FROM {1};\n", on,
                   sql_name(text_of(properties, "owner")));
  for (const Json& grant : *privileges) {
    const std::string grantee =
        grant.at(1).is_null() ? "PUBLIC" : sql_name(grant.at(1).get<std::string>());
    script += format("GRANT {} {} TO {}{};\n", grant.at(0).get<std::string>(), on, grantee,
                     grant.at(2).get<bool>() ? " WITH GRANT OPTION" : "");
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

std::string tablespace_of(const Json& properties) {
  std::string name = text_of(properties, "tablespace");
  // That of template0 asks for no privilege, unless it is named.
  return name == "pg_default" ? "" : name;
}

std::string create_database(const std::string& name, const Json& properties) {
  const std::string tablespace = tablespace_of(properties);
  return format(
      "CREATE DATABASE {} TEMPLATE template0 OWNER {} ENCODING {}{} LC_COLLATE {} "
      "LC_CTYPE {}{};\n",
      sql_name(name), sql_name(properties.at("owner").get<std::string>()),
      sql_text(properties.at("encoding").get<std::string>()), locale_clauses(properties),
      sql_text(properties.at("collate").get<std::string>()),
      sql_text(properties.at("ctype").get<std::string>()),
      tablespace.empty() ? "" : format(" TABLESPACE {}", sql_name(tablespace)));
}

std::string properties_script(const std::string& name, const Json& properties) {
  const std::string quoted = sql_name(name);
  std::string script;
  if (const std::string comment = text_of(properties, "comment"); !comment.empty()) {
    script += format("COMMENT ON DATABASE {} IS {};\n", quoted, sql_text(comment));
  }
  for (const Json& label : list_of(properties, "labels")) {
    script += format("SECURITY LABEL FOR {} ON DATABASE {} IS {};\n",
                     sql_name(label.at(0).get<std::string>()), quoted,
                     sql_text(label.at(1).get<std::string>()));
  }
  script += settings_script(name, properties) + privileges_script(name, properties);
  constexpr int kUnlimited = -1;
  if (const int limit = properties.value("connectionLimit", kUnlimited); limit != kUnlimited) {
    script += format("ALTER DATABASE {} CONNECTION LIMIT {};\n", quoted, limit);
  }
  if (properties.value("template", false)) {
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
