// SPDX-License-Identifier: Apache-2.0
#include "release/text/schema.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "base/file.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/source_folder.hpp"

namespace sealift::release::schema_test {

namespace {

// One way to break one rule of a schema: the document with the value at `place` replaced, or taken
// away where `value` is kAbsent.
struct Breach {
  std::string rule;   // JSON pointer of the keyword in the schema; of "required" with the key
  std::string place;  // JSON pointer in the document
  Json value;
  const char* says;  // a part of the message
};

const Json kAbsent("(nothing stands here)");

std::string letters(std::size_t count) {
  return std::string(count, 'a');
}

Json many(std::size_t count, const Json& item) {
  return Json(std::vector<Json>(count, item));
}

Json keys(std::size_t count, const Json& item) {
  Json object = Json::object();
  for (std::size_t i = 0; i < count; ++i) object["K" + std::to_string(i)] = item;
  return object;
}

Json different_names(std::size_t count, const std::string& begin = "n") {
  Json names = Json::array();
  for (std::size_t i = 0; i < count; ++i) names.push_back(begin + std::to_string(i));
  return names;
}

const Json kRelease = Json::parse(R"({"schema":1,"name":"x","version":"1.0.0",
  "source":{"revision":"abc"},"environments":["production"],
  "requires":{"upgrade_from":">=1.0.0","installer":">=0.1.0","arch":["amd64"]},
  "notes":"CHANGES.md","trust":"trust",
  "image_rules":{"root-user":"error"},"image_limits":{"age_days":90,"growth_percent":20},
  "registries":{"r.site":{"ca":"ca.pem","insecure":true}},
  "health":[{"name":"a","http":"http://x/","tcp":"x:1","sql":"main","exec":["x"],"container":"a/b","kubernetes":"a/b/c",
             "query":"select 1","env":["A"],
             "expect":{"status":200,"headers":{"A":"b"},"body":"c","json":{"/a":"b"},"value":"1"},
             "latency":{"requests":5,"p95":"1s"},
             "within":"1s","every":"1s","stable":"1s","timeout":"1s"}],
  "hooks":[{"name":"a","before":"stage","after":"stage","exec":["x"],"env":["A"],"timeout":"1s"}],
  "components":[{"name":"web","kind":"assets","source":"dist","exclude":["*.map"],"target":"web",
                 "services":{"nginx":["nginx/**"]},
                 "optional":true,"compress":["gzip"],"keep_previous":1,"integrity":["*.js"],
                 "serve":[{"match":"**","type":"text/css","cache":"no-cache"}]},
                {"name":"server","kind":"images",
                 "images":[{"name":"a:1","from":"oci:x","platforms":["linux/amd64"],
                            "scan":[{"report":"r.json","of":"sha256:1"}],"waive":{"root-user":"it must"},
                            "verify":{"cosign":"up.pub","attestations":["cyclonedx"]}},
                           {"name":"b:1","from":"oci:y","verify":{"cosign":
                            {"identity":"a@b","issuer":"i","roots":"r.pem","rekor":"k.pub"}}}]},
                {"name":"db","kind":"migrations","source":"drizzle","format":"drizzle",
                 "dialect":"sqlite","database":"main","tracking":"a.b","rollback":"restore",
                 "transactions":"file","late":"applied",
                 "foreign_keys":"on",
                 "lint":"error","accept":{"drop-table":"it is empty"}},
                {"name":"etc","kind":"config","source":"config","target":"etc","raw":["a"],"persist":["data"],
                 "outputs":[{"file":"a","format":"dotenv","keys":["A"],"exclude_keys":["B"],
                             "services":["api"],"name":"x","namespace":"y"}]},
                {"name":"stack","kind":"manifests","source":["deploy","prod.yaml"],"target":"stack",
                 "runtime":"compose","jobs":["job"],"canary":["api"],"apply":["a"],"undo":["b"],"check":["c"],
                 "timeout":9,"after":["db"],"kustomize":"base","schema":"s.json",
                 "chart":{"release":"a","values":["v.yaml"],"namespace":"x","kubernetes":"1.28"}}]})");
const Json kSite = Json::parse(
    R"({"allow":{"privileged":["a"],"host_paths":["/a"],"host_network":["a"],"host_pid":["a"],
           "root_units":["a"],"commands":["a"]},"health":{"ca":"/ca.pem"},"schema":1,"release":"x","environment":"production",
  "targets":{"web":{"driver":"directory","path":"/srv/web","owner":"1:1","sharing":"never","backup":["a"]},
             "images":{"driver":"podman","command":["podman"],"map":{"docker.io/":"r.site/"}},
             "stack":{"driver":"compose","path":"/srv/stack","project":"p","engine":["docker"],"volumes":["rows"],
                      "units":"/etc/units","timeout":9},
             "app":{"driver":"kubernetes","path":"/srv/app","namespace":"x","context":"c","kubeconfig":"/k",
                    "kubectl":["kubectl"],"take_over":["a/b"]},
             "cdn":{"driver":"s3","endpoint":"https://s3.site","bucket":"shop","prefix":"web/","region":"r",
                    "style":"path","credentials":{"key_id":"A","secret":"S","token":"T","process":["p"]},
                    "cdn":{"cloudfront":"E1","endpoint":"https://c","exec":["x"],"secrets":["S"],"base":"/a"}},
             "watch":{"driver":"datadog","path":"/srv/watch","site":"datadoghq.eu","api":"https://api.x",
                      "key":"K","application_key":"L"}},
  "databases":{"main":{"driver":"postgresql","path":"/a","url":"postgresql://x/y","tools":["sudo"],
                       "password_file":"/p","lock_timeout":5,"lock_attempts":5,"statement_timeout":9,
                       "backup":{"driver":"exec","create":["a"],"verify":["b"],"restore":["c"]}}},
  "fence":{"close":["stop"],"open":["start"],"secrets":["KEY"],"kubernetes":["app/Deployment/web"]},
  "secrets":{"KEY":{"file":"/etc/key"}},
  "services":{"nginx":{"check":["a"],"reload":["b"],"restart":["c"],"timeout":9,"secrets":["KEY"]}},
  "tls":{"web":{"certificate":"/c","key":"/k","ca":"/a","hosts":["x"],"warn_days":9}},
  "backups":{"encrypt_to":["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"],
             "copies":[{"to":"/a","keep":9,"keep_days":9,"keep_gib":9,"command":["a"],"verify":["b"]}]},
  "windows":["sat 22:00-04:00"],"values":{"A":"b","N":1,"B":true},"optional":["extra"],"retention":{"releases":3,"backups":3,"backup_days":9,"backup_gib":9},
  "exports":{"recovery":"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p","to":"/a","keep":9,"keep_days":9,"keep_gib":9},
  "policy":{"require":["security"],"approvals":2,"max_age_days":30},
  "metrics":{"file":"/m.prom","dogstatsd":"udp://127.0.0.1:8125"},
  "notify":{"on":["failed"],"to":[{"name":"a","on":["all"],"file":"/a","webhook":"https://x/","slack":"https://x/",
    "mail":{"to":["a@b"],"from":"a@b","command":["a"]},"syslog":{"socket":"/s"},"exec":["a"],
    "datadog":{"site":"datadoghq.eu","api":"https://x","service":"s","tags":["a:b"]},
    "sentry":{"url":"https://x","organization":"o","projects":["p"]},
    "token":{"file":"/t","secret":"KEY"},"ca":"/c"}]}})");
const Json kEnvironment = Json::parse(R"({"schema":1,"values":{"A":"b","N":1,"B":true,"Z":null}})");

const char* const kRecipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

const std::vector<Breach> kReleaseBreaches = {
    {"/properties/hooks/type", "/hooks", 1, "a list of at most 16"},
    {"/properties/hooks/minItems", "/hooks", Json::array(), "a list of at most 16"},
    {"/properties/hooks/maxItems", "/hooks", many(17, Json({{"name", "a"}, {"exec", {"x"}}})),
     "a list of at most 16"},
    {"/properties/hooks/items/type", "/hooks/0", 1, ""},
    {"/properties/hooks/items/additionalProperties", "/hooks/0/bogus", 1, "bogus"},
    {"/properties/hooks/items/required/name", "/hooks/0/name", kAbsent, "name"},
    {"/properties/hooks/items/required/exec", "/hooks/0/exec", kAbsent, "exec"},
    {"/properties/hooks/items/properties/before/enum", "/hooks/0/before", "migrate",
     "stage or check: a hook has no undo"},
    {"/properties/hooks/items/properties/after/enum", "/hooks/0/after", "activate",
     "stage, check or commit"},
    {"/properties/hooks/items/properties/name/type", "/hooks/0/name", 1, "a name of at most 64"},
    {"/properties/hooks/items/properties/name/maxLength", "/hooks/0/name", letters(65),
     "a name of at most 64"},
    {"/properties/hooks/items/properties/name/pattern", "/hooks/0/name", "!",
     "a name of at most 64"},
    {"/properties/hooks/items/properties/exec/type", "/hooks/0/exec", 1, "a command, such as ["},
    {"/properties/hooks/items/properties/exec/minItems", "/hooks/0/exec", Json::array(),
     "a command, such as ["},
    {"/properties/hooks/items/properties/exec/maxItems", "/hooks/0/exec", many(65, "a"),
     "a command, such as ["},
    {"/properties/hooks/items/properties/exec/items/type", "/hooks/0/exec/0", 1,
     "a word of a command"},
    {"/properties/hooks/items/properties/exec/items/minLength", "/hooks/0/exec/0", "",
     "a word of a command"},
    {"/properties/hooks/items/properties/exec/items/maxLength", "/hooks/0/exec/0", letters(4097),
     "a word of a command"},
    {"/properties/hooks/items/properties/env/type", "/hooks/0/env", 1, "a list of keys of va"},
    {"/properties/hooks/items/properties/env/minItems", "/hooks/0/env", Json::array(),
     "a list of keys of va"},
    {"/properties/hooks/items/properties/env/maxItems", "/hooks/0/env", different_names(65),
     "a list of keys of va"},
    {"/properties/hooks/items/properties/env/uniqueItems", "/hooks/0/env", Json::array({"a", "a"}),
     "a list of keys of va"},
    {"/properties/hooks/items/properties/env/items/type", "/hooks/0/env/0", 1,
     "the key of a value"},
    {"/properties/hooks/items/properties/env/items/minLength", "/hooks/0/env/0", "",
     "the key of a value"},
    {"/properties/hooks/items/properties/env/items/maxLength", "/hooks/0/env/0", letters(129),
     "the key of a value"},
    {"/properties/hooks/items/properties/timeout/type", "/hooks/0/timeout", 1,
     "a time such as 500ms"},
    {"/properties/hooks/items/properties/timeout/maxLength", "/hooks/0/timeout", letters(17),
     "a time such as 500ms"},
    {"/properties/hooks/items/properties/timeout/pattern", "/hooks/0/timeout", "!",
     "a time such as 500ms"},
    {"/properties/health/type", "/health", 1, "a list of at most 64"},
    {"/properties/health/minItems", "/health", Json::array(), "a list of at most 64"},
    {"/properties/health/maxItems", "/health", many(65, Json({{"name", "a"}})),
     "a list of at most 64"},
    {"/properties/health/items/type", "/health/0", 1, ""},
    {"/properties/health/items/additionalProperties", "/health/0/bogus", 1, "bogus"},
    {"/properties/health/items/required/name", "/health/0/name", kAbsent, "name"},
    {"/properties/health/items/properties/name/type", "/health/0/name", 1, "a name of at most 64"},
    {"/properties/health/items/properties/name/maxLength", "/health/0/name", letters(65),
     "a name of at most 64"},
    {"/properties/health/items/properties/name/pattern", "/health/0/name", "!",
     "a name of at most 64"},
    {"/properties/health/items/properties/http/type", "/health/0/http", 1, "a URL such as http:/"},
    {"/properties/health/items/properties/http/minLength", "/health/0/http", "",
     "a URL such as http:/"},
    {"/properties/health/items/properties/http/maxLength", "/health/0/http", letters(8193),
     "a URL such as http:/"},
    {"/properties/health/items/properties/tcp/type", "/health/0/tcp", 1, "HOST:PORT"},
    {"/properties/health/items/properties/tcp/minLength", "/health/0/tcp", "", "HOST:PORT"},
    {"/properties/health/items/properties/tcp/maxLength", "/health/0/tcp", letters(301),
     "HOST:PORT"},
    {"/properties/health/items/properties/sql/type", "/health/0/sql", 1, "the name of a databa"},
    {"/properties/health/items/properties/sql/minLength", "/health/0/sql", "",
     "the name of a databa"},
    {"/properties/health/items/properties/sql/maxLength", "/health/0/sql", letters(65),
     "the name of a databa"},
    {"/properties/health/items/properties/exec/type", "/health/0/exec", 1, "a command, such as ["},
    {"/properties/health/items/properties/exec/minItems", "/health/0/exec", Json::array(),
     "a command, such as ["},
    {"/properties/health/items/properties/exec/maxItems", "/health/0/exec", many(65, "a"),
     "a command, such as ["},
    {"/properties/health/items/properties/exec/items/type", "/health/0/exec/0", 1,
     "a word of a command"},
    {"/properties/health/items/properties/exec/items/minLength", "/health/0/exec/0", "",
     "a word of a command"},
    {"/properties/health/items/properties/exec/items/maxLength", "/health/0/exec/0", letters(4097),
     "a word of a command"},
    {"/properties/health/items/properties/kubernetes/type", "/health/0/kubernetes", 1,
     "COMPONENT/KIND/NAME"},
    {"/properties/health/items/properties/kubernetes/minLength", "/health/0/kubernetes", "",
     "COMPONENT/KIND/NAME"},
    {"/properties/health/items/properties/kubernetes/maxLength", "/health/0/kubernetes",
     letters(401), "COMPONENT/KIND/NAME"},
    {"/properties/health/items/properties/container/type", "/health/0/container", 1,
     "COMPONENT/SERVICE"},
    {"/properties/health/items/properties/container/minLength", "/health/0/container", "",
     "COMPONENT/SERVICE"},
    {"/properties/health/items/properties/container/maxLength", "/health/0/container", letters(201),
     "COMPONENT/SERVICE"},
    {"/properties/health/items/properties/query/type", "/health/0/query", 1, "a statement of SQL"},
    {"/properties/health/items/properties/query/minLength", "/health/0/query", "",
     "a statement of SQL"},
    {"/properties/health/items/properties/query/maxLength", "/health/0/query", letters(8193),
     "a statement of SQL"},
    {"/properties/health/items/properties/env/type", "/health/0/env", 1, "a list of keys of va"},
    {"/properties/health/items/properties/env/minItems", "/health/0/env", Json::array(),
     "a list of keys of va"},
    {"/properties/health/items/properties/env/maxItems", "/health/0/env", different_names(65),
     "a list of keys of va"},
    {"/properties/health/items/properties/env/uniqueItems", "/health/0/env",
     Json::array({"a", "a"}), "a list of keys of va"},
    {"/properties/health/items/properties/env/items/type", "/health/0/env/0", 1,
     "the key of a value"},
    {"/properties/health/items/properties/env/items/minLength", "/health/0/env/0", "",
     "the key of a value"},
    {"/properties/health/items/properties/env/items/maxLength", "/health/0/env/0", letters(129),
     "the key of a value"},
    {"/properties/health/items/properties/expect/type", "/health/0/expect", 1,
     "a mapping of what is"},
    {"/properties/health/items/properties/expect/additionalProperties", "/health/0/expect/bogus", 1,
     "bogus"},
    {"/properties/health/items/properties/expect/minProperties", "/health/0/expect", Json::object(),
     "a mapping of what is"},
    {"/properties/health/items/properties/expect/properties/status/type", "/health/0/expect/status",
     "x", "a status of HTTP fro"},
    {"/properties/health/items/properties/expect/properties/status/minimum",
     "/health/0/expect/status", 99, "a status of HTTP fro"},
    {"/properties/health/items/properties/expect/properties/status/maximum",
     "/health/0/expect/status", 600, "a status of HTTP fro"},
    {"/properties/health/items/properties/expect/properties/headers/type",
     "/health/0/expect/headers", 1, "a mapping of headers"},
    {"/properties/health/items/properties/expect/properties/headers/minProperties",
     "/health/0/expect/headers", Json::object(), "a mapping of headers"},
    {"/properties/health/items/properties/expect/properties/headers/maxProperties",
     "/health/0/expect/headers", keys(65, "x"), "a mapping of headers"},
    {"/properties/health/items/properties/expect/properties/headers/additionalProperties/type",
     "/health/0/expect/headers/A", 1, "a text"},
    {"/properties/health/items/properties/expect/properties/headers/additionalProperties/minLength",
     "/health/0/expect/headers/A", "", "a text"},
    {"/properties/health/items/properties/expect/properties/headers/additionalProperties/maxLength",
     "/health/0/expect/headers/A", letters(8193), "a text"},
    {"/properties/health/items/properties/expect/properties/body/type", "/health/0/expect/body", 1,
     "a text that the body"},
    {"/properties/health/items/properties/expect/properties/body/minLength",
     "/health/0/expect/body", "", "a text that the body"},
    {"/properties/health/items/properties/expect/properties/body/maxLength",
     "/health/0/expect/body", letters(8193), "a text that the body"},
    {"/properties/health/items/properties/expect/properties/json/type", "/health/0/expect/json", 1,
     "a mapping of JSON po"},
    {"/properties/health/items/properties/expect/properties/json/minProperties",
     "/health/0/expect/json", Json::object(), "a mapping of JSON po"},
    {"/properties/health/items/properties/expect/properties/json/maxProperties",
     "/health/0/expect/json", keys(65, "x"), "a mapping of JSON po"},
    {"/properties/health/items/properties/expect/properties/json/additionalProperties/type",
     "/health/0/expect/json/~1a", Json::array(), "text, a whole number"},
    {"/properties/health/items/properties/expect/properties/json/additionalProperties/maxLength",
     "/health/0/expect/json/~1a", letters(8193), "text, a whole number"},
    {"/properties/health/items/properties/expect/properties/value/type", "/health/0/expect/value",
     Json::array(), "text, a whole number"},
    {"/properties/health/items/properties/expect/properties/value/maxLength",
     "/health/0/expect/value", letters(8193), "text, a whole number"},
    {"/properties/health/items/properties/latency/type", "/health/0/latency", 1,
     "a mapping of request"},
    {"/properties/health/items/properties/latency/additionalProperties", "/health/0/latency/bogus",
     1, "bogus"},
    {"/properties/health/items/properties/latency/required/requests", "/health/0/latency/requests",
     kAbsent, "requests"},
    {"/properties/health/items/properties/latency/required/p95", "/health/0/latency/p95", kAbsent,
     "p95"},
    {"/properties/health/items/properties/latency/properties/requests/type",
     "/health/0/latency/requests", "x", "a number of requests"},
    {"/properties/health/items/properties/latency/properties/requests/minimum",
     "/health/0/latency/requests", 0, "a number of requests"},
    {"/properties/health/items/properties/latency/properties/requests/maximum",
     "/health/0/latency/requests", 1001, "a number of requests"},
    {"/properties/health/items/properties/latency/properties/p95/type", "/health/0/latency/p95", 1,
     "a time such as 500ms"},
    {"/properties/health/items/properties/latency/properties/p95/maxLength",
     "/health/0/latency/p95", letters(17), "a time such as 500ms"},
    {"/properties/health/items/properties/latency/properties/p95/pattern", "/health/0/latency/p95",
     "!", "a time such as 500ms"},
    {"/properties/health/items/properties/within/type", "/health/0/within", 1,
     "a time such as 500ms"},
    {"/properties/health/items/properties/within/maxLength", "/health/0/within", letters(17),
     "a time such as 500ms"},
    {"/properties/health/items/properties/within/pattern", "/health/0/within", "!",
     "a time such as 500ms"},
    {"/properties/health/items/properties/every/type", "/health/0/every", 1,
     "a time such as 500ms"},
    {"/properties/health/items/properties/every/maxLength", "/health/0/every", letters(17),
     "a time such as 500ms"},
    {"/properties/health/items/properties/every/pattern", "/health/0/every", "!",
     "a time such as 500ms"},
    {"/properties/health/items/properties/stable/type", "/health/0/stable", 1,
     "a time such as 500ms"},
    {"/properties/health/items/properties/stable/maxLength", "/health/0/stable", letters(17),
     "a time such as 500ms"},
    {"/properties/health/items/properties/stable/pattern", "/health/0/stable", "!",
     "a time such as 500ms"},
    {"/properties/health/items/properties/timeout/type", "/health/0/timeout", 1,
     "a time such as 500ms"},
    {"/properties/health/items/properties/timeout/maxLength", "/health/0/timeout", letters(17),
     "a time such as 500ms"},
    {"/properties/health/items/properties/timeout/pattern", "/health/0/timeout", "!",
     "a time such as 500ms"},
    {"/type", "", Json::array({1}), "found a list, expected a mapping"},
    {"/additionalProperties", "/nmae", "x", "unknown key \"nmae\""},
    {"/required/schema", "/schema", kAbsent, "missing key \"schema\""},
    {"/required/name", "/name", kAbsent, "missing key \"name\""},
    {"/required/version", "/version", kAbsent, "missing key \"version\""},
    {"/required/environments", "/environments", kAbsent, "missing key \"environments\""},
    {"/required/components", "/components", kAbsent, "missing key \"components\""},
    {"/properties/schema/enum", "/schema", 2, "found the number 2, expected 1,"},
    {"/properties/name/type", "/name", 7, "name: found the number 7"},
    {"/properties/name/maxLength", "/name", letters(65), "at most 64"},
    {"/properties/name/pattern", "/name", "Not a name", "found \"Not a name\""},
    {"/properties/version/type", "/version", 1, "expected a semantic version"},
    {"/properties/version/maxLength", "/version", letters(129), "expected a semantic version"},
    {"/properties/source/type", "/source", "abc", "source: found \"abc\", expected a mapping"},
    {"/properties/source/additionalProperties", "/source/x", 1, "unknown key \"x\""},
    {"/properties/source/required/revision", "/source/revision", kAbsent,
     "missing key \"revision\""},
    {"/properties/source/properties/revision/type", "/source/revision", 1, "expected a revision"},
    {"/properties/source/properties/revision/minLength", "/source/revision", "",
     "expected a revision"},
    {"/properties/source/properties/revision/maxLength", "/source/revision", letters(129),
     "expected a revision"},
    {"/properties/environments/type", "/environments", "production", "expected a list"},
    {"/properties/environments/minItems", "/environments", Json::array(), "at least one"},
    {"/properties/environments/maxItems", "/environments", kAbsent, ""},  // filled in below
    {"/properties/environments/uniqueItems", "/environments", many(2, "a"),
     "different environments"},
    {"/properties/environments/items/type", "/environments/0", 1,
     "environments[0]: found the number 1"},
    {"/properties/environments/items/maxLength", "/environments/0", letters(65), "at most 64"},
    {"/properties/environments/items/pattern", "/environments/0", "../x", "found \"../x\""},
    {"/properties/requires/type", "/requires", Json::array(), "expected a mapping"},
    {"/properties/requires/additionalProperties", "/requires/upgrade_form", "x",
     "unknown key \"upgrade_form\""},
    {"/properties/requires/properties/upgrade_from/type", "/requires/upgrade_from", 1,
     "version range"},
    {"/properties/requires/properties/upgrade_from/maxLength", "/requires/upgrade_from",
     letters(129), "version range"},
    {"/properties/requires/properties/installer/type", "/requires/installer", 1, "version range"},
    {"/properties/requires/properties/installer/maxLength", "/requires/installer", letters(129),
     "version range"},
    {"/properties/requires/properties/arch/type", "/requires/arch", "amd64", "a list of amd64"},
    {"/properties/requires/properties/arch/minItems", "/requires/arch", Json::array(),
     "a list of amd64"},
    {"/properties/requires/properties/arch/uniqueItems", "/requires/arch", many(2, "amd64"),
     "a list of amd64"},
    {"/properties/requires/properties/arch/items/enum", "/requires/arch/0", "x86",
     "one of amd64, arm64"},
    {"/properties/notes/type", "/notes", 1, "Markdown"},
    {"/properties/notes/minLength", "/notes", "", "Markdown"},
    {"/properties/notes/maxLength", "/notes", letters(4097), "Markdown"},
    {"/properties/trust/type", "/trust", 1, "1.root.json"},
    {"/properties/trust/minLength", "/trust", "", "1.root.json"},
    {"/properties/trust/maxLength", "/trust", letters(4097), "1.root.json"},
    {"/properties/registries/type", "/registries", 1, "a mapping of registry hosts"},
    {"/properties/registries/maxProperties", "/registries", keys(65, Json::object()),
     "a mapping of registry hosts"},
    {"/properties/registries/additionalProperties/type", "/registries/r.site", 1,
     "expected a mapping"},
    {"/properties/registries/additionalProperties/additionalProperties", "/registries/r.site/ac",
     "x", "unknown key"},
    {"/properties/registries/additionalProperties/properties/ca/type", "/registries/r.site/ca", 1,
     "PEM"},
    {"/properties/registries/additionalProperties/properties/ca/minLength", "/registries/r.site/ca",
     "", "PEM"},
    {"/properties/registries/additionalProperties/properties/ca/maxLength", "/registries/r.site/ca",
     letters(4097), "PEM"},
    {"/properties/registries/additionalProperties/properties/insecure/type",
     "/registries/r.site/insecure", "yes", "true or false"},
    {"/properties/image_rules/type", "/image_rules", 1, "a mapping of rules"},
    {"/properties/image_rules/additionalProperties/enum", "/image_rules/root-user", "eror",
     "one of off, warning, error"},
    {"/properties/image_limits/type", "/image_limits", 1, "expected a mapping"},
    {"/properties/image_limits/additionalProperties", "/image_limits/age", 1, "unknown key"},
    {"/properties/image_limits/properties/age_days/type", "/image_limits/age_days", "1",
     "a number of days"},
    {"/properties/image_limits/properties/age_days/minimum", "/image_limits/age_days", 0,
     "a number of days"},
    {"/properties/image_limits/properties/age_days/maximum", "/image_limits/age_days", 36501,
     "a number of days"},
    {"/properties/image_limits/properties/growth_percent/type", "/image_limits/growth_percent", "1",
     "a percentage"},
    {"/properties/image_limits/properties/growth_percent/minimum", "/image_limits/growth_percent",
     -1, "a percentage"},
    {"/properties/image_limits/properties/growth_percent/maximum", "/image_limits/growth_percent",
     100001, "a percentage"},
    {"/properties/components/items/properties/format/enum", "/components/2/format", "x", "drizzle"},
    {"/properties/components/items/properties/dialect/enum", "/components/2/dialect", "x",
     "sqlite"},
    {"/properties/components/items/properties/database/type", "/components/2/database", 1,
     "of a database"},
    {"/properties/components/items/properties/database/maxLength", "/components/2/database",
     letters(65), "of a database"},
    {"/properties/components/items/properties/database/pattern", "/components/2/database", "A",
     "of a database"},
    {"/properties/components/items/properties/tracking/type", "/components/2/tracking", 1,
     "a table"},
    {"/properties/components/items/properties/tracking/maxLength", "/components/2/tracking",
     letters(131), "a table"},
    {"/properties/components/items/properties/tracking/pattern", "/components/2/tracking", "a b",
     "a table"},
    {"/properties/components/items/properties/rollback/enum", "/components/2/rollback", "x",
     "code-only"},
    {"/properties/components/items/properties/transactions/enum", "/components/2/transactions", "x",
     "run"},
    {"/properties/components/items/properties/late/enum", "/components/2/late", "x", "refused"},
    {"/properties/components/items/properties/foreign_keys/enum", "/components/2/foreign_keys", "x",
     "off"},
    {"/properties/components/items/properties/lint/enum", "/components/2/lint", "x", "warning"},
    {"/properties/components/items/properties/outputs/type", "/components/3/outputs", 1,
     "file to make"},
    {"/properties/components/items/properties/outputs/minItems", "/components/3/outputs",
     Json::array(), "file to make"},
    {"/properties/components/items/properties/outputs/maxItems", "/components/3/outputs",
     many(65, kRelease["components"][3]["outputs"][0]), "file to make"},
    {"/properties/components/items/properties/outputs/items/type", "/components/3/outputs/0", "a",
     "found \"a\""},
    {"/properties/components/items/properties/outputs/items/additionalProperties",
     "/components/3/outputs/0/fiel", "a", "unknown key"},
    {"/properties/components/items/properties/outputs/items/required/file",
     "/components/3/outputs/0/file", kAbsent, "missing key \"file\""},
    {"/properties/components/items/properties/outputs/items/required/format",
     "/components/3/outputs/0/format", kAbsent, "missing key \"format\""},
    {"/properties/components/items/properties/outputs/items/properties/file/type",
     "/components/3/outputs/0/file", 1, "the path of a file"},
    {"/properties/components/items/properties/outputs/items/properties/file/minLength",
     "/components/3/outputs/0/file", "", "the path of a file"},
    {"/properties/components/items/properties/outputs/items/properties/file/maxLength",
     "/components/3/outputs/0/file", letters(4001), "the path of a file"},
    {"/properties/components/items/properties/outputs/items/properties/format/enum",
     "/components/3/outputs/0/format", "env", "one of dotenv, json"},
    {"/properties/components/items/properties/outputs/items/properties/keys/type",
     "/components/3/outputs/0/keys", 1, "keys and patterns"},
    {"/properties/components/items/properties/outputs/items/properties/keys/minItems",
     "/components/3/outputs/0/keys", Json::array(), "keys and patterns"},
    {"/properties/components/items/properties/outputs/items/properties/keys/maxItems",
     "/components/3/outputs/0/keys", many(4097, "a"), "keys and patterns"},
    {"/properties/components/items/properties/outputs/items/properties/keys/items/type",
     "/components/3/outputs/0/keys/0", 1, "a key or a pattern"},
    {"/properties/components/items/properties/outputs/items/properties/keys/items/minLength",
     "/components/3/outputs/0/keys/0", "", "a key or a pattern"},
    {"/properties/components/items/properties/outputs/items/properties/keys/items/maxLength",
     "/components/3/outputs/0/keys/0", letters(129), "a key or a pattern"},
    {"/properties/components/items/properties/outputs/items/properties/exclude_keys/type",
     "/components/3/outputs/0/exclude_keys", 1, "keys and patterns"},
    {"/properties/components/items/properties/outputs/items/properties/exclude_keys/minItems",
     "/components/3/outputs/0/exclude_keys", Json::array(), "keys and patterns"},
    {"/properties/components/items/properties/outputs/items/properties/exclude_keys/maxItems",
     "/components/3/outputs/0/exclude_keys", many(4097, "a"), "keys and patterns"},
    {"/properties/components/items/properties/outputs/items/properties/exclude_keys/items/type",
     "/components/3/outputs/0/exclude_keys/0", 1, "a key or a pattern"},
    {"/properties/components/items/properties/outputs/items/properties/exclude_keys/items/"
     "minLength",
     "/components/3/outputs/0/exclude_keys/0", "", "a key or a pattern"},
    {"/properties/components/items/properties/outputs/items/properties/exclude_keys/items/"
     "maxLength",
     "/components/3/outputs/0/exclude_keys/0", letters(129), "a key or a pattern"},
    {"/properties/components/items/properties/outputs/items/properties/services/type",
     "/components/3/outputs/0/services", 1, "services of a Compose file"},
    {"/properties/components/items/properties/outputs/items/properties/services/minItems",
     "/components/3/outputs/0/services", Json::array(), "services of a Compose file"},
    {"/properties/components/items/properties/outputs/items/properties/services/maxItems",
     "/components/3/outputs/0/services", different_names(65), "services of a Compose file"},
    {"/properties/components/items/properties/outputs/items/properties/services/uniqueItems",
     "/components/3/outputs/0/services", many(2, "a"), "services of a Compose file"},
    {"/properties/components/items/properties/outputs/items/properties/services/items/type",
     "/components/3/outputs/0/services/0", 1, "the name of a service"},
    {"/properties/components/items/properties/outputs/items/properties/services/items/maxLength",
     "/components/3/outputs/0/services/0", letters(129), "the name of a service"},
    {"/properties/components/items/properties/outputs/items/properties/services/items/pattern",
     "/components/3/outputs/0/services/0", "a b", "the name of a service"},
    {"/properties/components/items/properties/outputs/items/properties/name/type",
     "/components/3/outputs/0/name", 1, "an object of Kubernetes"},
    {"/properties/components/items/properties/outputs/items/properties/name/maxLength",
     "/components/3/outputs/0/name", letters(254), "an object of Kubernetes"},
    {"/properties/components/items/properties/outputs/items/properties/name/pattern",
     "/components/3/outputs/0/name", "-a", "an object of Kubernetes"},
    {"/properties/components/items/properties/outputs/items/properties/namespace/type",
     "/components/3/outputs/0/namespace", 1, "a namespace of Kubernetes"},
    {"/properties/components/items/properties/outputs/items/properties/namespace/maxLength",
     "/components/3/outputs/0/namespace", letters(64), "a namespace of Kubernetes"},
    {"/properties/components/items/properties/outputs/items/properties/namespace/pattern",
     "/components/3/outputs/0/namespace", "-a", "a namespace of Kubernetes"},
    {"/properties/components/items/properties/accept/type", "/components/2/accept", 1, "findings"},
    {"/properties/components/items/properties/accept/maxProperties", "/components/2/accept",
     keys(1001, "x"), "at most 1000"},
    {"/properties/components/items/properties/accept/additionalProperties/type",
     "/components/2/accept/K", 1, "a reason"},
    {"/properties/components/items/properties/accept/additionalProperties/minLength",
     "/components/2/accept/K", "", "a reason"},
    {"/properties/components/items/properties/accept/additionalProperties/maxLength",
     "/components/2/accept/K", letters(401), "a reason"},
    {"/properties/components/items/properties/images/items/properties/waive/type",
     "/components/1/images/0/waive", 1, "rules and vulnerabilities"},
    {"/properties/components/items/properties/images/items/properties/waive/maxProperties",
     "/components/1/images/0/waive", keys(1001, "x"), "at most 1000"},
    {"/properties/components/items/properties/images/items/properties/waive/additionalProperties/"
     "type",
     "/components/1/images/0/waive/root-user", 1, "a reason"},
    {"/properties/components/items/properties/images/items/properties/waive/additionalProperties/"
     "minLength",
     "/components/1/images/0/waive/root-user", "", "a reason"},
    {"/properties/components/items/properties/images/items/properties/waive/additionalProperties/"
     "maxLength",
     "/components/1/images/0/waive/root-user", letters(401), "a reason"},
    {"/properties/components/items/properties/images/items/properties/scan/type",
     "/components/1/images/0/scan", 1, "a scanner's report"},
    {"/properties/components/items/properties/images/items/properties/scan/minLength",
     "/components/1/images/0/scan", "", "a scanner's report"},
    {"/properties/components/items/properties/images/items/properties/scan/maxLength",
     "/components/1/images/0/scan", letters(4097), "a scanner's report"},
    {"/properties/components/items/properties/images/items/properties/scan/minItems",
     "/components/1/images/0/scan", Json::array(), "a scanner's report"},
    {"/properties/components/items/properties/images/items/properties/scan/maxItems",
     "/components/1/images/0/scan", many(65, "x"), "a scanner's report"},
    {"/properties/components/items/properties/images/items/properties/scan/items/type",
     "/components/1/images/0/scan/0", 1, "a scanner's report"},
    {"/properties/components/items/properties/images/items/properties/scan/items/minLength",
     "/components/1/images/0/scan/0", "", "a scanner's report"},
    {"/properties/components/items/properties/images/items/properties/scan/items/maxLength",
     "/components/1/images/0/scan/0", letters(4097), "a scanner's report"},
    {"/properties/components/items/properties/images/items/properties/scan/items/"
     "additionalProperties",
     "/components/1/images/0/scan/0/off", "x", "unknown key"},
    {"/properties/components/items/properties/images/items/properties/scan/items/required/report",
     "/components/1/images/0/scan/0/report", kAbsent, "missing key"},
    {"/properties/components/items/properties/images/items/properties/scan/items/properties/report/"
     "type",
     "/components/1/images/0/scan/0/report", 1, "the path of a report"},
    {"/properties/components/items/properties/images/items/properties/scan/items/properties/report/"
     "minLength",
     "/components/1/images/0/scan/0/report", "", "the path of a report"},
    {"/properties/components/items/properties/images/items/properties/scan/items/properties/report/"
     "maxLength",
     "/components/1/images/0/scan/0/report", letters(4097), "the path of a report"},
    {"/properties/components/items/properties/images/items/properties/scan/items/properties/of/"
     "type",
     "/components/1/images/0/scan/0/of", 1, "what was scanned"},
    {"/properties/components/items/properties/images/items/properties/scan/items/properties/of/"
     "minLength",
     "/components/1/images/0/scan/0/of", "", "what was scanned"},
    {"/properties/components/items/properties/images/items/properties/scan/items/properties/of/"
     "maxLength",
     "/components/1/images/0/scan/0/of", letters(129), "what was scanned"},
    {"/properties/components/type", "/components", "web", "at least one component"},
    {"/properties/components/minItems", "/components", Json::array(), "at least one component"},
    {"/properties/components/maxItems", "/components", many(257, kRelease["components"][0]),
     "at least one component"},
    {"/properties/components/items/type", "/components/0", "web", "components[0]: found \"web\""},
    {"/properties/components/items/additionalProperties", "/components/0/knid", "x",
     "unknown key \"knid\""},
    {"/properties/components/items/required/name", "/components/0/name", kAbsent,
     "missing key \"name\""},
    {"/properties/components/items/required/kind", "/components/0/kind", kAbsent,
     "missing key \"kind\""},
    {"/properties/components/items/properties/name/type", "/components/0/name", 1,
     "found the number 1"},
    {"/properties/components/items/properties/name/maxLength", "/components/0/name", letters(65),
     "at most 64"},
    {"/properties/components/items/properties/name/pattern", "/components/0/name", "-x",
     "found \"-x\""},
    {"/properties/components/items/properties/kind/enum", "/components/0/kind", "asset",
     "one of assets, config"},
    {"/properties/components/items/properties/source/type", "/components/0/source", 1,
     "a folder or glob"},
    {"/properties/components/items/properties/source/minLength", "/components/0/source", "",
     "a folder or glob"},
    {"/properties/components/items/properties/source/maxLength", "/components/0/source",
     letters(4097), "a folder or glob"},
    {"/properties/components/items/properties/runtime/enum", "/components/4/runtime", "docker",
     "one of compose, systemd, exec"},
    {"/properties/components/items/properties/jobs/type", "/components/4/jobs", 1,
     "services that end by themselves"},
    {"/properties/components/items/properties/jobs/minItems", "/components/4/jobs", Json::array(),
     "services that end by themselves"},
    {"/properties/components/items/properties/jobs/maxItems", "/components/4/jobs",
     different_names(257), "services that end by themselves"},
    {"/properties/components/items/properties/jobs/uniqueItems", "/components/4/jobs", many(2, "a"),
     "services that end by themselves"},
    {"/properties/components/items/properties/jobs/items/type", "/components/4/jobs/0", 1,
     "the name of a service"},
    {"/properties/components/items/properties/jobs/items/maxLength", "/components/4/jobs/0",
     letters(129), "the name of a service"},
    {"/properties/components/items/properties/jobs/items/pattern", "/components/4/jobs/0", "-x",
     "the name of a service"},
    {"/properties/components/items/properties/canary/type", "/components/4/canary", 1,
     "services of which one container"},
    {"/properties/components/items/properties/canary/minItems", "/components/4/canary",
     Json::array(), "services of which one container"},
    {"/properties/components/items/properties/canary/maxItems", "/components/4/canary",
     different_names(257), "services of which one container"},
    {"/properties/components/items/properties/canary/uniqueItems", "/components/4/canary",
     many(2, "a"), "services of which one container"},
    {"/properties/components/items/properties/canary/items/type", "/components/4/canary/0", 1,
     "the name of a service"},
    {"/properties/components/items/properties/canary/items/maxLength", "/components/4/canary/0",
     letters(129), "the name of a service"},
    {"/properties/components/items/properties/canary/items/pattern", "/components/4/canary/0", "-x",
     "the name of a service"},
    {"/properties/components/items/properties/chart/type", "/components/4/chart", 1,
     "how source, a chart"},
    {"/properties/components/items/properties/chart/additionalProperties", "/components/4/chart/x",
     1, "x"},
    {"/properties/components/items/properties/chart/properties/release/type",
     "/components/4/chart/release", 1, "a release of Helm"},
    {"/properties/components/items/properties/chart/properties/release/maxLength",
     "/components/4/chart/release", letters(54), "a release of Helm"},
    {"/properties/components/items/properties/chart/properties/release/pattern",
     "/components/4/chart/release", "-a", "a release of Helm"},
    {"/properties/components/items/properties/chart/properties/values/type",
     "/components/4/chart/values", 1, "a file of values"},
    {"/properties/components/items/properties/chart/properties/values/minLength",
     "/components/4/chart/values", "", "a file of values"},
    {"/properties/components/items/properties/chart/properties/values/maxLength",
     "/components/4/chart/values", letters(4097), "a file of values"},
    {"/properties/components/items/properties/chart/properties/values/minItems",
     "/components/4/chart/values", Json::array(), "a file of values"},
    {"/properties/components/items/properties/chart/properties/values/maxItems",
     "/components/4/chart/values", many(17, "a"), "a file of values"},
    {"/properties/components/items/properties/chart/properties/values/items/type",
     "/components/4/chart/values/0", 1, "a file of values"},
    {"/properties/components/items/properties/chart/properties/values/items/minLength",
     "/components/4/chart/values/0", "", "a file of values"},
    {"/properties/components/items/properties/chart/properties/values/items/maxLength",
     "/components/4/chart/values/0", letters(4097), "a file of values"},
    {"/properties/components/items/properties/chart/properties/namespace/type",
     "/components/4/chart/namespace", 1, "a namespace, or"},
    {"/properties/components/items/properties/chart/properties/namespace/minLength",
     "/components/4/chart/namespace", "", "a namespace, or"},
    {"/properties/components/items/properties/chart/properties/namespace/maxLength",
     "/components/4/chart/namespace", letters(254), "a namespace, or"},
    {"/properties/components/items/properties/chart/properties/kubernetes/type",
     "/components/4/chart/kubernetes", 1, "a version of Kubernetes"},
    {"/properties/components/items/properties/chart/properties/kubernetes/maxLength",
     "/components/4/chart/kubernetes", "1." + std::string(31, '1'), "a version of Kubernetes"},
    {"/properties/components/items/properties/chart/properties/kubernetes/pattern",
     "/components/4/chart/kubernetes", "2.0", "a version of Kubernetes"},
    {"/properties/components/items/properties/schema/type", "/components/4/schema", 1,
     "a file of sealift-installer kubernetes schema"},
    {"/properties/components/items/properties/schema/minLength", "/components/4/schema", "",
     "a file of sealift-installer kubernetes schema"},
    {"/properties/components/items/properties/schema/maxLength", "/components/4/schema",
     letters(4097), "a file of sealift-installer kubernetes schema"},
    {"/properties/components/items/properties/kustomize/type", "/components/4/kustomize", 1,
     "the folder below source"},
    {"/properties/components/items/properties/kustomize/minLength", "/components/4/kustomize", "",
     "the folder below source"},
    {"/properties/components/items/properties/kustomize/maxLength", "/components/4/kustomize",
     letters(4097), "the folder below source"},
    {"/properties/components/items/properties/apply/type", "/components/4/apply", 1,
     "a command, such as [./purge.sh, now]"},
    {"/properties/components/items/properties/apply/minItems", "/components/4/apply", Json::array(),
     "a command, such as [./purge.sh, now]"},
    {"/properties/components/items/properties/apply/maxItems", "/components/4/apply", many(65, "a"),
     "a command, such as [./purge.sh, now]"},
    {"/properties/components/items/properties/apply/items/type", "/components/4/apply/0", 1,
     "a word of a command"},
    {"/properties/components/items/properties/apply/items/minLength", "/components/4/apply/0", "",
     "a word of a command"},
    {"/properties/components/items/properties/apply/items/maxLength", "/components/4/apply/0",
     letters(4097), "a word of a command"},
    {"/properties/components/items/properties/undo/type", "/components/4/undo", 1,
     "a command, such as [./purge.sh, back]"},
    {"/properties/components/items/properties/undo/minItems", "/components/4/undo", Json::array(),
     "a command, such as [./purge.sh, back]"},
    {"/properties/components/items/properties/undo/maxItems", "/components/4/undo", many(65, "a"),
     "a command, such as [./purge.sh, back]"},
    {"/properties/components/items/properties/undo/items/type", "/components/4/undo/0", 1,
     "a word of a command"},
    {"/properties/components/items/properties/undo/items/minLength", "/components/4/undo/0", "",
     "a word of a command"},
    {"/properties/components/items/properties/undo/items/maxLength", "/components/4/undo/0",
     letters(4097), "a word of a command"},
    {"/properties/components/items/properties/check/type", "/components/4/check", 1,
     "a command, such as [./purge.sh, check]"},
    {"/properties/components/items/properties/check/minItems", "/components/4/check", Json::array(),
     "a command, such as [./purge.sh, check]"},
    {"/properties/components/items/properties/check/maxItems", "/components/4/check", many(65, "a"),
     "a command, such as [./purge.sh, check]"},
    {"/properties/components/items/properties/check/items/type", "/components/4/check/0", 1,
     "a word of a command"},
    {"/properties/components/items/properties/check/items/minLength", "/components/4/check/0", "",
     "a word of a command"},
    {"/properties/components/items/properties/check/items/maxLength", "/components/4/check/0",
     letters(4097), "a word of a command"},
    {"/properties/components/items/properties/after/type", "/components/4/after", 1,
     "components that stand before this one"},
    {"/properties/components/items/properties/after/minItems", "/components/4/after", Json::array(),
     "components that stand before this one"},
    {"/properties/components/items/properties/after/maxItems", "/components/4/after",
     different_names(257), "components that stand before this one"},
    {"/properties/components/items/properties/after/uniqueItems", "/components/4/after",
     many(2, "a"), "components that stand before this one"},
    {"/properties/components/items/properties/after/items/type", "/components/4/after/0", 1,
     "the name of a component"},
    {"/properties/components/items/properties/after/items/maxLength", "/components/4/after/0",
     letters(65), "the name of a component"},
    {"/properties/components/items/properties/after/items/pattern", "/components/4/after/0", "-x",
     "the name of a component"},
    {"/properties/components/items/properties/timeout/type", "/components/4/timeout", "1",
     "a number of seconds from 1 to 3600"},
    {"/properties/components/items/properties/timeout/minimum", "/components/4/timeout", 0,
     "a number of seconds from 1 to 3600"},
    {"/properties/components/items/properties/timeout/maximum", "/components/4/timeout", 3601,
     "a number of seconds from 1 to 3600"},
    {"/properties/components/items/properties/services/type", "/components/0/services", 1,
     "a mapping of services"},
    {"/properties/components/items/properties/services/minProperties", "/components/0/services",
     Json::object(), "a mapping of services"},
    {"/properties/components/items/properties/services/maxProperties", "/components/0/services",
     keys(65, Json::array({"a"})), "a mapping of services"},
    {"/properties/components/items/properties/services/additionalProperties/type",
     "/components/0/services/nginx", "a", "a list of globs"},
    {"/properties/components/items/properties/services/additionalProperties/minItems",
     "/components/0/services/nginx", Json::array(), "a list of globs"},
    {"/properties/components/items/properties/services/additionalProperties/maxItems",
     "/components/0/services/nginx", many(257, "a"), "a list of globs"},
    {"/properties/components/items/properties/services/additionalProperties/items/type",
     "/components/0/services/nginx/0", 1, "a glob such as"},
    {"/properties/components/items/properties/services/additionalProperties/items/minLength",
     "/components/0/services/nginx/0", "", "a glob such as"},
    {"/properties/components/items/properties/services/additionalProperties/items/maxLength",
     "/components/0/services/nginx/0", letters(4097), "a glob such as"},
    {"/properties/components/items/properties/compress/type", "/components/0/compress", "gzip",
     "a list of gzip, brotli"},
    {"/properties/components/items/properties/compress/minItems", "/components/0/compress",
     Json::array(), "a list of gzip, brotli"},
    {"/properties/components/items/properties/compress/uniqueItems", "/components/0/compress",
     many(2, "gzip"), "a list of gzip, brotli"},
    {"/properties/components/items/properties/compress/items/enum", "/components/0/compress/0",
     "zstd", "one of gzip, brotli"},
    {"/properties/components/items/properties/keep_previous/type", "/components/0/keep_previous",
     "two", "a number of releases"},
    {"/properties/components/items/properties/keep_previous/minimum", "/components/0/keep_previous",
     -1, "a number of releases"},
    {"/properties/components/items/properties/keep_previous/maximum", "/components/0/keep_previous",
     21, "at most 20"},
    {"/properties/components/items/properties/integrity/type", "/components/0/integrity", "*.js",
     "a list of globs"},
    {"/properties/components/items/properties/integrity/maxItems", "/components/0/integrity",
     many(257, "*.js"), "a list of globs"},
    {"/properties/components/items/properties/integrity/items/type", "/components/0/integrity/0", 1,
     "a glob such as assets/*.js"},
    {"/properties/components/items/properties/integrity/items/minLength",
     "/components/0/integrity/0", "", "a glob such as assets/*.js"},
    {"/properties/components/items/properties/integrity/items/maxLength",
     "/components/0/integrity/0", letters(4097), "a glob such as assets/*.js"},
    {"/properties/components/items/properties/serve/type", "/components/0/serve", "**",
     "a list of at most 256 patterns"},
    {"/properties/components/items/properties/serve/maxItems", "/components/0/serve",
     many(257, Json{{"match", "a"}}), "a list of at most 256 patterns"},
    {"/properties/components/items/properties/serve/items/type", "/components/0/serve/0", "**",
     "a mapping"},
    {"/properties/components/items/properties/serve/items/additionalProperties",
     "/components/0/serve/0/mime", "x", "mime"},
    {"/properties/components/items/properties/serve/items/required/match",
     "/components/0/serve/0/match", kAbsent, "match"},
    {"/properties/components/items/properties/serve/items/properties/match/type",
     "/components/0/serve/0/match", 1, "a glob such as assets/**"},
    {"/properties/components/items/properties/serve/items/properties/match/minLength",
     "/components/0/serve/0/match", "", "a glob such as assets/**"},
    {"/properties/components/items/properties/serve/items/properties/match/maxLength",
     "/components/0/serve/0/match", letters(1025), "a glob such as assets/**"},
    {"/properties/components/items/properties/serve/items/properties/type/type",
     "/components/0/serve/0/type", 1, "a content type such as text/css"},
    {"/properties/components/items/properties/serve/items/properties/type/minLength",
     "/components/0/serve/0/type", "", "a content type such as text/css"},
    {"/properties/components/items/properties/serve/items/properties/type/maxLength",
     "/components/0/serve/0/type", letters(129), "a content type such as text/css"},
    {"/properties/components/items/properties/serve/items/properties/cache/type",
     "/components/0/serve/0/cache", true, "immutable, no-cache or a number"},
    {"/properties/components/items/properties/exclude/type", "/components/0/exclude", "*.map",
     "a list of globs"},
    {"/properties/components/items/properties/exclude/maxItems", "/components/0/exclude",
     many(257, "a"), "a list of globs"},
    {"/properties/components/items/properties/exclude/items/type", "/components/0/exclude/0", 1,
     "a glob such as"},
    {"/properties/components/items/properties/exclude/items/minLength", "/components/0/exclude/0",
     "", "a glob such as"},
    {"/properties/components/items/properties/exclude/items/maxLength", "/components/0/exclude/0",
     letters(4097), "a glob such as"},
    {"/properties/components/items/properties/persist/type", "/components/3/persist", "a",
     "a list of folders of data that every release shares"},
    {"/properties/components/items/properties/persist/minItems", "/components/3/persist",
     Json::array(), "a list of folders of data that every release shares"},
    {"/properties/components/items/properties/persist/maxItems", "/components/3/persist",
     different_names(65), "a list of folders of data that every release shares"},
    {"/properties/components/items/properties/persist/items/type", "/components/3/persist/0", 1,
     "such as data or public/uploads"},
    {"/properties/components/items/properties/persist/items/minLength", "/components/3/persist/0",
     "", "such as data or public/uploads"},
    {"/properties/components/items/properties/persist/items/maxLength", "/components/3/persist/0",
     letters(201), "such as data or public/uploads"},
    {"/properties/components/items/properties/raw/type", "/components/3/raw", "a",
     "a list of globs"},
    {"/properties/components/items/properties/raw/minItems", "/components/3/raw", Json::array(),
     "a list of globs"},
    {"/properties/components/items/properties/raw/maxItems", "/components/3/raw", many(257, "a"),
     "a list of globs"},
    {"/properties/components/items/properties/raw/items/type", "/components/3/raw/0", 1,
     "a glob such as"},
    {"/properties/components/items/properties/raw/items/minLength", "/components/3/raw/0", "",
     "a glob such as"},
    {"/properties/components/items/properties/raw/items/maxLength", "/components/3/raw/0",
     letters(4097), "a glob such as"},
    {"/properties/components/items/properties/target/type", "/components/0/target", 1,
     "name of a target"},
    {"/properties/components/items/properties/target/maxLength", "/components/0/target",
     letters(65), "name of a target"},
    {"/properties/components/items/properties/target/pattern", "/components/0/target", "a/b",
     "name of a target"},
    {"/properties/components/items/properties/images/type", "/components/1/images", "a:1",
     "at least one image"},
    {"/properties/components/items/properties/images/minItems", "/components/1/images",
     Json::array(), "at least one image"},
    {"/properties/components/items/properties/images/maxItems", "/components/1/images",
     many(257, kRelease["components"][1]["images"][0]), "at least one image"},
    {"/properties/components/items/properties/images/items/type", "/components/1/images/0", "a:1",
     "expected a mapping"},
    {"/properties/components/items/properties/images/items/additionalProperties",
     "/components/1/images/0/form", "x", "unknown key"},
    {"/properties/components/items/properties/images/items/required/name",
     "/components/1/images/0/name", kAbsent, "missing key"},
    {"/properties/components/items/properties/images/items/required/from",
     "/components/1/images/0/from", kAbsent, "missing key"},
    {"/properties/components/items/properties/images/items/properties/name/type",
     "/components/1/images/0/name", 1, "an image name"},
    {"/properties/components/items/properties/images/items/properties/name/minLength",
     "/components/1/images/0/name", "", "an image name"},
    {"/properties/components/items/properties/images/items/properties/name/maxLength",
     "/components/1/images/0/name", letters(401), "an image name"},
    {"/properties/components/items/properties/images/items/properties/from/type",
     "/components/1/images/0/from", 1, "where the image is"},
    {"/properties/components/items/properties/images/items/properties/from/minLength",
     "/components/1/images/0/from", "", "where the image is"},
    {"/properties/components/items/properties/images/items/properties/from/maxLength",
     "/components/1/images/0/from", letters(4097), "where the image is"},
    {"/properties/components/items/properties/images/items/properties/platforms/type",
     "/components/1/images/0/platforms", "linux/amd64", "a list of platforms"},
    {"/properties/components/items/properties/images/items/properties/platforms/minItems",
     "/components/1/images/0/platforms", Json::array(), "a list of platforms"},
    {"/properties/components/items/properties/images/items/properties/platforms/maxItems",
     "/components/1/images/0/platforms", different_names(65), "a list of platforms"},
    {"/properties/components/items/properties/images/items/properties/platforms/uniqueItems",
     "/components/1/images/0/platforms", many(2, "a"), "a list of platforms"},
    {"/properties/components/items/properties/images/items/properties/platforms/items/type",
     "/components/1/images/0/platforms/0", 1, "a platform"},
    {"/properties/components/items/properties/images/items/properties/platforms/items/minLength",
     "/components/1/images/0/platforms/0", "", "a platform"},
    {"/properties/components/items/properties/images/items/properties/platforms/items/maxLength",
     "/components/1/images/0/platforms/0", letters(65), "a platform"},
    {"/properties/components/items/properties/optional/type", "/components/0/optional", "yes",
     "expected true or false"},
};

const std::vector<Breach> kSiteBreaches = {
    {"/properties/health/type", "/health", 1, "a mapping of ca"},
    {"/properties/health/additionalProperties", "/health/bogus", 1, "bogus"},
    {"/properties/health/properties/ca/type", "/health/ca", 1, "the absolute path of"},
    {"/properties/health/properties/ca/maxLength", "/health/ca", letters(4097),
     "the absolute path of"},
    {"/properties/health/properties/ca/pattern", "/health/ca", "!", "the absolute path of"},
    {"/properties/windows/type", "/windows", 1, "a list of at least one time"},
    {"/properties/windows/minItems", "/windows", Json::array(), "a list of at least one time"},
    {"/properties/windows/maxItems", "/windows", different_names(65),
     "a list of at least one time"},
    {"/properties/windows/uniqueItems", "/windows", many(2, "a"), "a list of at least one time"},
    {"/properties/windows/items/type", "/windows/0", 1, "a time of the week"},
    {"/properties/windows/items/maxLength", "/windows/0", letters(41), "a time of the week"},
    {"/properties/targets/additionalProperties/properties/project/type", "/targets/stack/project",
     1, "a name of a-z"},
    {"/properties/targets/additionalProperties/properties/project/maxLength",
     "/targets/stack/project", letters(64), "a name of a-z"},
    {"/properties/targets/additionalProperties/properties/project/pattern",
     "/targets/stack/project", "-x", "a name of a-z"},
    {"/properties/targets/additionalProperties/properties/engine/type", "/targets/stack/engine", 1,
     "the engine's own program"},
    {"/properties/targets/additionalProperties/properties/engine/minItems", "/targets/stack/engine",
     Json::array(), "the engine's own program"},
    {"/properties/targets/additionalProperties/properties/engine/maxItems", "/targets/stack/engine",
     many(65, "a"), "the engine's own program"},
    {"/properties/targets/additionalProperties/properties/engine/items/type",
     "/targets/stack/engine/0", 1, "a word"},
    {"/properties/targets/additionalProperties/properties/engine/items/minLength",
     "/targets/stack/engine/0", "", "a word"},
    {"/properties/targets/additionalProperties/properties/engine/items/maxLength",
     "/targets/stack/engine/0", letters(4097), "a word"},
    {"/properties/targets/additionalProperties/properties/units/type", "/targets/stack/units", 1,
     "the absolute path of the folder of units"},
    {"/properties/targets/additionalProperties/properties/units/maxLength", "/targets/stack/units",
     "/" + letters(4096), "the absolute path of the folder of units"},
    {"/properties/targets/additionalProperties/properties/units/pattern", "/targets/stack/units",
     "a", "the absolute path of the folder of units"},
    {"/properties/targets/additionalProperties/properties/endpoint/type", "/targets/cdn/endpoint",
     1, "the address of a store"},
    {"/properties/targets/additionalProperties/properties/endpoint/maxLength",
     "/targets/cdn/endpoint", "https://" + letters(512), "the address of a store"},
    {"/properties/targets/additionalProperties/properties/endpoint/pattern",
     "/targets/cdn/endpoint", "s3.site", "the address of a store"},
    {"/properties/targets/additionalProperties/properties/bucket/type", "/targets/cdn/bucket", 1,
     "the name of a bucket"},
    {"/properties/targets/additionalProperties/properties/bucket/pattern", "/targets/cdn/bucket",
     "A", "the name of a bucket"},
    {"/properties/targets/additionalProperties/properties/prefix/type", "/targets/cdn/prefix", 1,
     "how all keys begin"},
    {"/properties/targets/additionalProperties/properties/prefix/maxLength", "/targets/cdn/prefix",
     letters(513), "how all keys begin"},
    {"/properties/targets/additionalProperties/properties/prefix/pattern", "/targets/cdn/prefix",
     "/a", "how all keys begin"},
    {"/properties/targets/additionalProperties/properties/region/type", "/targets/cdn/region", 1,
     "the name of a region"},
    {"/properties/targets/additionalProperties/properties/region/pattern", "/targets/cdn/region",
     "A", "the name of a region"},
    {"/properties/targets/additionalProperties/properties/style/enum", "/targets/cdn/style",
     "virtual", "style"},
    {"/properties/targets/additionalProperties/properties/credentials/type",
     "/targets/cdn/credentials", 1, "a mapping of key_id"},
    {"/properties/targets/additionalProperties/properties/credentials/additionalProperties",
     "/targets/cdn/credentials/x", 1, "x"},
    {"/properties/targets/additionalProperties/properties/credentials/properties/key_id/type",
     "/targets/cdn/credentials/key_id", 1, "the id of an access key"},
    {"/properties/targets/additionalProperties/properties/credentials/properties/key_id/pattern",
     "/targets/cdn/credentials/key_id", "a b", "the id of an access key"},
    {"/properties/targets/additionalProperties/properties/credentials/properties/secret/type",
     "/targets/cdn/credentials/secret", 1, "the key of a secret"},
    {"/properties/targets/additionalProperties/properties/credentials/properties/secret/maxLength",
     "/targets/cdn/credentials/secret", letters(129), "the key of a secret"},
    {"/properties/targets/additionalProperties/properties/credentials/properties/token/type",
     "/targets/cdn/credentials/token", 1, "the key of a secret"},
    {"/properties/targets/additionalProperties/properties/credentials/properties/token/maxLength",
     "/targets/cdn/credentials/token", letters(129), "the key of a secret"},
    {"/properties/targets/additionalProperties/properties/credentials/properties/process/type",
     "/targets/cdn/credentials/process", 1, "a program that prints credentials"},
    {"/properties/targets/additionalProperties/properties/credentials/properties/process/minItems",
     "/targets/cdn/credentials/process", Json::array(), "a program that prints credentials"},
    {"/properties/targets/additionalProperties/properties/credentials/properties/process/maxItems",
     "/targets/cdn/credentials/process", many(65, "a"), "a program that prints credentials"},
    {"/properties/targets/additionalProperties/properties/credentials/properties/process/items/"
     "type",
     "/targets/cdn/credentials/process/0", 1, "a word"},
    {"/properties/targets/additionalProperties/properties/credentials/properties/process/items/"
     "minLength",
     "/targets/cdn/credentials/process/0", "", "a word"},
    {"/properties/targets/additionalProperties/properties/credentials/properties/process/items/"
     "maxLength",
     "/targets/cdn/credentials/process/0", letters(4097), "a word"},
    {"/properties/targets/additionalProperties/properties/site/type", "/targets/watch/site", 1,
     "one of Datadog"},
    {"/properties/targets/additionalProperties/properties/site/maxLength", "/targets/watch/site",
     letters(254), "one of Datadog"},
    {"/properties/targets/additionalProperties/properties/site/pattern", "/targets/watch/site",
     "A b", "one of Datadog"},
    {"/properties/targets/additionalProperties/properties/api/type", "/targets/watch/api", 1,
     "the address of the API"},
    {"/properties/targets/additionalProperties/properties/api/maxLength", "/targets/watch/api",
     "https://" + letters(505), "the address of the API"},
    {"/properties/targets/additionalProperties/properties/api/pattern", "/targets/watch/api", "x",
     "the address of the API"},
    {"/properties/targets/additionalProperties/properties/key/type", "/targets/watch/key", 1,
     "the key of a secret"},
    {"/properties/targets/additionalProperties/properties/key/maxLength", "/targets/watch/key",
     letters(129), "the key of a secret"},
    {"/properties/targets/additionalProperties/properties/application_key/type",
     "/targets/watch/application_key", 1, "the key of a secret"},
    {"/properties/targets/additionalProperties/properties/application_key/maxLength",
     "/targets/watch/application_key", letters(129), "the key of a secret"},
    {"/properties/targets/additionalProperties/properties/cdn/type", "/targets/cdn/cdn", 1,
     "a mapping of cloudfront"},
    {"/properties/targets/additionalProperties/properties/cdn/additionalProperties",
     "/targets/cdn/cdn/x", 1, "x"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/cloudfront/type",
     "/targets/cdn/cdn/cloudfront", 1, "the id of a distribution"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/cloudfront/pattern",
     "/targets/cdn/cdn/cloudfront", "a b", "the id of a distribution"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/endpoint/type",
     "/targets/cdn/cdn/endpoint", 1, "the address of CloudFront's API"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/endpoint/maxLength",
     "/targets/cdn/cdn/endpoint", "https://" + letters(512), "the address of CloudFront's API"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/endpoint/pattern",
     "/targets/cdn/cdn/endpoint", "c", "the address of CloudFront's API"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/exec/type",
     "/targets/cdn/cdn/exec", 1, "a program that reads changed paths"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/exec/minItems",
     "/targets/cdn/cdn/exec", Json::array(), "a program that reads changed paths"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/exec/maxItems",
     "/targets/cdn/cdn/exec", many(65, "a"), "a program that reads changed paths"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/exec/items/type",
     "/targets/cdn/cdn/exec/0", 1, "a word"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/exec/items/minLength",
     "/targets/cdn/cdn/exec/0", "", "a word"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/exec/items/maxLength",
     "/targets/cdn/cdn/exec/0", letters(4097), "a word"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/secrets/type",
     "/targets/cdn/cdn/secrets", 1, "a list of keys"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/secrets/maxItems",
     "/targets/cdn/cdn/secrets", different_names(65), "a list of keys"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/secrets/uniqueItems",
     "/targets/cdn/cdn/secrets", many(2, "a"), "a list of keys"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/secrets/items/type",
     "/targets/cdn/cdn/secrets/0", 1, "the key of a secret"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/secrets/items/maxLength",
     "/targets/cdn/cdn/secrets/0", letters(129), "the key of a secret"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/base/type",
     "/targets/cdn/cdn/base", 1, "what stands before paths"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/base/maxLength",
     "/targets/cdn/cdn/base", "/" + letters(512), "what stands before paths"},
    {"/properties/targets/additionalProperties/properties/cdn/properties/base/pattern",
     "/targets/cdn/cdn/base", "/a/", "what stands before paths"},
    {"/properties/targets/additionalProperties/properties/take_over/type", "/targets/app/take_over",
     1, "a list of objects whose fields"},
    {"/properties/targets/additionalProperties/properties/take_over/maxItems",
     "/targets/app/take_over", different_names(257, "a/"), "a list of objects whose fields"},
    {"/properties/targets/additionalProperties/properties/take_over/uniqueItems",
     "/targets/app/take_over", many(2, "a/b"), "a list of objects whose fields"},
    {"/properties/targets/additionalProperties/properties/take_over/items/type",
     "/targets/app/take_over/0", 1, "KIND/NAME"},
    {"/properties/targets/additionalProperties/properties/take_over/items/maxLength",
     "/targets/app/take_over/0", "a/" + letters(399), "KIND/NAME"},
    {"/properties/targets/additionalProperties/properties/take_over/items/pattern",
     "/targets/app/take_over/0", "a", "KIND/NAME"},
    {"/properties/targets/additionalProperties/properties/namespace/type", "/targets/app/namespace",
     1, "a namespace of Kubernetes"},
    {"/properties/targets/additionalProperties/properties/namespace/maxLength",
     "/targets/app/namespace", letters(64), "a namespace of Kubernetes"},
    {"/properties/targets/additionalProperties/properties/namespace/pattern",
     "/targets/app/namespace", "-x", "a namespace of Kubernetes"},
    {"/properties/targets/additionalProperties/properties/context/type", "/targets/app/context", 1,
     "the name of a context"},
    {"/properties/targets/additionalProperties/properties/context/minLength",
     "/targets/app/context", "", "the name of a context"},
    {"/properties/targets/additionalProperties/properties/context/maxLength",
     "/targets/app/context", letters(254), "the name of a context"},
    {"/properties/targets/additionalProperties/properties/kubeconfig/type",
     "/targets/app/kubeconfig", 1, "the absolute path of a kubeconfig"},
    {"/properties/targets/additionalProperties/properties/kubeconfig/maxLength",
     "/targets/app/kubeconfig", "/" + letters(4096), "the absolute path of a kubeconfig"},
    {"/properties/targets/additionalProperties/properties/kubeconfig/pattern",
     "/targets/app/kubeconfig", "a", "the absolute path of a kubeconfig"},
    {"/properties/targets/additionalProperties/properties/kubectl/type", "/targets/app/kubectl", 1,
     "a program and its arguments, such as [k3s, kubectl]"},
    {"/properties/targets/additionalProperties/properties/kubectl/minItems", "/targets/app/kubectl",
     Json::array(), "a program and its arguments, such as [k3s, kubectl]"},
    {"/properties/targets/additionalProperties/properties/kubectl/maxItems", "/targets/app/kubectl",
     many(65, "a"), "a program and its arguments, such as [k3s, kubectl]"},
    {"/properties/targets/additionalProperties/properties/kubectl/items/type",
     "/targets/app/kubectl/0", 1, "a word"},
    {"/properties/targets/additionalProperties/properties/kubectl/items/minLength",
     "/targets/app/kubectl/0", "", "a word"},
    {"/properties/targets/additionalProperties/properties/kubectl/items/maxLength",
     "/targets/app/kubectl/0", letters(4097), "a word"},
    {"/properties/targets/additionalProperties/properties/timeout/type", "/targets/stack/timeout",
     "1", "a number of seconds from 1 to 3600"},
    {"/properties/targets/additionalProperties/properties/timeout/minimum",
     "/targets/stack/timeout", 0, "a number of seconds from 1 to 3600"},
    {"/properties/targets/additionalProperties/properties/timeout/maximum",
     "/targets/stack/timeout", 3601, "a number of seconds from 1 to 3600"},
    {"/type", "", "text", "expected a mapping"},
    {"/additionalProperties", "/enviroment", "x", "unknown key \"enviroment\""},
    {"/required/schema", "/schema", kAbsent, "missing key \"schema\""},
    {"/required/release", "/release", kAbsent, "missing key \"release\""},
    {"/required/environment", "/environment", kAbsent, "missing key \"environment\""},
    {"/properties/databases/type", "/databases", 1, "database names"},
    {"/properties/databases/maxProperties", "/databases", keys(65, kSite["databases"]["main"]),
     "database names"},
    {"/properties/databases/additionalProperties/type", "/databases/main", 1, "expected a mapping"},
    {"/properties/databases/additionalProperties/additionalProperties", "/databases/main/of", 1,
     "unknown key"},
    {"/properties/databases/additionalProperties/required/driver", "/databases/main/driver",
     kAbsent, "missing key"},
    {"/properties/databases/additionalProperties/properties/driver/enum", "/databases/main/driver",
     "x", "sqlite"},
    {"/properties/databases/additionalProperties/properties/path/type", "/databases/main/path", 1,
     "absolute path"},
    {"/properties/databases/additionalProperties/properties/path/maxLength", "/databases/main/path",
     "/" + letters(4096), "absolute path"},
    {"/properties/databases/additionalProperties/properties/path/pattern", "/databases/main/path",
     "a", "absolute path"},
    {"/properties/databases/additionalProperties/properties/url/type", "/databases/main/url", 1,
     "a URL"},
    {"/properties/databases/additionalProperties/properties/url/maxLength", "/databases/main/url",
     "postgresql://" + letters(4096), "a URL"},
    {"/properties/databases/additionalProperties/properties/url/pattern", "/databases/main/url",
     "mysql://a/b", "a URL"},
    {"/properties/databases/additionalProperties/properties/tools/type", "/databases/main/tools", 1,
     "before psql"},
    {"/properties/databases/additionalProperties/properties/tools/maxItems",
     "/databases/main/tools", many(65, "x"), "before psql"},
    {"/properties/databases/additionalProperties/properties/tools/items/type",
     "/databases/main/tools/0", 1, "a word"},
    {"/properties/databases/additionalProperties/properties/tools/items/minLength",
     "/databases/main/tools/0", "", "a word"},
    {"/properties/databases/additionalProperties/properties/tools/items/maxLength",
     "/databases/main/tools/0", letters(4097), "a word"},
    {"/properties/databases/additionalProperties/properties/password_file/type",
     "/databases/main/password_file", 1, "password file"},
    {"/properties/databases/additionalProperties/properties/password_file/maxLength",
     "/databases/main/password_file", "/" + letters(4096), "password file"},
    {"/properties/databases/additionalProperties/properties/password_file/pattern",
     "/databases/main/password_file", "a", "password file"},
    {"/properties/databases/additionalProperties/properties/lock_timeout/type",
     "/databases/main/lock_timeout", "x", "seconds"},
    {"/properties/databases/additionalProperties/properties/lock_timeout/minimum",
     "/databases/main/lock_timeout", 0, "seconds"},
    {"/properties/databases/additionalProperties/properties/lock_timeout/maximum",
     "/databases/main/lock_timeout", 3601, "seconds"},
    {"/properties/databases/additionalProperties/properties/lock_attempts/type",
     "/databases/main/lock_attempts", "x", "attempts"},
    {"/properties/databases/additionalProperties/properties/lock_attempts/minimum",
     "/databases/main/lock_attempts", 0, "attempts"},
    {"/properties/databases/additionalProperties/properties/lock_attempts/maximum",
     "/databases/main/lock_attempts", 1001, "attempts"},
    {"/properties/databases/additionalProperties/properties/statement_timeout/type",
     "/databases/main/statement_timeout", "x", "seconds"},
    {"/properties/databases/additionalProperties/properties/statement_timeout/minimum",
     "/databases/main/statement_timeout", 0, "seconds"},
    {"/properties/databases/additionalProperties/properties/statement_timeout/maximum",
     "/databases/main/statement_timeout", 86401, "seconds"},
    {"/properties/databases/additionalProperties/properties/backup/type", "/databases/main/backup",
     1, "create, verify and restore"},
    {"/properties/databases/additionalProperties/properties/backup/additionalProperties",
     "/databases/main/backup/x", 1, "unknown key \"x\""},
    {"/properties/databases/additionalProperties/properties/backup/properties/driver/const",
     "/databases/main/backup/driver", "x", "exec"},
    {"/properties/databases/additionalProperties/properties/backup/required/driver",
     "/databases/main/backup/driver", kAbsent, "missing key \"driver\""},
    {"/properties/databases/additionalProperties/properties/backup/required/create",
     "/databases/main/backup/create", kAbsent, "missing key \"create\""},
    {"/properties/databases/additionalProperties/properties/backup/required/verify",
     "/databases/main/backup/verify", kAbsent, "missing key \"verify\""},
    {"/properties/databases/additionalProperties/properties/backup/required/restore",
     "/databases/main/backup/restore", kAbsent, "missing key \"restore\""},
    {"/properties/databases/additionalProperties/properties/backup/properties/create/type",
     "/databases/main/backup/create", 1, "a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/create/minItems",
     "/databases/main/backup/create", Json::array(), "a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/create/maxItems",
     "/databases/main/backup/create", many(65, "x"), "a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/create/items/type",
     "/databases/main/backup/create/0", 1, "a word of a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/create/items/"
     "minLength",
     "/databases/main/backup/create/0", "", "a word of a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/create/items/"
     "maxLength",
     "/databases/main/backup/create/0", letters(4097), "a word of a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/verify/type",
     "/databases/main/backup/verify", 1, "a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/verify/minItems",
     "/databases/main/backup/verify", Json::array(), "a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/verify/maxItems",
     "/databases/main/backup/verify", many(65, "x"), "a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/verify/items/type",
     "/databases/main/backup/verify/0", 1, "a word of a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/verify/items/"
     "minLength",
     "/databases/main/backup/verify/0", "", "a word of a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/verify/items/"
     "maxLength",
     "/databases/main/backup/verify/0", letters(4097), "a word of a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/restore/type",
     "/databases/main/backup/restore", 1, "a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/restore/minItems",
     "/databases/main/backup/restore", Json::array(), "a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/restore/maxItems",
     "/databases/main/backup/restore", many(65, "x"), "a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/restore/items/type",
     "/databases/main/backup/restore/0", 1, "a word of a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/restore/items/"
     "minLength",
     "/databases/main/backup/restore/0", "", "a word of a command"},
    {"/properties/databases/additionalProperties/properties/backup/properties/restore/items/"
     "maxLength",
     "/databases/main/backup/restore/0", letters(4097), "a word of a command"},
    {"/properties/services/type", "/services", 1, "a mapping of services"},
    {"/properties/services/maxProperties", "/services", keys(65, Json::object()),
     "a mapping of services"},
    {"/properties/services/additionalProperties/type", "/services/nginx", 1, "reload or restart"},
    {"/properties/services/additionalProperties/additionalProperties", "/services/nginx/x", 1,
     "unknown key \"x\""},
    {"/properties/services/additionalProperties/properties/check/type", "/services/nginx/check", 1,
     "a command"},
    {"/properties/services/additionalProperties/properties/check/minItems", "/services/nginx/check",
     Json::array(), "a command"},
    {"/properties/services/additionalProperties/properties/check/maxItems", "/services/nginx/check",
     many(65, "x"), "a command"},
    {"/properties/services/additionalProperties/properties/check/items/type",
     "/services/nginx/check/0", 1, "a word of a command"},
    {"/properties/services/additionalProperties/properties/check/items/minLength",
     "/services/nginx/check/0", "", "a word of a command"},
    {"/properties/services/additionalProperties/properties/check/items/maxLength",
     "/services/nginx/check/0", letters(4097), "a word of a command"},
    {"/properties/services/additionalProperties/properties/reload/type", "/services/nginx/reload",
     1, "a command"},
    {"/properties/services/additionalProperties/properties/reload/minItems",
     "/services/nginx/reload", Json::array(), "a command"},
    {"/properties/services/additionalProperties/properties/reload/maxItems",
     "/services/nginx/reload", many(65, "x"), "a command"},
    {"/properties/services/additionalProperties/properties/reload/items/type",
     "/services/nginx/reload/0", 1, "a word of a command"},
    {"/properties/services/additionalProperties/properties/reload/items/minLength",
     "/services/nginx/reload/0", "", "a word of a command"},
    {"/properties/services/additionalProperties/properties/reload/items/maxLength",
     "/services/nginx/reload/0", letters(4097), "a word of a command"},
    {"/properties/services/additionalProperties/properties/restart/type", "/services/nginx/restart",
     1, "a command"},
    {"/properties/services/additionalProperties/properties/restart/minItems",
     "/services/nginx/restart", Json::array(), "a command"},
    {"/properties/services/additionalProperties/properties/restart/maxItems",
     "/services/nginx/restart", many(65, "x"), "a command"},
    {"/properties/services/additionalProperties/properties/restart/items/type",
     "/services/nginx/restart/0", 1, "a word of a command"},
    {"/properties/services/additionalProperties/properties/restart/items/minLength",
     "/services/nginx/restart/0", "", "a word of a command"},
    {"/properties/services/additionalProperties/properties/restart/items/maxLength",
     "/services/nginx/restart/0", letters(4097), "a word of a command"},
    {"/properties/services/additionalProperties/properties/timeout/type", "/services/nginx/timeout",
     "5", "from 1 to 3600"},
    {"/properties/services/additionalProperties/properties/timeout/minimum",
     "/services/nginx/timeout", 0, "from 1 to 3600"},
    {"/properties/services/additionalProperties/properties/timeout/maximum",
     "/services/nginx/timeout", 3601, "from 1 to 3600"},
    {"/properties/tls/type", "/tls", 1, "a mapping of names"},
    {"/properties/tls/maxProperties", "/tls", keys(65, {{"certificate", "/c"}, {"key", "/k"}}),
     "a mapping of names"},
    {"/properties/tls/additionalProperties/type", "/tls/web", 1, "a mapping of certificate"},
    {"/properties/tls/additionalProperties/additionalProperties", "/tls/web/x", 1,
     "unknown key \"x\""},
    {"/properties/tls/additionalProperties/required/certificate", "/tls/web/certificate", kAbsent,
     "missing key \"certificate\""},
    {"/properties/tls/additionalProperties/required/key", "/tls/web/key", kAbsent,
     "missing key \"key\""},
    {"/properties/tls/additionalProperties/properties/certificate/type", "/tls/web/certificate", 1,
     "path of a PEM file"},
    {"/properties/tls/additionalProperties/properties/certificate/maxLength",
     "/tls/web/certificate", "/" + letters(4096), "path of a PEM file"},
    {"/properties/tls/additionalProperties/properties/certificate/pattern", "/tls/web/certificate",
     "relative", "path of a PEM file"},
    {"/properties/tls/additionalProperties/properties/key/type", "/tls/web/key", 1,
     "path of a PEM file"},
    {"/properties/tls/additionalProperties/properties/key/maxLength", "/tls/web/key",
     "/" + letters(4096), "path of a PEM file"},
    {"/properties/tls/additionalProperties/properties/key/pattern", "/tls/web/key", "relative",
     "path of a PEM file"},
    {"/properties/tls/additionalProperties/properties/ca/type", "/tls/web/ca", 1,
     "a file of PEM certificates"},
    {"/properties/tls/additionalProperties/properties/ca/maxLength", "/tls/web/ca",
     "/" + letters(4096), "a file of PEM certificates"},
    {"/properties/tls/additionalProperties/properties/ca/pattern", "/tls/web/ca", "relative",
     "a file of PEM certificates"},
    {"/properties/tls/additionalProperties/properties/hosts/type", "/tls/web/hosts", "a",
     "a list of different host"},
    {"/properties/tls/additionalProperties/properties/hosts/maxItems", "/tls/web/hosts",
     different_names(257), "a list of different host"},
    {"/properties/tls/additionalProperties/properties/hosts/uniqueItems", "/tls/web/hosts",
     many(2, "a"), "a list of different host"},
    {"/properties/tls/additionalProperties/properties/hosts/items/type", "/tls/web/hosts/0", 1,
     "a host name"},
    {"/properties/tls/additionalProperties/properties/hosts/items/minLength", "/tls/web/hosts/0",
     "", "a host name"},
    {"/properties/tls/additionalProperties/properties/hosts/items/maxLength", "/tls/web/hosts/0",
     letters(254), "a host name"},
    {"/properties/tls/additionalProperties/properties/warn_days/type", "/tls/web/warn_days", "5",
     "from 0 to 3650"},
    {"/properties/tls/additionalProperties/properties/warn_days/minimum", "/tls/web/warn_days", -1,
     "from 0 to 3650"},
    {"/properties/tls/additionalProperties/properties/warn_days/maximum", "/tls/web/warn_days",
     3651, "from 0 to 3650"},
    {"/properties/fence/type", "/fence", 1, "close and open"},
    {"/properties/fence/additionalProperties", "/fence/x", 1, "unknown key \"x\""},
    {"/properties/fence/properties/kubernetes/type", "/fence/kubernetes", 1, "a list of writers"},
    {"/properties/fence/properties/kubernetes/minItems", "/fence/kubernetes", Json::array(),
     "a list of writers"},
    {"/properties/fence/properties/kubernetes/maxItems", "/fence/kubernetes",
     many(65, "app/Deployment/web"), "a list of writers"},
    {"/properties/fence/properties/kubernetes/uniqueItems", "/fence/kubernetes",
     many(2, "app/Deployment/web"), "a list of writers"},
    {"/properties/fence/properties/kubernetes/items/type", "/fence/kubernetes/0", 1,
     "TARGET/Deployment/NAME"},
    {"/properties/fence/properties/kubernetes/items/maxLength", "/fence/kubernetes/0",
     "app/Deployment/" + letters(320), "TARGET/Deployment/NAME"},
    {"/properties/fence/properties/kubernetes/items/pattern", "/fence/kubernetes/0",
     "app/DaemonSet/web", "TARGET/Deployment/NAME"},
    {"/properties/services/additionalProperties/properties/secrets/type", "/services/nginx/secrets",
     1, "a list of keys"},
    {"/properties/services/additionalProperties/properties/secrets/maxItems",
     "/services/nginx/secrets", different_names(65), "a list of keys"},
    {"/properties/services/additionalProperties/properties/secrets/uniqueItems",
     "/services/nginx/secrets", many(2, "KEY"), "a list of keys"},
    {"/properties/services/additionalProperties/properties/secrets/items/type",
     "/services/nginx/secrets/0", 1, "the key of a secret"},
    {"/properties/services/additionalProperties/properties/secrets/items/maxLength",
     "/services/nginx/secrets/0", letters(129), "the key of a secret"},
    {"/properties/fence/properties/secrets/type", "/fence/secrets", 1, "a list of keys"},
    {"/properties/fence/properties/secrets/maxItems", "/fence/secrets", different_names(65),
     "a list of keys"},
    {"/properties/fence/properties/secrets/uniqueItems", "/fence/secrets", many(2, "KEY"),
     "a list of keys"},
    {"/properties/fence/properties/secrets/items/type", "/fence/secrets/0", 1,
     "the key of a secret"},
    {"/properties/fence/properties/secrets/items/maxLength", "/fence/secrets/0", letters(129),
     "the key of a secret"},
    {"/properties/secrets/type", "/secrets", 1, "a mapping of keys to the files"},
    {"/properties/secrets/maxProperties", "/secrets", keys(4097, {{"file", "/etc/key"}}),
     "a mapping of keys to the files"},
    {"/properties/secrets/additionalProperties/type", "/secrets/KEY", "hunter2",
     "secrets.KEY: found text, expected a mapping such as"},
    {"/properties/secrets/additionalProperties/additionalProperties", "/secrets/KEY/value", "x",
     "unknown key \"value\""},
    {"/properties/secrets/additionalProperties/required/file", "/secrets/KEY/file", kAbsent,
     "missing key \"file\""},
    {"/properties/secrets/additionalProperties/properties/file/type", "/secrets/KEY/file", 1,
     "the absolute path"},
    {"/properties/secrets/additionalProperties/properties/file/maxLength", "/secrets/KEY/file",
     "/" + letters(4096), "the absolute path"},
    {"/properties/secrets/additionalProperties/properties/file/pattern", "/secrets/KEY/file",
     "hunter2", "file: found text, expected the absolute path"},
    {"/properties/fence/properties/close/type", "/fence/close", 1, "a command"},
    {"/properties/fence/properties/close/minItems", "/fence/close", Json::array(), "a command"},
    {"/properties/fence/properties/close/maxItems", "/fence/close", many(65, "x"), "a command"},
    {"/properties/fence/properties/close/items/type", "/fence/close/0", 1, "a word of a command"},
    {"/properties/fence/properties/close/items/minLength", "/fence/close/0", "",
     "a word of a command"},
    {"/properties/fence/properties/close/items/maxLength", "/fence/close/0", letters(4097),
     "a word of a command"},
    {"/properties/fence/properties/open/type", "/fence/open", 1, "a command"},
    {"/properties/fence/properties/open/minItems", "/fence/open", Json::array(), "a command"},
    {"/properties/fence/properties/open/maxItems", "/fence/open", many(65, "x"), "a command"},
    {"/properties/fence/properties/open/items/type", "/fence/open/0", 1, "a word of a command"},
    {"/properties/fence/properties/open/items/minLength", "/fence/open/0", "",
     "a word of a command"},
    {"/properties/fence/properties/open/items/maxLength", "/fence/open/0", letters(4097),
     "a word of a command"},
    {"/properties/backups/type", "/backups", 1, "expected a mapping"},
    {"/properties/backups/additionalProperties", "/backups/x", 1, "unknown key \"x\""},
    {"/properties/backups/minProperties", "/backups", Json::object(), "encrypt_to, copies or both"},
    {"/properties/backups/properties/encrypt_to/type", "/backups/encrypt_to", 1, "age recipients"},
    {"/properties/backups/properties/encrypt_to/maxItems", "/backups/encrypt_to",
     many(65, kRecipient), "age recipients"},
    {"/properties/backups/properties/encrypt_to/uniqueItems", "/backups/encrypt_to",
     many(2, kRecipient), "age recipients"},
    {"/properties/backups/properties/encrypt_to/items/type", "/backups/encrypt_to/0", 1,
     "a recipient"},
    {"/properties/backups/properties/encrypt_to/items/pattern", "/backups/encrypt_to/0", "age1x",
     "a recipient"},
    {"/properties/retention/properties/backups/type", "/retention/backups", "x", "of backups"},
    {"/properties/retention/properties/backups/minimum", "/retention/backups", 0, "of backups"},
    {"/properties/retention/properties/backups/maximum", "/retention/backups", 1001, "of backups"},
    {"/properties/schema/enum", "/schema", "1", "expected 1,"},
    {"/properties/release/type", "/release", 1, "name of the release"},
    {"/properties/release/maxLength", "/release", letters(65), "name of the release"},
    {"/properties/release/pattern", "/release", "A", "name of the release"},
    {"/properties/environment/type", "/environment", 1, "release's environments"},
    {"/properties/environment/maxLength", "/environment", letters(65), "release's environments"},
    {"/properties/environment/pattern", "/environment", "a/b", "release's environments"},
    {"/properties/targets/type", "/targets", Json::array(), "a mapping of at least one target"},
    {"/properties/targets/minProperties", "/targets", Json::object(),
     "a mapping of at least one target"},
    {"/properties/targets/maxProperties", "/targets", keys(257, kSite["targets"]["web"]),
     "a mapping of at least one target"},
    {"/properties/targets/additionalProperties/type", "/targets/web", "/srv", "expected a mapping"},
    {"/properties/targets/additionalProperties/additionalProperties", "/targets/web/onwer", "1:1",
     "unknown key \"onwer\""},
    {"/properties/targets/additionalProperties/required/driver", "/targets/web/driver", kAbsent,
     "missing key \"driver\""},
    {"/properties/targets/additionalProperties/properties/driver/enum", "/targets/web/driver",
     "dir", "one of directory"},
    {"/properties/targets/additionalProperties/properties/path/type", "/targets/web/path", 1,
     "an absolute path"},
    {"/properties/targets/additionalProperties/properties/path/maxLength", "/targets/web/path",
     "/" + letters(4096), "an absolute path"},
    {"/properties/targets/additionalProperties/properties/path/pattern", "/targets/web/path", "srv",
     "an absolute path"},
    {"/properties/targets/additionalProperties/properties/backup/type", "/targets/web/backup", "a",
     "a list of folders of the release's persist"},
    {"/properties/targets/additionalProperties/properties/backup/maxItems", "/targets/web/backup",
     different_names(65), "a list of folders of the release's persist"},
    {"/properties/targets/additionalProperties/properties/backup/uniqueItems",
     "/targets/web/backup", many(2, "a"), "a list of folders of the release's persist"},
    {"/properties/targets/additionalProperties/properties/backup/items/type",
     "/targets/web/backup/0", 1, "a folder such as uploads"},
    {"/properties/targets/additionalProperties/properties/backup/items/minLength",
     "/targets/web/backup/0", "", "a folder such as uploads"},
    {"/properties/targets/additionalProperties/properties/backup/items/maxLength",
     "/targets/web/backup/0", letters(1025), "a folder such as uploads"},
    {"/properties/targets/additionalProperties/properties/owner/type", "/targets/web/owner", 1,
     "a numeric owner"},
    {"/properties/targets/additionalProperties/properties/owner/maxLength", "/targets/web/owner",
     letters(22), "a numeric owner"},
    {"/properties/targets/additionalProperties/properties/owner/pattern", "/targets/web/owner",
     "www:www", "a numeric owner"},
    {"/properties/targets/additionalProperties/properties/sharing/enum", "/targets/web/sharing",
     "always", "one of auto, never"},
    {"/properties/targets/additionalProperties/properties/command/type", "/targets/images/command",
     "podman", "a program"},
    {"/properties/targets/additionalProperties/properties/command/minItems",
     "/targets/images/command", Json::array(), "a program"},
    {"/properties/targets/additionalProperties/properties/command/maxItems",
     "/targets/images/command", many(65, "a"), "a program"},
    {"/properties/targets/additionalProperties/properties/command/items/type",
     "/targets/images/command/0", 1, "a word"},
    {"/properties/targets/additionalProperties/properties/command/items/minLength",
     "/targets/images/command/0", "", "a word"},
    {"/properties/targets/additionalProperties/properties/command/items/maxLength",
     "/targets/images/command/0", letters(4097), "a word"},
    {"/properties/targets/additionalProperties/properties/map/type", "/targets/images/map", "x",
     "a mapping of how"},
    {"/properties/targets/additionalProperties/properties/map/maxProperties", "/targets/images/map",
     keys(257, "a"), "a mapping of how"},
    {"/properties/targets/additionalProperties/properties/map/additionalProperties/type",
     "/targets/images/map/docker.io~1", 1, "how the names"},
    {"/properties/targets/additionalProperties/properties/map/additionalProperties/minLength",
     "/targets/images/map/docker.io~1", "", "how the names"},
    {"/properties/targets/additionalProperties/properties/map/additionalProperties/maxLength",
     "/targets/images/map/docker.io~1", letters(256), "how the names"},
    {"/properties/targets/additionalProperties/properties/ca/type", "/targets/images/ca", 1,
     "certificates"},
    {"/properties/targets/additionalProperties/properties/ca/pattern", "/targets/images/ca",
     "ca.pem", "certificates"},
    {"/properties/targets/additionalProperties/properties/ca/maxLength", "/targets/images/ca",
     "/" + letters(4096), "certificates"},
    {"/properties/targets/additionalProperties/properties/insecure/type",
     "/targets/images/insecure", "yes", "true or false"},
    {"/properties/targets/additionalProperties/properties/isolated/type",
     "/targets/images/isolated", "yes", "true or false"},
    {"/properties/values/type", "/values", Json::array(), "a mapping of at most 4096"},
    {"/properties/values/maxProperties", "/values", keys(4097, "v"), "a mapping of at most 4096"},
    {"/properties/values/additionalProperties/type", "/values/A", nullptr,
     "found nothing, expected text"},
    {"/properties/optional/type", "/optional", "extra", "a list of the optional components"},
    {"/properties/optional/uniqueItems", "/optional", many(2, "a"),
     "a list of the optional components"},
    {"/properties/optional/maxItems", "/optional", kAbsent, ""},  // filled in below
    {"/properties/optional/items/type", "/optional/0", 1, "optional[0]: found the number 1"},
    {"/properties/optional/items/maxLength", "/optional/0", letters(65), "at most 64"},
    {"/properties/policy/type", "/policy", 3, "expected what this site asks for"},
    {"/properties/policy/additionalProperties", "/policy/aprovals", 1, "unknown key"},
    {"/properties/policy/properties/require/type", "/policy/require", "x", "expected a list"},
    {"/properties/policy/properties/require/uniqueItems", "/policy/require", many(2, "a"),
     "expected a list"},
    {"/properties/policy/properties/require/maxItems", "/policy/require", kAbsent, ""},  // below
    {"/properties/policy/properties/require/items/type", "/policy/require/0", 1, "expected"},
    {"/properties/policy/properties/require/items/minLength", "/policy/require/0", "", "expected"},
    {"/properties/policy/properties/require/items/maxLength", "/policy/require/0", letters(81),
     "expected"},
    {"/properties/policy/properties/approvals/type", "/policy/approvals", "2", "expected a number"},
    {"/properties/policy/properties/approvals/minimum", "/policy/approvals", 0,
     "expected a number"},
    {"/properties/policy/properties/approvals/maximum", "/policy/approvals", 65,
     "expected a number"},
    {"/properties/policy/properties/max_age_days/type", "/policy/max_age_days", "1",
     "expected a number"},
    {"/properties/policy/properties/max_age_days/minimum", "/policy/max_age_days", 0,
     "expected a number"},
    {"/properties/policy/properties/max_age_days/maximum", "/policy/max_age_days", 36501,
     "expected a number"},
    {"/properties/retention/type", "/retention", 3, "expected a mapping"},
    {"/properties/retention/additionalProperties", "/retention/release", 1,
     "unknown key \"release\""},
    {"/properties/retention/properties/releases/type", "/retention/releases", "3",
     "from 1 to 1000"},
    {"/properties/retention/properties/releases/minimum", "/retention/releases", 0,
     "from 1 to 1000"},
    {"/properties/retention/properties/releases/maximum", "/retention/releases", 1001,
     "from 1 to 1000"},
};

const std::vector<Breach> kEnvironmentBreaches = {
    {"/type", "", "text", "expected a mapping"},
    {"/additionalProperties", "/value", 1, "unknown key \"value\""},
    {"/required/schema", "/schema", kAbsent, "missing key \"schema\""},
    {"/required/values", "/values", kAbsent, "missing key \"values\""},
    {"/properties/schema/enum", "/schema", 2, "expected 1,"},
    {"/properties/values/type", "/values", "A=b", "a mapping of at most 10000"},
    {"/properties/values/maxProperties", "/values", keys(10001, "v"), "a mapping of at most 10000"},
    {"/properties/values/additionalProperties/type", "/values/A", Json::object(),
     "values.A: found an empty mapping"},
};

Json broken(const Json& document, const Breach& breach) {
  Json changed = document;
  const JsonPointer place(breach.place);
  if (std::string_view(breach.rule).ends_with("/environments/maxItems") ||
      std::string_view(breach.rule).ends_with("/optional/maxItems") ||
      std::string_view(breach.rule).ends_with("/require/maxItems")) {
    changed[place] = different_names(257);
  } else if (breach.value == kAbsent) {
    JsonPointer parent;
    for (std::size_t i = 0; i + 1 < place.parts().size(); ++i) parent = parent / place.parts()[i];
    changed[parent].erase(place.parts().back());
  } else {
    changed[place] = breach.value;
  }
  return changed;
}

std::vector<Mistake> check(const Json& document, const std::string& schema) {
  // Canonical JSON is YAML too.
  return check_schema(YamlDocument::parse(to_canonical(document), "f.yaml"), schema);
}

// The JSON pointers of every keyword that can refuse something.
void collect_rules(const Json& schema, const std::string& pointer, std::set<std::string>& rules) {
  static const std::set<std::string> silent = {"$schema",    "title", "description",
                                               "properties", "items", "writeOnly"};
  for (const auto& [keyword, value] : schema.items()) {
    if (keyword == "required") {
      for (const Json& key : value) rules.insert(pointer + "/required/" + key.get<std::string>());
    } else if (keyword == "additionalProperties" && value.is_object()) {
      collect_rules(value, pointer + "/additionalProperties", rules);
    } else if (!silent.contains(keyword)) {
      rules.insert(pointer + "/" + keyword);
    }
  }
  if (schema.contains("items")) collect_rules(schema["items"], pointer + "/items", rules);
  if (!schema.contains("properties")) return;
  for (const auto& [key, rule] : schema["properties"].items()) {
    collect_rules(rule, pointer + "/properties/" + key, rules);
  }
}

struct Number {
  const char* in;
  const char* key;
  int most;
  const char* says;
};

void add_number(const Number& number, const std::string& rules, const std::string& places,
                std::vector<Breach>& all) {
  const std::string rule = rules + "/properties/" + number.key;
  const std::string place = places + "/" + number.key;
  all.push_back({rule + "/type", place, "x", number.says});
  all.push_back({rule + "/minimum", place, 0, number.says});
  all.push_back({rule + "/maximum", place, number.most + 1, number.says});
}

std::vector<Breach> breaches_of_exports() {
  std::vector<Breach> all = {
      {"/properties/exports/type", "/exports", 1, "expected a mapping"},
      {"/properties/exports/additionalProperties", "/exports/x", 1, "unknown key \"x\""},
      {"/properties/exports/required/recovery", "/exports/recovery", kAbsent, "missing key"},
      {"/properties/exports/properties/recovery/type", "/exports/recovery", 1, "recovery identity"},
      {"/properties/exports/properties/recovery/pattern", "/exports/recovery", "age1x",
       "recovery identity"},
      {"/properties/exports/properties/to/type", "/exports/to", 1, "absolute path"},
      {"/properties/exports/properties/to/pattern", "/exports/to", "a", "absolute path"},
      {"/properties/exports/properties/to/maxLength", "/exports/to", "/" + letters(4096),
       "absolute path"}};
  for (const Number& each : {Number{"exports", "keep", 100'000, "of archives"},
                             {"exports", "keep_days", 36'500, "of days"},
                             {"exports", "keep_gib", 1'048'576, "of GiB"},
                             {"retention", "backup_days", 36'500, "of days"},
                             {"retention", "backup_gib", 1'048'576, "of GiB"}}) {
    add_number(each, std::string("/properties/") + each.in, std::string("/") + each.in, all);
  }
  return all;
}

// Volumes of a target, and second places of backups.
std::vector<Breach> breaches_of_copies() {
  const std::string volumes = "/properties/targets/additionalProperties/properties/volumes";
  const std::string copies = "/properties/backups/properties/copies";
  std::vector<Breach> all = {
      {volumes + "/type", "/targets/stack/volumes", "a", "a list of volumes"},
      {volumes + "/maxItems", "/targets/stack/volumes", different_names(65), "a list of volumes"},
      {volumes + "/uniqueItems", "/targets/stack/volumes", many(2, "a"), "a list of volumes"},
      {volumes + "/items/type", "/targets/stack/volumes/0", 1, "the name of a volume"},
      {volumes + "/items/minLength", "/targets/stack/volumes/0", "", "the name of a volume"},
      {volumes + "/items/maxLength", "/targets/stack/volumes/0", letters(256),
       "the name of a volume"},
      {volumes + "/items/pattern", "/targets/stack/volumes/0", "../a", "the name of a volume"},
      {copies + "/type", "/backups/copies", "a", "a list of second places"},
      {copies + "/minItems", "/backups/copies", Json::array(), "a list of second places"},
      {copies + "/maxItems", "/backups/copies", many(17, {{"to", "/a"}}),
       "a list of second places"},
      {copies + "/items/type", "/backups/copies/0", "a", "a mapping such as {to: /mnt/second"},
      {copies + "/items/additionalProperties", "/backups/copies/0/x", 1, "unknown key \"x\""},
      {copies + "/items/properties/to/type", "/backups/copies/0/to", 1, "a folder that is there"},
      {copies + "/items/properties/to/pattern", "/backups/copies/0/to", "a",
       "a folder that is there"},
      {copies + "/items/properties/to/maxLength", "/backups/copies/0/to", "/" + letters(4096),
       "a folder that is there"}};
  for (const Number& each : {Number{"", "keep", 100'000, "of backups"},
                             {"", "keep_days", 36'500, "of days"},
                             {"", "keep_gib", 1'048'576, "of GiB"}}) {
    add_number(each, copies + "/items", "/backups/copies/0", all);
  }
  for (const std::string key : {"command", "verify"}) {
    const std::string rule = copies + "/items/properties/" + key;
    const std::string place = "/backups/copies/0/" + key;
    all.push_back({rule + "/type", place, "a", "a command that"});
    all.push_back({rule + "/minItems", place, Json::array(), "a command that"});
    all.push_back({rule + "/maxItems", place, many(65, "a"), "a command that"});
    all.push_back({rule + "/items/type", place + "/0", 1, "a word of a command"});
    all.push_back({rule + "/items/minLength", place + "/0", "", "a word of a command"});
    all.push_back({rule + "/items/maxLength", place + "/0", letters(4097), "a word of a command"});
  }
  return all;
}

Json addresses(std::size_t count) {
  Json list = Json::array();
  for (std::size_t i = 0; i < count; ++i) list.push_back("a@b" + std::to_string(i));
  return list;
}

void add_path(const std::string& rule, const std::string& place, const char* says,
              std::vector<Breach>& all) {
  all.push_back({rule + "/type", place, 1, says});
  all.push_back({rule + "/pattern", place, "a", says});
  all.push_back({rule + "/maxLength", place, "/" + letters(4096), says});
}

void add_command(const std::string& rule, const std::string& place, const char* says,
                 std::vector<Breach>& all) {
  all.push_back({rule + "/type", place, "a", says});
  all.push_back({rule + "/minItems", place, Json::array(), says});
  all.push_back({rule + "/maxItems", place, many(65, "a"), says});
  all.push_back({rule + "/items/type", place + "/0", 1, "a word of a command"});
  all.push_back({rule + "/items/minLength", place + "/0", "", "a word of a command"});
  all.push_back({rule + "/items/maxLength", place + "/0", letters(4097), "a word of a command"});
}

void add_events(const std::string& rule, const std::string& place, std::vector<Breach>& all) {
  all.push_back({rule + "/type", place, 1, "a list of events"});
  all.push_back({rule + "/minItems", place, Json::array(), "a list of events"});
  all.push_back({rule + "/uniqueItems", place, many(2, "all"), "a list of events"});
  all.push_back({rule + "/items/enum", place + "/0", "exploded", "accepted"});
}

// The keys of the services that are told of deployments.
void add_services(const std::string& one, const std::string& place, std::vector<Breach>& all) {
  for (const auto& [key, address] :
       {std::pair<std::string, std::string>("datadog", "api"), {"sentry", "url"}}) {
    all.push_back({one + "/" + key + "/type", place + "/" + key, 1, "a mapping such as"});
    all.push_back({one + "/" + key + "/additionalProperties", place + "/" + key + "/x", 1,
                   "unknown key \"x\""});
    const std::string rule = one + "/" + key + "/properties/" + address;
    const std::string url = place + "/" + key + "/" + address;
    all.push_back({rule + "/type", url, 1, "the address of a"});
    all.push_back({rule + "/pattern", url, "https://x/y", "the address of a"});
    all.push_back({rule + "/maxLength", url, "https://" + letters(2048), "the address of a"});
  }
  for (const std::string key : {"organization", "projects"}) {
    all.push_back(
        {one + "/sentry/required/" + key, place + "/sentry/" + key, kAbsent, "missing key"});
  }
  struct Word {
    std::string rule;
    std::string place;
    std::size_t most;
    std::string bad;
    const char* says;
  };
  for (const Word& each :
       {Word{"/datadog/properties/site", "/datadog/site", 253, "datadoghq", "a site of Datadog"},
        {"/datadog/properties/service", "/datadog/service", 100, "A B", "the name of a service"},
        {"/datadog/properties/tags/items", "/datadog/tags/0", 200, "a,b", "a tag such as"},
        {"/sentry/properties/organization", "/sentry/organization", 100, "a/b", "short name"},
        {"/sentry/properties/projects/items", "/sentry/projects/0", 100, "a/b", "short name"}}) {
    all.push_back({one + each.rule + "/type", place + each.place, 1, each.says});
    all.push_back({one + each.rule + "/pattern", place + each.place, each.bad, each.says});
    all.push_back({one + each.rule + "/maxLength", place + each.place,
                   each.most == 253 ? "a." + letters(each.most) : letters(each.most + 1),
                   each.says});
  }
  for (const std::string at : {"/datadog/tags", "/sentry/projects"}) {
    const std::string rule =
        one + at.substr(0, at.rfind('/')) + "/properties" + at.substr(at.rfind('/'));
    Json list = Json::array();
    for (int i = 0; i < 33; ++i) list.push_back("a" + std::to_string(i));
    all.push_back({rule + "/type", place + at, 1, "a list of"});
    all.push_back({rule + "/maxItems", place + at, list, "a list of"});
    all.push_back({rule + "/uniqueItems", place + at, many(2, "a"), "a list of"});
  }
  all.push_back({one + "/sentry/properties/projects/minItems", place + "/sentry/projects",
                 Json::array(), "a list of"});
}

// Whom to tell: of site.yaml, and of the file that `events forward` reads.
std::vector<Breach> breaches_of_notify() {
  const std::string notify = "/properties/notify";
  const std::string to = notify + "/properties/to";
  const std::string one = to + "/items/properties";
  const std::string place = "/notify/to/0";
  std::vector<Breach> all = {
      {notify + "/type", "/notify", 1, "a mapping such as"},
      {notify + "/additionalProperties", "/notify/x", 1, "unknown key \"x\""},
      {notify + "/required/to", "/notify/to", kAbsent, "missing key"},
      {to + "/type", "/notify/to", 1, "a list of whom to tell"},
      {to + "/minItems", "/notify/to", Json::array(), "a list of whom to tell"},
      {to + "/maxItems", "/notify/to", many(17, {{"file", "/a"}}), "a list of whom to tell"},
      {to + "/items/type", place, 1, "a mapping such as"},
      {to + "/items/additionalProperties", place + "/x", 1, "unknown key \"x\""},
      {one + "/name/type", place + "/name", 1, "a name of a-z"},
      {one + "/name/maxLength", place + "/name", letters(41), "a name of a-z"},
      {one + "/name/pattern", place + "/name", "../a", "a name of a-z"},
      {one + "/mail/type", place + "/mail", 1, "a mapping such as"},
      {one + "/mail/additionalProperties", place + "/mail/x", 1, "unknown key \"x\""},
      {one + "/mail/required/to", place + "/mail/to", kAbsent, "missing key"},
      {one + "/mail/properties/to/type", place + "/mail/to", 1, "addresses of mail"},
      {one + "/mail/properties/to/minItems", place + "/mail/to", Json::array(),
       "addresses of mail"},
      {one + "/mail/properties/to/maxItems", place + "/mail/to", addresses(17),
       "addresses of mail"},
      {one + "/mail/properties/to/uniqueItems", place + "/mail/to", many(2, "a@b"),
       "addresses of mail"},
      {one + "/syslog/type", place + "/syslog", 1, "a mapping such as"},
      {one + "/syslog/additionalProperties", place + "/syslog/x", 1, "unknown key \"x\""},
      {one + "/token/type", place + "/token", 1, "a mapping such as"},
      {one + "/token/additionalProperties", place + "/token/x", 1, "unknown key \"x\""},
      {one + "/token/properties/secret/type", place + "/token/secret", 1, "the key of a secret"},
      {one + "/token/properties/secret/maxLength", place + "/token/secret", letters(129),
       "the key of a secret"},
      {one + "/token/properties/secret/pattern", place + "/token/secret", "A-B",
       "the key of a secret"}};
  for (const std::string key : {"webhook", "slack"}) {
    all.push_back(
        {one + "/" + key + "/type", place + "/" + key, 1, "an address without a user name"});
    all.push_back({one + "/" + key + "/pattern", place + "/" + key, "ftp://x/",
                   "an address without a user name"});
    all.push_back({one + "/" + key + "/maxLength", place + "/" + key, "https://" + letters(2048),
                   "an address without a user name"});
  }
  for (const auto& [key, at] : {std::pair("/mail/properties/from", "/mail/from"),
                                {"/mail/properties/to/items", "/mail/to/0"}}) {
    all.push_back({one + key + "/type", place + at, 1, "an address of mail"});
    all.push_back({one + key + "/pattern", place + at, "a@b\nBcc: c@d", "an address of mail"});
    all.push_back(
        {one + key + "/maxLength", place + at, "a@" + letters(254), "an address of mail"});
  }
  add_services(one, place, all);
  add_events(notify + "/properties/on", "/notify/on", all);
  add_events(one + "/on", place + "/on", all);
  add_path(one + "/file", place + "/file", "a line for each event", all);
  add_path(one + "/ca", place + "/ca", "PEM certificates", all);
  add_path(one + "/syslog/properties/socket", place + "/syslog/socket", "the host's log", all);
  add_path(one + "/token/properties/file", place + "/token/file", "with the token", all);
  add_command(one + "/exec", place + "/exec", "takes an event", all);
  add_command(one + "/mail/properties/command", place + "/mail/command", "takes a message", all);
  return all;
}

void examine(const std::string& schema, const Json& valid, const std::vector<Breach>& breaches) {
  CHECK(check(valid, schema).empty());
  std::set<std::string> rules;
  const fs::path file = tests::source_folder() / "schemas" / schema;
  collect_rules(parse_json(read_file(file, 1U << 20), file.string()), "", rules);
  std::set<std::string> broken_rules;
  for (const Breach& breach : breaches) {
    CAPTURE(breach.rule);
    broken_rules.insert(breach.rule);
    const std::vector<Mistake> mistakes = check(broken(valid, breach), schema);
    REQUIRE_FALSE(mistakes.empty());
    CHECK(mistakes.size() == 1);
    CHECK_THAT(mistakes[0].problem.message, Catch::Matchers::Contains(breach.says));
    CHECK(mistakes[0].problem.message.starts_with("f.yaml:1"));
  }
  std::vector<std::string> unbroken;
  std::set_symmetric_difference(rules.begin(), rules.end(), broken_rules.begin(),
                                broken_rules.end(), std::back_inserter(unbroken));
  CHECK(unbroken == std::vector<std::string>());
}

}  // namespace

// The rules of `verify` of an image, and of a list of sources.
static std::vector<Breach> breaches_of_lists() {
  const std::string verify =
      "/properties/components/items/properties/images/items/properties/verify";
  const std::string cosign = verify + "/properties/cosign";
  const std::string types = verify + "/properties/attestations";
  const std::string by_key = "/components/1/images/0/verify";
  const std::string by_identity = "/components/1/images/1/verify/cosign";
  const std::string source = "/properties/components/items/properties/source";
  std::vector<Breach> all = {
      {verify + "/type", by_key, "up.pub", "whose signature"},
      {verify + "/additionalProperties", by_key + "/notation", 1, "unknown key"},
      {verify + "/required/cosign", by_key + "/cosign", kAbsent, "missing key"},
      {cosign + "/type", by_key + "/cosign", 1, "a public key"},
      {cosign + "/minLength", by_key + "/cosign", "", "a public key"},
      {cosign + "/maxLength", by_key + "/cosign", letters(4097), "a public key"},
      {cosign + "/additionalProperties", by_identity + "/tlog", 1, "unknown key"},
      {types + "/type", by_key + "/attestations", "a", "predicate types"},
      {types + "/minItems", by_key + "/attestations", Json::array(), "predicate types"},
      {types + "/maxItems", by_key + "/attestations", different_names(33), "predicate types"},
      {types + "/uniqueItems", by_key + "/attestations", many(2, "a"), "predicate types"},
      {types + "/items/type", by_key + "/attestations/0", 1, "a predicate type"},
      {types + "/items/minLength", by_key + "/attestations/0", "", "a predicate type"},
      {types + "/items/maxLength", by_key + "/attestations/0", letters(401), "a predicate type"},
      {source + "/minItems", "/components/4/source", Json::array(), "Compose files"},
      {source + "/maxItems", "/components/4/source", many(17, "a"), "Compose files"},
      {source + "/items/type", "/components/4/source/0", 1, "a folder or file"},
      {source + "/items/minLength", "/components/4/source/0", "", "a folder or file"},
      {source + "/items/maxLength", "/components/4/source/0", letters(4097), "a folder or file"}};
  for (const auto& [key, most, says] :
       {std::tuple("identity", 1024U, "who signs"), std::tuple("issuer", 1024U, "who confirms"),
        std::tuple("roots", 4096U, "root certificates"),
        std::tuple("rekor", 4096U, "Rekor's public key")}) {
    const std::string place = by_identity + "/" + key;
    const std::string rule = cosign + "/properties/" + key;
    all.push_back({cosign + "/required/" + key, place, kAbsent, "missing key"});
    all.push_back({rule + "/type", place, 1, says});
    all.push_back({rule + "/minLength", place, "", says});
    all.push_back({rule + "/maxLength", place, letters(most + 1), says});
  }
  return all;
}

TEST_CASE("schema: every rule of release.schema.json refuses something") {
  std::vector<Breach> breaches = kReleaseBreaches;
  const std::vector<Breach> lists = breaches_of_lists();
  breaches.insert(breaches.end(), lists.begin(), lists.end());
  examine("release.schema.json", kRelease, breaches);
}

// The rules for each list of `allow`.
static std::vector<Breach> breaches_of_allow() {
  std::vector<Breach> all = {
      {"/properties/allow/type", "/allow", 1, "what an approved release may ask"},
      {"/properties/allow/additionalProperties", "/allow/devices", many(1, "a"), "unknown key"},
      {"/properties/allow/properties/host_paths/items/pattern", "/allow/host_paths/0", "srv",
       "the absolute path of a folder"}};
  for (const std::string key :
       {"privileged", "host_paths", "host_network", "host_pid", "root_units", "commands"}) {
    const std::string rule = "/properties/allow/properties/" + key;
    const std::string place = "/allow/" + key;
    const bool is_path = key == "host_paths";
    Json numbered = Json::array();
    for (int i = 0; i < 257; ++i) numbered.push_back("/" + std::to_string(i));
    all.push_back({rule + "/type", place, "a", "a list of"});
    all.push_back({rule + "/uniqueItems", place, many(2, "/a"), "a list of"});
    all.push_back({rule + "/maxItems", place, numbered, "a list of"});
    all.push_back({rule + "/items/type", place + "/0", 1, "found the number 1"});
    all.push_back({rule + "/items/maxLength", place + "/0", "/" + letters(is_path ? 4096 : 64),
                   is_path ? "absolute path" : "at most 64"});
    if (!is_path) all.push_back({rule + "/items/minLength", place + "/0", "", "the name of"});
  }
  return all;
}

TEST_CASE("schema: every rule of site.schema.json refuses something") {
  std::vector<Breach> breaches = kSiteBreaches;
  for (const std::vector<Breach>& more :
       {breaches_of_allow(), breaches_of_exports(), breaches_of_copies(), breaches_of_notify()}) {
    breaches.insert(breaches.end(), more.begin(), more.end());
  }
  const std::string metrics = "/properties/metrics";
  breaches.push_back({metrics + "/type", "/metrics", 1, "a mapping of file"});
  breaches.push_back({metrics + "/additionalProperties", "/metrics/x", 1, "unknown key \"x\""});
  breaches.push_back({metrics + "/minProperties", "/metrics", Json::object(), "file, dogstatsd"});
  const std::string agent = metrics + "/properties/dogstatsd";
  breaches.push_back({agent + "/type", "/metrics/dogstatsd", 1, "where an agent"});
  breaches.push_back(
      {agent + "/pattern", "/metrics/dogstatsd", "udp://agent:8125", "where an agent"});
  breaches.push_back(
      {agent + "/maxLength", "/metrics/dogstatsd", "unix:///" + letters(200), "where an agent"});
  add_path(metrics + "/properties/file", "/metrics/file", "a file of metrics", breaches);
  examine("site.schema.json", kSite, breaches);
}

TEST_CASE("schema: every rule of notify.schema.json refuses something") {
  std::vector<Breach> all = breaches_of_notify();
  all.push_back({"/type", "", 1, "expected a mapping"});
  all.push_back({"/additionalProperties", "/x", 1, "unknown key \"x\""});
  all.push_back({"/required/schema", "/schema", kAbsent, "missing key"});
  all.push_back({"/required/notify", "/notify", kAbsent, "missing key"});
  all.push_back({"/properties/schema/enum", "/schema", 2, "expected 1,"});
  examine("notify.schema.json", {{"schema", 1}, {"notify", kSite["notify"]}}, all);
}

TEST_CASE("schema: every rule of event.schema.json refuses something") {
  const Json event = Json::parse(R"({"specversion":"1.0","id":"","source":"urn:sealift:site:a",
    "type":"dev.sealift.site.applied","subject":"x-1.0.0","time":"2026-01-31T12:00:00Z","sequence":"4",
    "datacontenttype":"application/json",
    "data":{"site":"a","release":"x","environment":"production","actor":"","text":"x","details":{}}})");
  Json valid = event;
  valid["id"] = std::string(64, 'a');
  std::vector<Breach> all = {
      {"/type", "", 1, "expected a mapping"},
      {"/properties/specversion/enum", "/specversion", "0.3", "1.0"},
      {"/properties/datacontenttype/enum", "/datacontenttype", "text/plain", "application/json"},
      {"/properties/id/type", "/id", 1, "64 hex digits"},
      {"/properties/id/pattern", "/id", "A", "64 hex digits"},
      {"/properties/source/type", "/source", 1, "urn:sealift:site:"},
      {"/properties/source/pattern", "/source", "urn:x", "urn:sealift:site:"},
      {"/properties/source/maxLength", "/source", "urn:sealift:site:" + letters(512),
       "urn:sealift:site:"},
      {"/properties/type/type", "/type", 1, "a type such as"},
      {"/properties/type/pattern", "/type", "dev.sealift.site.A", "a type such as"},
      {"/properties/type/maxLength", "/type", "dev.sealift.site." + letters(80), "a type such as"},
      {"/properties/time/type", "/time", 1, "when it happened"},
      {"/properties/time/pattern", "/time", "today", "when it happened"},
      {"/properties/sequence/type", "/sequence", 4, "as text"},
      {"/properties/sequence/pattern", "/sequence", "0", "as text"},
      {"/properties/sequence/maxLength", "/sequence", "1" + std::string(20, '0'), "as text"},
      {"/properties/data/type", "/data", 1, "a mapping of what happened"},
      {"/properties/data/properties/details/type", "/data/details", 1, "a mapping of texts"}};
  for (const std::string key : {"specversion", "id", "source", "type", "subject", "time",
                                "sequence", "datacontenttype", "data"}) {
    all.push_back({"/required/" + key, "/" + key, kAbsent, "missing key"});
  }
  for (const std::string key : {"site", "release", "environment", "actor", "text", "details"}) {
    all.push_back({"/properties/data/required/" + key, "/data/" + key, kAbsent, "missing key"});
  }
  for (const auto& [key, most, says] : {std::tuple("site", 512U, "the site's id"),
                                        {"release", 512U, "the name of the release"},
                                        {"environment", 512U, "the environment of the site"},
                                        {"actor", 512U, "who did it"},
                                        {"text", 8192U, "one line for people"}}) {
    const std::string rule = std::string("/properties/data/properties/") + key;
    const std::string place = std::string("/data/") + key;
    all.push_back({rule + "/type", place, 1, says});
    all.push_back({rule + "/maxLength", place, letters(most + 1), says});
    if (std::string_view(key) != "actor") all.push_back({rule + "/minLength", place, "", says});
  }
  all.push_back({"/properties/subject/type", "/subject", 1, "its version"});
  all.push_back({"/properties/subject/minLength", "/subject", "", "its version"});
  all.push_back({"/properties/subject/maxLength", "/subject", letters(513), "its version"});
  examine("event.schema.json", valid, all);
}

TEST_CASE("schema: every rule of lock.schema.json refuses something") {
  const std::string digest = "sha256:" + std::string(64, 'a');
  examine(
      "lock.schema.json",
      {{"schema", 1},
       {"images", {{"oci:a", digest}}},
       {"verified", {{"oci:a", Json::array({"a"})}}}},
      {{"/type", "", "text", "expected a mapping"},
       {"/additionalProperties", "/image", 1, "unknown key"},
       {"/required/schema", "/schema", kAbsent, "missing key"},
       {"/required/images", "/images", kAbsent, "missing key"},
       {"/properties/schema/enum", "/schema", 2, "expected 1,"},
       {"/properties/images/type", "/images", "x", "a mapping of where"},
       {"/properties/images/maxProperties", "/images", keys(4097, digest), "a mapping of where"},
       {"/properties/images/additionalProperties/type", "/images/oci:a", 1, "hex digits"},
       {"/properties/images/additionalProperties/pattern", "/images/oci:a", digest + "a",
        "hex digits"},
       {"/properties/verified/type", "/verified", "x", "a mapping of where"},
       {"/properties/verified/maxProperties", "/verified", keys(4097, Json::array({"a"})),
        "a mapping of where"},
       {"/properties/verified/additionalProperties/type", "/verified/oci:a", 1, "a list of what"},
       {"/properties/verified/additionalProperties/minItems", "/verified/oci:a", Json::array(),
        "a list of what"},
       {"/properties/verified/additionalProperties/maxItems", "/verified/oci:a", many(65, "a"),
        "a list of what"},
       {"/properties/verified/additionalProperties/items/type", "/verified/oci:a/0", 1,
        "text such as"},
       {"/properties/verified/additionalProperties/items/minLength", "/verified/oci:a/0", "",
        "text such as"},
       {"/properties/verified/additionalProperties/items/maxLength", "/verified/oci:a/0",
        letters(2001), "text such as"}});
}

TEST_CASE("schema: every rule of recipients.schema.json refuses something") {
  const std::string recipient = kRecipient;
  const Json sites = {{"vault-room", recipient}};
  examine("recipients.schema.json",
          {{"schema", 1}, {"recovery", recipient}, {"environments", {{"production", sites}}}},
          {{"/type", "", "text", "expected a mapping"},
           {"/additionalProperties", "/sites", 1, "unknown key"},
           {"/required/schema", "/schema", kAbsent, "missing key"},
           {"/required/recovery", "/recovery", kAbsent, "missing key"},
           {"/required/environments", "/environments", kAbsent, "missing key"},
           {"/properties/schema/enum", "/schema", 2, "expected 1,"},
           {"/properties/recovery/type", "/recovery", 1, "whose identity lies offline"},
           {"/properties/recovery/pattern", "/recovery", "age1", "whose identity lies offline"},
           {"/properties/environments/type", "/environments", 1, "a mapping of environments"},
           {"/properties/environments/maxProperties", "/environments", keys(65, sites),
            "a mapping of environments"},
           {"/properties/environments/additionalProperties/type", "/environments/production", 1,
            "a mapping of at most 128 sites"},
           {"/properties/environments/additionalProperties/maxProperties",
            "/environments/production", keys(129, recipient), "a mapping of at most 128 sites"},
           {"/properties/environments/additionalProperties/additionalProperties/type",
            "/environments/production/vault-room", 1, "registration card"},
           {"/properties/environments/additionalProperties/additionalProperties/pattern",
            "/environments/production/vault-room", "age1", "registration card"}});
}

namespace {

// A text of a receipt: of any sort, but not empty.
void add_text_breaches(std::vector<Breach>& all, const std::string& rule, const std::string& place,
                       const char* says) {
  all.push_back({rule + "/type", place, 1, says});
  all.push_back({rule + "/minLength", place, "", says});
  all.push_back({rule + "/maxLength", place, letters(513), says});
}

// One that has a pattern.
void add_form_breaches(std::vector<Breach>& all, const std::string& rule, const std::string& place,
                       const char* says) {
  all.push_back({rule + "/type", place, 1, says});
  all.push_back({rule + "/pattern", place, "sha256:0", says});
}

std::vector<Breach> breaches_of_receipt(const Json& release) {
  std::vector<Breach> all = {
      {"/type", "", "text", "expected a mapping"},
      {"/additionalProperties", "/bundles", 1, "unknown key"},
      {"/properties/format/enum", "/format", "sealift-receipt-2", "the form of this document"},
      {"/properties/root/type", "/root", 1, "of the trust root"},
      {"/properties/root/additionalProperties", "/root/expires", 1, "unknown key"},
      {"/properties/root/required/version", "/root/version", kAbsent, "missing key"},
      {"/properties/root/required/fingerprint", "/root/fingerprint", kAbsent, "missing key"},
      {"/properties/root/properties/version/type", "/root/version", "1", "of the trust root"},
      {"/properties/root/properties/version/minimum", "/root/version", -1, "of the trust root"},
      {"/properties/current/type", "/current", 1, "of the installed release"},
      {"/properties/current/additionalProperties", "/current/bundle", 1, "unknown key"},
      {"/properties/current/required/name", "/current/name", kAbsent, "missing key"},
      {"/properties/current/required/version", "/current/version", kAbsent, "missing key"},
      {"/properties/held/type", "/held", 1, "at most 2000 releases"},
      {"/properties/held/maxItems", "/held", many(2001, release), "at most 2000 releases"},
      {"/properties/held/items/type", "/held/0", 1, "use of a release"},
      {"/properties/held/items/additionalProperties", "/held/0/bundle", 1, "unknown key"},
      {"/properties/held/items/properties/use/enum", "/held/0/use", "lost", "rollback, staged"}};
  for (const char* key : {"format", "site", "release", "environment", "installer", "made", "key",
                          "held", "signature"}) {
    all.push_back(
        {std::string("/required/") + key, std::string("/") + key, kAbsent, "missing key"});
  }
  for (const char* key : {"name", "version", "digest", "use"}) {
    all.push_back({std::string("/properties/held/items/required/") + key,
                   std::string("/held/0/") + key, kAbsent, "missing key"});
  }
  for (const auto& [key, says] : {std::pair("site", "the site's id"),
                                  {"release", "the site takes"},
                                  {"environment", "of the site"},
                                  {"installer", "installer's version"},
                                  {"checkpoint", "of the audit log"}}) {
    add_text_breaches(all, std::string("/properties/") + key, std::string("/") + key, says);
  }
  for (const auto& [key, says] : {std::pair("made", "when it was made"),
                                  {"key", "Ed25519"},
                                  {"signature", "all other members"}}) {
    add_form_breaches(all, std::string("/properties/") + key, std::string("/") + key, says);
  }
  add_form_breaches(all, "/properties/root/properties/fingerprint", "/root/fingerprint", "64 hex");
  for (const auto& [rule, place] : {std::pair("/properties/current/properties", "/current"),
                                    {"/properties/held/items/properties", "/held/0"}}) {
    const std::string name = std::string(rule);
    add_text_breaches(all, name + "/name", std::string(place) + "/name", "the name of a release");
    add_text_breaches(all, name + "/version", std::string(place) + "/version", "of a release");
    add_form_breaches(all, name + "/digest", std::string(place) + "/digest", "64 hex digits");
  }
  return all;
}

}  // namespace

TEST_CASE("schema: every rule of receipt.schema.json refuses something") {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const Json held = {{"name", "x"}, {"version", "1.0.0"}, {"digest", digest}, {"use", "kept"}};
  examine("receipt.schema.json",
          {{"format", "sealift-receipt-1"},
           {"site", "x"},
           {"release", "x"},
           {"environment", "x"},
           {"installer", "0.1.0"},
           {"made", "2026-01-31T12:00:00Z"},
           {"key", std::string(43, 'A') + "="},
           {"signature", std::string(86, 'A') + "=="},
           {"checkpoint", "x"},
           {"root", {{"version", 1}, {"fingerprint", digest}}},
           {"current", {{"name", "x"}, {"version", "1.0.0"}, {"digest", digest}}},
           {"held", Json::array({held})}},
          breaches_of_receipt(held));
}

// The rules for what is sealed stand in the schema twice: for all sites, and for each alone.
std::vector<Breach> breaches_of_sealed(const std::string& rule, const std::string& place,
                                       const Json& value) {
  const std::string each = rule + "/additionalProperties";
  const std::string key = place + "/KEY";
  return {{rule + "/type", place, 1, "a mapping of at most 4096"},
          {rule + "/maxProperties", place, keys(4097, value), "a mapping of at most 4096"},
          {each + "/type", key, 1, "changed, for, sealed"},
          {each + "/additionalProperties", key + "/x", 1, "unknown key"},
          {each + "/required/changed", key + "/changed", kAbsent, "missing key"},
          {each + "/required/for", key + "/for", kAbsent, "missing key"},
          {each + "/required/sealed", key + "/sealed", kAbsent, "missing key"},
          {each + "/properties/changed/type", key + "/changed", 1, "a date"},
          {each + "/properties/changed/pattern", key + "/changed", "today", "a date"},
          {each + "/properties/for/type", key + "/for", "x", "a list of whom"},
          {each + "/properties/for/minItems", key + "/for", Json::array(), "a list of whom"},
          {each + "/properties/for/maxItems", key + "/for", different_names(130), "a list of whom"},
          {each + "/properties/for/uniqueItems", key + "/for", many(2, "x"), "a list of whom"},
          {each + "/properties/for/items/type", key + "/for/0", 1, "a name and how"},
          {each + "/properties/for/items/maxLength", key + "/for/0", letters(81), "a name and how"},
          {each + "/properties/sealed/type", key + "/sealed", 1, "a file of age"}};
}

TEST_CASE("schema: every rule of sealed.schema.json refuses something") {
  const Json value = {{"changed", "2026-11-25"}, {"for", {"recovery ...x"}}, {"sealed", "---"}};
  const Json values = {{"KEY", value}};
  std::vector<Breach> all = {
      {"/type", "", "text", "expected a mapping"},
      {"/additionalProperties", "/secret", 1, "unknown key"},
      {"/required/schema", "/schema", kAbsent, "missing key"},
      {"/properties/schema/enum", "/schema", 2, "expected 1,"},
      {"/properties/sites/type", "/sites", 1, "a mapping of at most 128"},
      {"/properties/sites/maxProperties", "/sites", keys(129, values), "a mapping of at most 128"}};
  for (const auto& [rule, place] :
       {std::pair{"/properties/secrets", "/secrets"},
        std::pair{"/properties/sites/additionalProperties", "/sites/vault-room"}}) {
    for (const Breach& breach : breaches_of_sealed(rule, place, value)) all.push_back(breach);
  }
  examine("sealed.schema.json",
          {{"schema", 1}, {"secrets", values}, {"sites", {{"vault-room", values}}}}, all);
}

TEST_CASE("schema: every rule of environment.schema.json refuses something") {
  examine("environment.schema.json", kEnvironment, kEnvironmentBreaches);
}

TEST_CASE("schema: every rule of flags.schema.json refuses something") {
  const Json rule = {{"var", "a"}};
  const Json flag = {{"default", "x"},      {"variants", {{"x", 1}}},
                     {"type", "number"},    {"enabled", true},
                     {"targeting", rule},   {"next_release", "keep"},
                     {"meaning", "a flag"}, {"metadata", {{"team", "search"}}}};
  const Json valid = {{"schema", 1},
                      {"flags", {{"a", flag}, {"b", true}}},
                      {"evaluators", {{"r", rule}}},
                      {"metadata", {{"flagSetId", "x"}, {"version", "1"}, {"n", 1}}}};
  const std::string each = "/properties/flags/additionalProperties";
  const auto at = [&](const char* rule_of_flag) { return each + rule_of_flag; };
  const std::vector<std::string> names = {at("/type"),
                                          at("/additionalProperties"),
                                          at("/required/default"),
                                          at("/required/variants"),
                                          at("/properties/default/type"),
                                          at("/properties/default/minLength"),
                                          at("/properties/default/maxLength"),
                                          at("/properties/variants/type"),
                                          at("/properties/variants/minProperties"),
                                          at("/properties/variants/maxProperties"),
                                          at("/properties/type/enum"),
                                          at("/properties/enabled/type"),
                                          at("/properties/targeting/type"),
                                          at("/properties/next_release/enum"),
                                          at("/properties/meaning/type"),
                                          at("/properties/meaning/minLength"),
                                          at("/properties/meaning/maxLength"),
                                          at("/properties/metadata/type"),
                                          at("/properties/metadata/maxProperties"),
                                          at("/properties/metadata/additionalProperties/type")};
  examine("flags.schema.json", valid,
          {{"/type", "", "text", "expected a mapping"},
           {"/additionalProperties", "/flag", 1, "unknown key"},
           {"/required/schema", "/schema", kAbsent, "missing key"},
           {"/required/flags", "/flags", kAbsent, "missing key"},
           {"/properties/schema/enum", "/schema", 2, "expected 1,"},
           {"/properties/flags/type", "/flags", "x", "at most 4096 flags"},
           {"/properties/flags/maxProperties", "/flags", keys(4097, true), "at most 4096 flags"},
           {names[0].c_str(), "/flags/a", "on", "true, false, or a mapping"},
           {names[1].c_str(), "/flags/a/defualt", 1, "unknown key"},
           {names[2].c_str(), "/flags/a/default", kAbsent, "missing key"},
           {names[3].c_str(), "/flags/a/variants", kAbsent, "missing key"},
           {names[4].c_str(), "/flags/a/default", true, "in quotes"},
           {names[5].c_str(), "/flags/a/default", "", "in quotes"},
           {names[6].c_str(), "/flags/a/default", letters(129), "in quotes"},
           {names[7].c_str(), "/flags/a/variants", "x", "1 to 256 names"},
           {names[8].c_str(), "/flags/a/variants", Json::object(), "1 to 256 names"},
           {names[9].c_str(), "/flags/a/variants", keys(257, 1), "1 to 256 names"},
           {names[10].c_str(), "/flags/a/type", "float", "one of boolean"},
           {names[11].c_str(), "/flags/a/enabled", "yes", "true or false"},
           {names[12].c_str(), "/flags/a/targeting", "x", "a mapping of one operator"},
           {names[13].c_str(), "/flags/a/next_release", "never", "one of keep, reset"},
           {names[14].c_str(), "/flags/a/meaning", 1, "a sentence"},
           {names[15].c_str(), "/flags/a/meaning", "", "a sentence"},
           {names[16].c_str(), "/flags/a/meaning", letters(401), "a sentence"},
           {names[17].c_str(), "/flags/a/metadata", 1, "at most 64 keys"},
           {names[18].c_str(), "/flags/a/metadata", keys(65, 1), "at most 64 keys"},
           {names[19].c_str(), "/flags/a/metadata/team", Json::array(), "text, a whole number"},
           {"/properties/evaluators/type", "/evaluators", 1, "at most 256 names"},
           {"/properties/evaluators/maxProperties", "/evaluators", keys(257, rule),
            "at most 256 names"},
           {"/properties/evaluators/additionalProperties/type", "/evaluators/r", 1,
            "a mapping of one operator"},
           {"/properties/metadata/type", "/metadata", 1, "at most 64 keys"},
           {"/properties/metadata/maxProperties", "/metadata", keys(65, 1), "at most 64 keys"},
           {"/properties/metadata/properties/flagSetId/type", "/metadata/flagSetId", 1, "text"},
           {"/properties/metadata/properties/version/type", "/metadata/version", 1, "text"},
           {"/properties/metadata/additionalProperties/type", "/metadata/n", Json::array(),
            "text, a whole number"}});
}

TEST_CASE("schema: an unknown key is told the nearest one, or all of them") {
  Json document = kRelease;
  document["componets"] = 1;
  document["zzzzzzzzz"] = 1;
  const std::vector<Mistake> mistakes = check(document, "release.schema.json");
  REQUIRE(mistakes.size() == 2);
  CHECK(mistakes[0].problem.hint == "did you mean \"components\"?");
  CHECK(mistakes[1].problem.hint.starts_with("known keys are: components, environments"));
}

TEST_CASE("schema: keys with the characters of JSON pointers are refused like others") {
  for (const char* key : {"a/b", "a~b", "~", "/", "", "~2", "a/b/c"}) {
    CAPTURE(key);
    Json environment = kEnvironment;
    environment["values"][key] = Json::object();
    CHECK_FALSE(check(environment, "environment.schema.json").empty());
    Json site = kSite;
    site["targets"][key] = {{"driver", "x"}, {"path", "relative"}};
    CHECK_FALSE(check(site, "site.schema.json").empty());
    Json release = kRelease;
    release[key] = 1;
    CHECK_FALSE(check(release, "release.schema.json").empty());
  }
}

TEST_CASE("schema: a secret that stands where its name or file should is not repeated") {
  const Json site = {{"schema", 1},
                     {"release", "shop"},
                     {"environment", "production"},
                     {"targets",
                      {{"cdn", {{"driver", "s3"}, {"credentials", {{"secret", {"hunter2"}}}}}},
                       {"watch", {{"driver", "datadog"}, {"key", std::string(200, 'h')}}}}},
                     {"databases",
                      {{"main", {{"driver", "postgresql"}, {"password_file", "hunter2"}}},
                       {"old", {{"driver", "postgresql"}, {"url", "mysql://a:hunter2@db/x"}}}}},
                     {"secrets", {{"A", "hunter2"}, {"B", {{"file", "hunter2"}}}}},
                     {"notify",
                      {{"to",
                        {{{"webhook", "https://a:hunter2@desk/"}},
                         {{"slack", "hunter2"}},
                         {{"file", "/a"}, {"token", "hunter2"}},
                         {{"file", "/a"}, {"token", {{"secret", "hunter-2"}}}},
                         {{"file", "/a"}, {"token", {{"file", "hunter2"}}}}}}}}};
  const std::vector<Mistake> mistakes = check(site, "site.schema.json");
  CHECK(mistakes.size() == 11);
  for (const Mistake& each : mistakes) {
    CHECK(each.problem.message.find("hunter") == std::string::npos);
    CHECK(each.problem.message.find("hhh") == std::string::npos);
  }
}

TEST_CASE("schema: mistakes are sorted by line, and none is no error") {
  CHECK_NOTHROW(throw_mistakes({}));
  const auto error = tests::error_of([] {
    throw_mistakes({{7, {"seven", ""}}, {2, {"two", ""}}, {7, {"seven again", ""}}});
  });
  CHECK(tests::messages(error) == "two\nseven\nseven again\n");
}

}  // namespace sealift::release::schema_test
