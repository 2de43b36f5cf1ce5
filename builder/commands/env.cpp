// SPDX-License-Identifier: Apache-2.0
// The configuration of a project: two environments compared, and the page that says what each key
// means.
#include <algorithm>
#include <optional>
#include <set>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "builder/commands/commands.hpp"
#include "release/project/release_file.hpp"

namespace sealift::builder {

namespace {

// In bytes; a cell is never cut, for the page is a reference. printable() needs a limit; no page
// comes near it.
constexpr std::size_t kMaxPage = 16U << 20;

struct DiffOptions {
  std::string before;
  std::string after;
  std::string file = "release.yaml";
};

// With neither --output nor --check the page goes to standard output.
struct DocsOptions {
  std::string file = "release.yaml";
  std::string output;
  std::string check;
};

// A usage error: the name is an argument.
const release::Environment& environment_of(const release::Release& release,
                                           const std::string& name) {
  std::vector<std::string> known;
  for (const release::Environment& each : release.environments) {
    if (each.name == name) return each;
    known.push_back(each.name);
  }
  throw Error(Errc::usage, format("found the environment \"{}\", expected one of {}",
                                  printable(name, 80), joined(known)));
}

// Also where no contract says so: what is sealed in any environment is a secret in all.
bool is_secret(const release::Release& release, const std::string& name) {
  return release.contract.is_secret(name) ||
         std::any_of(release.environments.begin(), release.environments.end(),
                     [&](const release::Environment& each) {
                       return release::sealed_keys(release.sealed, each.name).contains(name);
                     });
}

// What an environment says of a key: nothing, null, or a value, which may be the contract's. Of
// what is sealed there, the word for it.
std::optional<Json> said(const release::Release& release, const release::Environment& environment,
                         const std::string& name) {
  if (release::sealed_keys(release.sealed, environment.name).contains(name)) return "sealed";
  if (const auto value = environment.values.find(name); value != environment.values.end()) {
    return value->second;
  }
  const release::Key* key = release.contract.find(name);
  if (key == nullptr || key->fallback.is_null()) return std::nullopt;
  return key->fallback;
}

// An empty value means "each site must set it", as in the file.
std::string shown(const std::optional<Json>& value, bool secret) {
  if (!value) return "(not set)";
  if (value->is_null()) return "(each site)";
  return secret ? "(secret)" : printable(release::scalar_text(*value), 200);
}

// "not set", "each site", "secret" or "set"; only the last has a value.
Json for_json(const std::optional<Json>& value, bool secret) {
  if (!value) return {{"state", "not set"}};
  if (value->is_null()) return {{"state", "each site"}};
  if (secret) return {{"state", "secret"}};
  return {{"state", "set"}, {"value", *value}};
}

// Of two sealed values nobody here can say whether they are the same.
std::string change_of(const std::optional<Json>& before, const std::optional<Json>& after,
                      bool secret) {
  const auto is_sealed = [](const std::optional<Json>& value) {
    return value && !value->is_null();
  };
  if (secret && is_sealed(before) && is_sealed(after)) return "unknown";
  return before == after ? "same" : "different";
}

// Only a difference that is certain changes the exit status.
void diff(const DiffOptions& options, cli::Session& session) {
  const release::Release release = release::load_release(options.file);
  const release::Environment& before = environment_of(release, options.before);
  const release::Environment& after = environment_of(release, options.after);
  std::set<std::string> names;
  for (const auto& [name, unused] : release.contract.keys()) names.insert(name);
  for (const release::Environment* each : {&before, &after}) {
    for (const auto& [name, unused] : each->values) names.insert(name);
    names.merge(release::sealed_keys(release.sealed, each->name));
  }
  std::vector<std::vector<std::string>> rows = {{"KEY", before.name, after.name, ""}};
  Json keys = Json::array();
  for (const std::string& name : names) {
    const bool secret = is_secret(release, name);
    const std::optional<Json> one = said(release, before, name);
    const std::optional<Json> other = said(release, after, name);
    const std::string change = change_of(one, other, secret);
    if (change == "same") continue;
    if (change == "different") session.status = cli::kDiffers;
    rows.push_back({name, shown(one, secret), shown(other, secret),
                    change == "unknown" ? "sealed, so not compared" : ""});
    keys.push_back({{"key", name},
                    {"secret", secret},
                    {"change", change},
                    {"before", for_json(one, secret)},
                    {"after", for_json(other, secret)}});
  }
  if (keys.empty()) {
    session.out.line(format("{} and {} have the same values", before.name, after.name));
  } else {
    session.out.table(rows);
  }
  session.out.json({{"before", before.name}, {"after", after.name}, {"keys", std::move(keys)}});
}

// Text of a cell: what would end it, or begin something else, is escaped.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : printable(text, kMaxPage)) {
    if (std::string_view("|\\`*_<>[]").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// A value in a cell. A vertical line would end the cell even within a code span.
std::string code(const std::string& text) {
  const std::string safe = printable(text, kMaxPage);
  if (safe.empty()) return "(empty)";
  const bool plain = safe.find_first_of("|`\\") == std::string::npos;
  return plain ? format("`{}`", safe) : cell(safe);
}

// A secret's cell says whether there is one, never what it is.
std::string value_cell(const std::optional<Json>& value, const release::Key& key) {
  if (value && value->is_null()) return "each site";
  if (key.secret) return value ? "sealed" : "";
  return value ? code(release::scalar_text(*value)) : "";
}

// Type, choices and pattern in one cell: what a person who sets the key has to keep.
std::string type_cell(const release::Key& key) {
  std::string text = key.secret ? "secret" : key.type;
  if (!key.choices.empty()) {
    std::vector<std::string> words;
    for (const Json& choice : key.choices) words.push_back(code(release::scalar_text(choice)));
    text += ": " + joined(words);
  }
  if (!key.pattern.empty()) text += ", matches " + code(key.pattern);
  return text;
}

// The reference table; the same sources give the same bytes. A row for each key of the contract,
// with a column for each environment.
std::string page_of(const release::Release& release) {
  std::string head = "| key | type | required | default |";
  std::string rule = "|---|---|---|---|";
  for (const release::Environment& each : release.environments) {
    head += format(" {} |", cell(each.name));
    rule += "---|";
  }
  std::string page = format(
      "<!-- Written by: sealift env docs. Change environments/schema.json instead. -->\n"
      "# Configuration of {}\n\n{} since | meaning |\n{}---|---|\n",
      cell(release.name), head, rule);
  for (const auto& [name, key] : release.contract.keys()) {
    std::string row =
        format("| {} | {} | {} | {} |", code(name), type_cell(key), key.required ? "yes" : "no",
               key.fallback.is_null() ? "" : code(release::scalar_text(key.fallback)));
    for (const release::Environment& each : release.environments) {
      std::optional<Json> value;
      if (const auto own = each.values.find(name); own != each.values.end()) value = own->second;
      if (release::sealed_keys(release.sealed, each.name).contains(name)) value = "sealed";
      row += format(" {} |", value_cell(value, key));
    }
    page += format("{} {} | {} |\n", row, cell(key.since), cell(key.meaning));
  }
  return page;
}

// --check is for CI: the page is committed beside what it is made of, and a change of one without
// the other fails.
void docs(const DocsOptions& options, cli::Session& session) {
  const release::Release release = release::load_release(options.file);
  if (release.contract.empty()) {
    throw Error(Errc::invalid_input,
                format("{}: found no environments/schema.json beside it, expected the "
                       "configuration contract",
                       options.file),
                "declare each key there: type, required, default, secret, since, means");
  }
  const std::string page = page_of(release);
  if (!options.check.empty() && read_file(options.check, kMaxPage) != page) {
    throw Error(Errc::invalid_input,
                format("{}: is not what the contract and the environments say now", options.check),
                format("run: sealift env docs --output {}", options.check));
  }
  if (!options.output.empty()) write_file(options.output, page);
  if (options.output.empty() && options.check.empty()) session.out.text(page);
  for (const std::string& file : {options.output, options.check}) {
    if (!file.empty()) {
      session.out.line(
          format("{}: {}", file, cli::count_text(release.contract.keys().size(), "key")));
    }
  }
  session.out.json({{"keys", release.contract.to_json()}, {"page", page}});
}

}  // namespace

void add_env(cli::Command& program) {
  cli::Command env = program.sub("env", "compare and describe the values of the environments");
  env.example("sealift env diff staging production", "what differs between the two").fails_with({});
  auto& comparing = cli::make_options<DiffOptions>();
  env.sub("diff", "keys that differ between two environments; secrets are not shown")
      .argument("A", comparing.before, "an environment", cli::Presence::required)
      .argument("B", comparing.after, "another one", cli::Presence::required)
      .argument("RELEASE", comparing.file, "release.yaml (the default)", cli::Presence::optional)
      .example("sealift env diff staging production", "keys of the release.yaml of this folder")
      .example("sealift env diff staging production shop/release.yaml", "of another folder")
      .fails_with({Errc::invalid_input, Errc::io}, {{"20", "something differs"}})
      .runs([&](cli::Session& session) { diff(comparing, session); });
  auto& writing = cli::make_options<DocsOptions>();
  env.sub("docs", "write the reference table of all keys, in Markdown")
      .argument("RELEASE", writing.file, "release.yaml (the default)", cli::Presence::optional)
      .option("-o,--output", writing.output, "FILE",
              "write the page there (default: standard output)")
      .option("--check", writing.check, "FILE", "fail where this page is not the one of today")
      .example("sealift env docs -o docs/values.md", "write the page")
      .example("sealift env docs --check docs/values.md",
               "in CI: fail where the page is older than the values")
      .fails_with({Errc::invalid_input, Errc::io})
      .runs([&](cli::Session& session) { docs(writing, session); });
}

}  // namespace sealift::builder
