// SPDX-License-Identifier: Apache-2.0
#include "installer/records/overrides.hpp"

#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "release/text/schema.hpp"
#include "release/values/contract.hpp"

namespace sealift::installer {

namespace {

// Of the file; a command line is far shorter.
constexpr std::size_t kMaxBytes = 16 << 20;

fs::path file_of(const Layout& layout, std::uint64_t number) {
  return layout.revisions() / std::to_string(number) / "set.json";
}

// Without a contract, a key is what the environment's value is.
release::Key key_like(const Json& value) {
  release::Key key;
  if (value.is_boolean()) key.type = "boolean";
  if (value.is_number()) key.type = "integer";
  if (value.is_array()) key.type = "list";
  return key;
}

release::Key key_named(const std::string& name, const release::ReleaseDocument& document,
                       const release::Values& environment) {
  if (const release::Key* key = document.contract.find(name)) {
    if (!key->secret) return *key;
    throw Error(Errc::usage,
                format("--set {}: found a secret, expected none on a command line", name),
                "add it to secrets in site.yaml");
  }
  const auto value = environment.find(name);
  if (document.contract.empty() && value != environment.end()) return key_like(value->second);
  std::vector<std::string> known;
  for (const auto& [each, unused] : environment) known.push_back(each);
  for (const auto& [each, unused] : document.contract.keys()) known.push_back(each);
  const std::string near = nearest(name, known);
  throw Error(Errc::usage,
              format("--set {}: found a key that the release does not have", printable(name, 80)),
              near.empty() ? "list them with: sealift-installer config show"
                           : format("did you mean \"{}\"?", near));
}

}  // namespace

release::Values parse_overrides(const std::vector<std::string>& texts,
                                const bundle::Contents& contents, const std::string& environment) {
  const release::ReleaseDocument& document = contents.document;
  const auto values = document.environments.find(environment);
  release::Values set;
  Problems problems;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    try {
      if (equals == std::string::npos) {
        throw Error(Errc::usage, format("--set {}: expected KEY=VALUE", printable(text, 80)));
      }
      const release::Key key =
          key_named(name, document,
                    values == document.environments.end() ? release::Values{} : values->second);
      const Json value = key.read(text.substr(equals + 1));
      if (const std::string refused = key.refuse(value); !refused.empty()) {
        throw Error(Errc::usage, format("--set {}: {}", name, refused),
                    key.meaning.empty() ? "" : format("it means: {}", key.meaning));
      }
      if (!set.emplace(name, value).second) {
        throw Error(Errc::usage, format("--set {}: found it twice, expected one value", name));
      }
    } catch (const Error& error) {
      problems.add(error);
    }
  }
  problems.throw_if_any(Errc::usage);
  return set;
}

// No file stands for no values. They are for their owner alone, as all values are.
void keep_overrides(const Layout& layout, std::uint64_t number, const release::Values& set) {
  if (set.empty()) return;
  write_file(file_of(layout, number), to_canonical(Json(set)), FileMode::secret);
}

release::Values kept_overrides(const Layout& layout, const Revision& revision) {
  // A rollback stands on what its release was applied with, and so does a change of flags.
  fs::path file = file_of(layout, revision.restores.value_or(revision.number));
  if (revision.changes && !path_exists(file)) file = file_of(layout, *revision.changes);
  if (!path_exists(file)) return {};
  return while_reading(file.string(), [&] {
    const Json value = parse_json(read_file(file, kMaxBytes), "set.json");
    if (!value.is_object()) throw Error(Errc::corrupt, "expected an object");
    return value.get<release::Values>();
  });
}

// Each as the option that would give it again.
std::vector<std::string> forgotten(const release::Values& before, const release::Values& now) {
  std::vector<std::string> lines;
  for (const auto& [key, value] : before) {
    const auto again = now.find(key);
    if (again != now.end() && again->second == value) continue;
    lines.push_back(format("--set {}={}", key, printable(release::scalar_text(value), 80)));
  }
  return lines;
}

}  // namespace sealift::installer
