// SPDX-License-Identifier: Apache-2.0
// The sealed secrets of a project: environments/NAME.sealed.yaml, in which each value is encrypted
// for the sites of its environment and for recovery (environments/recipients.yaml). What is in
// clear is never printed, logged or written.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "base/private_memory.hpp"
#include "base/text.hpp"
#include "builder/commands/commands.hpp"
#include "builder/signing_desk/private_file.hpp"
#include "builder/signing_desk/secret_input.hpp"
#include "release/text/schema.hpp"
#include "release/values/sealed_file.hpp"
#include "signing/keyed_digest.hpp"
#include "signing/passphrase.hpp"

namespace sealift::builder {

namespace {

using release::Recipients;
using release::SealedFile;
using release::SealedValue;
using release::SecretPlace;

// Of all five commands; each has the options that it adds.
struct SecretOptions {
  std::string project = ".";
  std::string environment;
  std::string key;
  std::string site;  // empty: for all sites of the environment
  std::string value_file;
  std::optional<int> generate;
  std::string identity;

  ValueSource source() const { return {.generate = generate, .file = value_file}; }
  SecretPlace place() const { return {.environment = environment, .key = key, .site = site}; }
};

// ---- what stands in the repository

Recipients recipients_of(const SecretOptions& options) {
  std::optional<Recipients> recipients = Recipients::load(options.project);
  if (recipients) return std::move(*recipients);
  throw Error(
      Errc::invalid_input,
      format("{}/environments/recipients.yaml: is missing, and says whom secrets are sealed "
             "for",
             options.project),
      "make it: sealift recipient recovery recovery.age, then sealift recipient add card.json");
}

std::vector<signing::AgeRecipient> keys_of(
    const std::map<std::string, signing::AgeRecipient>& recipients) {
  std::vector<signing::AgeRecipient> keys;
  keys.reserve(recipients.size());
  for (const auto& [unused, recipient] : recipients) keys.push_back(recipient);
  return keys;
}

// `changed` is kept when a value is sealed again for other recipients: it says when the value
// itself was last changed, which is what a rotation is planned by.
SealedValue sealed_value(const SecretPlace& place, std::string_view value,
                         const Recipients& recipients, std::string changed) {
  const auto whom = recipients.of(place);
  return {.file = release::seal(place, value, keys_of(whom)),
          .recipients = release::labels(whom),
          .changed = std::move(changed)};
}

// In days: rotations are planned by it.
std::string today(const cli::Session& session) {
  return to_text(session.clock.now()).substr(0, 10);
}

// `edit` and `rotate` change what is there: a key that is mistyped must not become a second secret.
SealedValue& existing(SealedFile& file, const SecretPlace& place) {
  if (SealedValue* value = file.find(place)) return *value;
  std::vector<std::string> known;
  for (const auto& [key, unused] : file.values) known.push_back(key);
  const std::string near = nearest(place.key, known);
  throw Error(Errc::invalid_input,
              format("{}: {} is not there", file.file().string(), printable(place.str(), 300)),
              near.empty() || near == place.key ? "seal it first: sealift secret set"
                                                : format("did you mean \"{}\"?", near));
}

// ---- what may be sealed

// Declared as a secret, where anything is declared.
const release::Key* declared(const release::Contract& contract, const std::string& key) {
  if (!release::is_value_name(key)) {
    throw Error(Errc::invalid_input,
                format("found the key \"{}\", expected letters, digits and _", printable(key, 80)));
  }
  if (contract.empty()) return nullptr;
  if (contract.is_secret(key)) return contract.find(key);
  std::vector<std::string> known;
  for (const auto& [name, each] : contract.keys()) {
    if (each.secret) known.push_back(name);
  }
  const std::string near = nearest(key, known);
  throw Error(
      Errc::invalid_input,
      format(
          "environments/schema.json: {} {}", key,
          contract.find(key) != nullptr ? "is declared, but not as a secret" : "is not declared"),
      near.empty() ? "declare it there, with secret: true" : format("did you mean \"{}\"?", near));
}

// What the contract says of the key; never with the value.
void check_against(const release::Key& key, const std::string& name, std::string_view value) {
  Json text = std::string(value);
  const std::string found = key.refuse(text);
  signing::wipe(text.text());
  if (found.empty()) return;
  throw Error(Errc::invalid_input, format("the value for {}: {}", name, found),
              "environments/schema.json says what it may be");
}

// Where it stands goes before the message; what it holds never does.
signing::Secret opened(const SealedFile& file, const SealedValue& value, const SecretPlace& place,
                       const signing::AgeIdentity& identity) {
  return while_doing(format("{}:{}: {}", file.file().string(), value.line, place.key),
                     [&] { return release::unseal(value.file, identity, place); });
}

// ---- the commands

// The value is in memory alone, in clear, until it is sealed here.
void store(const SecretOptions& options, SealedFile& file, std::string_view value,
           cli::Session& session) {
  const SecretPlace place = options.place();
  const release::Contract contract = release::Contract::load(options.project);
  if (const release::Key* key = declared(contract, place.key)) {
    check_against(*key, place.key, value);
  }
  SealedValue sealed = sealed_value(place, value, recipients_of(options), today(session));
  const std::vector<std::string> whom = sealed.recipients;
  file.put(place, std::move(sealed));
  file.save();
  session.out.line(format("{}: sealed {} for {}", file.file().string(), place.str(), joined(whom)));
  Json result = {{"environment", place.environment},
                 {"key", place.key},
                 {"for", whom},
                 {"file", file.file().string()}};
  if (!place.site.empty()) result["site"] = place.site;
  session.out.json(result);
}

// What can be said before a person is asked for the value.
void check_first(const SecretOptions& options) {
  declared(release::Contract::load(options.project), options.key);
  recipients_of(options).of(options.place());
}

// Each command checks all it can before it asks a person for a value that it would then refuse.
void set(const SecretOptions& options, cli::Session& session) {
  check_first(options);
  SealedFile file = SealedFile::load(options.project, options.environment);
  const signing::Secret value = value_from(options.source(), options.place().str());
  store(options, file, value.view(), session);
}

// Sealing needs no identity: whoever rotates need not be able to read what was there.
void rotate(const SecretOptions& options, cli::Session& session) {
  check_first(options);
  SealedFile file = SealedFile::load(options.project, options.environment);
  existing(file, options.place());
  const signing::Secret value = value_from(options.source(), options.place().str());
  store(options, file, value.view(), session);
}

// A value that was not changed is not sealed again: another ciphertext would look like a rotation.
void edit(const SecretOptions& options, cli::Session& session) {
  check_first(options);
  SealedFile file = SealedFile::load(options.project, options.environment);
  const SecretPlace place = options.place();
  const signing::Secret before =
      opened(file, existing(file, place), place, load_identity(options.identity));
  const signing::Secret after = edit_privately(before, release::kMaxSecretBytes);
  if (after.view() == before.view()) {
    session.out.line(format("{} is as it was; nothing was changed", place.str()));
    session.out.json({{"result", "unchanged"}});
    return;
  }
  store(options, file, after.view(), session);
}

// The environments that have sealed values, or whose sites are listed.
std::vector<std::string> environments_of(const SecretOptions& options,
                                         const Recipients& recipients) {
  if (!options.environment.empty()) return {options.environment};
  std::set<std::string> names;
  for (const auto& [name, unused] : recipients.sites) names.insert(name);
  constexpr std::string_view kEnding = ".sealed.yaml";
  for (const Entry& entry : Dir::open(fs::path(options.project) / "environments").entries()) {
    const std::string& name = entry.name;
    if (name.ends_with(kEnding)) names.insert(name.substr(0, name.size() - kEnding.size()));
  }
  return {names.begin(), names.end()};
}

// Those of `all` that are not among `some`, in their order.
std::vector<std::string> without(const std::vector<std::string>& all,
                                 const std::vector<std::string>& some) {
  std::vector<std::string> rest;
  for (const std::string& each : all) {
    if (std::find(some.begin(), some.end(), each) == some.end()) rest.push_back(each);
  }
  return rest;
}

// Whom a place should be sealed for; nobody where it is of a site that is listed no more.
std::vector<std::string> wanted(const Recipients& recipients, const SecretPlace& place) {
  const auto sites = recipients.sites.find(place.environment);
  if (sites == recipients.sites.end() ||
      (!place.site.empty() && !sites->second.contains(place.site))) {
    return {};
  }
  return release::labels(recipients.of(place));
}

// It compares labels and opens nothing, so anybody who has the repository may run it.
void list(const SecretOptions& options, cli::Session& session) {
  const Recipients recipients = recipients_of(options);
  const release::Contract contract = release::Contract::load(options.project);
  std::vector<std::vector<std::string>> rows = {
      {"ENVIRONMENT", "KEY", "SITE", "CHANGED", "SEALED FOR", ""}};
  Json result = Json::array();
  for (const std::string& environment : environments_of(options, recipients)) {
    const SealedFile file = SealedFile::load(options.project, environment);
    for (const auto& [key, by_site] : file.values) {
      for (const auto& [site, value] : by_site) {
        const SecretPlace place{.environment = environment, .key = key, .site = site};
        const std::vector<std::string> whom = wanted(recipients, place);
        const std::vector<std::string> missing = without(whom, value.recipients);
        const std::vector<std::string> gone = without(value.recipients, whom);
        std::vector<std::string> notes;
        if (!missing.empty()) notes.push_back("not yet for " + joined(missing));
        if (!gone.empty()) notes.push_back("still for " + printable(joined(gone), 400));
        rows.push_back({environment, key, site.empty() ? "all" : site, value.changed,
                        printable(joined(value.recipients), 400), joined(notes, "; ")});
        result.push_back({{"environment", environment},
                          {"key", key},
                          {"changed", value.changed},
                          {"for", value.recipients},
                          {"missing", missing},
                          {"gone", gone}});
        if (!site.empty()) result.back()["site"] = site;
      }
    }
    for (const auto& [key, each] : contract.keys()) {
      if (!each.secret || file.values.contains(key)) continue;
      rows.push_back({environment, key, "", "", "", "not sealed: each site has its own"});
    }
  }
  session.out.table(rows);
  session.out.json(result);
}

// What a rekeying changes, for people: labels of recipients, and how many values.
struct Rekeyed {
  std::set<std::string> gained;
  std::set<std::string> lost;
  std::size_t count = 0;
};

// Opens and seals again what is not for its present recipients; nothing is written yet.
void rekey_file(SealedFile& file, const std::string& environment, const Recipients& recipients,
                const signing::AgeIdentity& identity, Rekeyed& done, Problems& problems) {
  for (auto& [key, by_site] : file.values) {
    for (auto each = by_site.begin(); each != by_site.end();) {
      const SecretPlace place{.environment = environment, .key = key, .site = each->first};
      const std::vector<std::string> whom = wanted(recipients, place);
      const std::vector<std::string> had = each->second.recipients;
      for (const std::string& label : without(whom, had)) done.gained.insert(label);
      for (const std::string& label : without(had, whom)) done.lost.insert(label);
      if (whom.empty()) {
        ++done.count;
        each = by_site.erase(each);
        continue;
      }
      if (had != whom || signing::count_recipients(each->second.file) != whom.size()) {
        try {
          const signing::Secret value = opened(file, each->second, place, identity);
          each->second = sealed_value(place, value.view(), recipients, each->second.changed);
          ++done.count;
        } catch (const Error& error) {
          problems.add(error);
        }
      }
      ++each;
    }
  }
  std::erase_if(file.values, [](const auto& each) { return each.second.empty(); });
}

// Only what is not for its present recipients is opened and sealed again, so the diff shows just
// that.
void rekey(const SecretOptions& options, cli::Session& session) {
  const Recipients recipients = recipients_of(options);
  const signing::AgeIdentity identity = load_identity(options.identity);
  std::vector<SealedFile> files;
  Rekeyed done;
  Problems problems;
  for (const std::string& environment : environments_of(options, recipients)) {
    SealedFile file = SealedFile::load(options.project, environment);
    const std::size_t before = done.count;
    rekey_file(file, environment, recipients, identity, done, problems);
    if (done.count > before) files.push_back(std::move(file));
  }
  // Nothing is written while any value cannot be opened: the next build would refuse files of which
  // some values are for the old recipients and some for the new.
  problems.throw_if_any(Errc::untrusted);
  for (const SealedFile& file : files) file.save();

  for (const std::string& label : done.gained) session.out.line(format("can now open: {}", label));
  for (const std::string& label : done.lost) {
    session.out.line(format("cannot any more: {}", printable(label, 80)));
  }
  session.out.line(done.count == 0
                       ? "everything is sealed for the present recipients"
                       : format("{} sealed again", cli::count_text(done.count, "value")));
  if (!done.lost.empty()) {
    log::warning(
        "who could open a value may have kept it, and earlier commits and bundles still hold it: "
        "change the values with sealift secret rotate");
  }
  session.out.json({{"values", done.count}, {"gained", done.gained}, {"lost", done.lost}});
}

void add_place(cli::Command& command, SecretOptions& options) {
  command
      .argument("ENVIRONMENT", options.environment, "such as production", cli::Presence::required)
      .argument("KEY", options.key, "the key that templates use", cli::Presence::required)
      .option("--site", options.site, "NAME", "for this site alone, as recipients.yaml names it");
}

void add_value(cli::Command& command, SecretOptions& options) {
  command
      .option("--value-file", options.value_file, "FILE",
              "take the value from a file, - for standard input (default: ask on the terminal)")
      .option("--generate", options.generate, "BYTES", "take that many random bytes, as hex");
}

void finish(cli::Command& command, SecretOptions& options,
            void (*work)(const SecretOptions&, cli::Session&)) {
  command
      .option("--project", options.project, "DIR", "the folder of release.yaml (default: this one)")
      .fails_with(
          {Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io, Errc::interrupted})
      .runs([&options, work](cli::Session& session) {
        keep_memory_private();
        work(options, session);
      });
}

}  // namespace

void add_secret(cli::Command& program) {
  cli::Command secret = program.sub(
      "secret", "keep secrets in the repository, sealed to sites and the recovery recipient");
  secret.example("sealift secret list production", "which keys are sealed").fails_with({});
  auto& setting = cli::make_options<SecretOptions>();
  cli::Command set_command = secret.sub("set", "seal a value; nobody who builds can read it");
  add_place(set_command, setting);
  add_value(set_command, setting);
  set_command.example("sealift secret set production DB_PASSWORD", "ask for the value")
      .example("sealift secret set production TOKEN --generate 32", "a random one");
  finish(set_command, setting, set);

  auto& listing = cli::make_options<SecretOptions>();
  cli::Command list_command =
      secret.sub("list", "which keys are sealed, for whom, since when; never values");
  list_command.argument("ENVIRONMENT", listing.environment, "only this one",
                        cli::Presence::optional);
  list_command.example("sealift secret list", "of every environment");
  finish(list_command, listing, list);

  auto& editing = cli::make_options<SecretOptions>();
  cli::Command edit_command =
      secret.sub("edit", "open a value in $EDITOR, in memory, and seal what was saved");
  add_place(edit_command, editing);
  edit_command.option("--identity", editing.identity, "FILE", "an identity that can open it",
                      cli::Presence::required);
  edit_command
      .example("sealift secret edit staging TLS_KEY --identity staging.key",
               "a value of many lines")
      .reads("EDITOR", "the program that edits; VISUAL comes before it");
  finish(edit_command, editing, edit);

  auto& rotating = cli::make_options<SecretOptions>();
  cli::Command rotate_command = secret.sub("rotate", "put a new value where one is sealed already");
  add_place(rotate_command, rotating);
  add_value(rotate_command, rotating);
  rotate_command.example("sealift secret rotate production TOKEN --generate 32",
                         "a new random one");
  finish(rotate_command, rotating, rotate);

  auto& rekeying = cli::make_options<SecretOptions>();
  cli::Command rekey_command =
      secret.sub("rekey", "seal again for those who are in recipients.yaml now");
  rekey_command
      .argument("ENVIRONMENT", rekeying.environment, "only this one", cli::Presence::optional)
      .option("--identity", rekeying.identity, "FILE",
              "an identity that can open all: the recovery's", cli::Presence::required);
  rekey_command.example("sealift secret rekey production --identity recovery.key",
                        "after recipients.yaml was changed");
  finish(rekey_command, rekeying, rekey);
}

}  // namespace sealift::builder
