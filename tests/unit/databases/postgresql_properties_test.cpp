// SPDX-License-Identifier: Apache-2.0
#include "databases/postgresql_properties.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::databases::postgresql_properties_test {

namespace {

// What a backup of the first installers says.
const Json kOld = {{"owner", "app"},
                   {"encoding", "UTF8"},
                   {"collate", "C"},
                   {"ctype", "C"},
                   {"settings", Json::array({Json::array({nullptr, "work_mem=7MB"})})},
                   {"public", false},
                   {"grants", Json::array({Json::array({"CONNECT", "reader"})})}};

Json with(Json properties, const char* key, Json value) {
  properties[key] = std::move(value);
  return properties;
}

std::string made_of(const Json& properties) {
  return create_database("a", properties_from_json(properties));
}

std::string script_of(const Json& properties) {
  return properties_script("a", properties_from_json(properties));
}

}  // namespace

TEST_CASE("properties: a database is made as backups of any age say") {
  const std::string plain = R"(CREATE DATABASE "a" TEMPLATE template0 OWNER "app" ENCODING 'UTF8')";
  CHECK(made_of(kOld) == plain + " LC_COLLATE 'C' LC_CTYPE 'C';\n");
  const Json icu = with(with(kOld, "provider", "i"), "locale", "sv-SE");
  CHECK(made_of(icu) ==
        plain + " LOCALE_PROVIDER icu ICU_LOCALE 'sv-SE' LC_COLLATE 'C' LC_CTYPE 'C';\n");
  CHECK(made_of(with(icu, "icuRules", "&a < b")).find("ICU_RULES '&a < b'") != std::string::npos);
  CHECK(made_of(with(with(kOld, "provider", "b"), "locale", "C.UTF-8"))
            .find("LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'") != std::string::npos);
  CHECK(made_of(with(kOld, "tablespace", "pg_default")).find("TABLESPACE") == std::string::npos);
  CHECK(made_of(with(kOld, "tablespace", "fast")).find(R"(TABLESPACE "fast")") !=
        std::string::npos);
}

TEST_CASE("properties: privileges of a backup without the key are those it names") {
  CHECK(script_of(kOld) ==
        "ALTER DATABASE \"a\" SET \"work_mem\" = '7MB';\n"
        "REVOKE CONNECT ON DATABASE \"a\" FROM PUBLIC;\n"
        "GRANT CONNECT ON DATABASE \"a\" TO \"reader\";\n");
}

TEST_CASE("properties: a list setting keeps its quoted, odd and empty names") {
  const Json path = with(kOld, "settings",
                         Json::array({Json::array({"app", R"(search_path="", "a,""b", public)"})}));
  CHECK(script_of(path).find(
            R"(ALTER ROLE "app" IN DATABASE "a" SET "search_path" = '', 'a,"b', 'public';)") !=
        std::string::npos);
}

TEST_CASE("properties: all that differ are named, whatever the order of lists") {
  const Json two = Json::array({Json::array({nullptr, "a=1"}), Json::array({nullptr, "b=2"})});
  const Json reversed = Json::array({two[1], two[0]});
  Problems problems;
  compare_properties(with(kOld, "settings", two), with(kOld, "settings", reversed), "restoring a",
                     problems);
  CHECK(problems.empty());
  compare_properties(with(with(kOld, "comment", "x"), "provider", "i"), with(kOld, "provider", "c"),
                     "restoring a", problems);
  REQUIRE(problems.all().size() == 2);
  CHECK(problems.all()[0].message == R"(restoring a: provider: found "c", expected "i")");
  CHECK(problems.all()[1].message == R"(restoring a: comment: found null, expected "x")");
}

}  // namespace sealift::databases::postgresql_properties_test
