// SPDX-License-Identifier: Apache-2.0
#include "base/format.hpp"
#include "base/path.hpp"
#include "builder/commands/commands.hpp"
#include "release/site_file/registration_card.hpp"
#include "release/text/yaml.hpp"
#include "release/values/recipients.hpp"

namespace sealift::builder {

namespace {

using release::Recipients;
using release::RegistrationCard;

// Of both commands.
struct RecipientOptions {
  std::string project = ".";
  std::string file;  // the card, or the new identity
  std::string environment;
  std::string site;
};

// Makes the identity and, in a project that has none, the list of recipients.
void make_recovery(const RecipientOptions& options, cli::Session& session) {
  const fs::path list = Recipients::file_in(options.project);
  if (path_exists(list)) {
    throw Error(
        Errc::invalid_input,
        format("{}: a recovery recipient is named here already", list.string()),
        "to change it, put another there and run sealift secret rekey with the old identity");
  }
  if (!path_exists(fs::path(options.project) / "release.yaml")) {
    throw Error(Errc::invalid_input, format("{}: found no release.yaml", options.project),
                "name the project's folder: --project DIR");
  }
  // The identity is written before the list that names it: a list whose identity nobody has would
  // seal secrets that are lost with their site.
  make_dirs(list.parent_path());
  const signing::AgeIdentity identity = signing::AgeIdentity::generate();
  std::string secret = identity.to_file(session.clock.now());
  write_new_file(options.file, secret, FileMode::secret);
  signing::wipe(secret);
  const std::string recipient = identity.recipient().str();
  write_new_file(list, release::new_recipients(identity.recipient()), FileMode::plain);
  session.out.line(
      format("identity   {}: keep it offline, and a copy of it elsewhere", options.file));
  session.out.line(format("recipient  {}", recipient));
  session.out.line(format("list       {}", list.string()));
  session.out.json({{"identity", options.file}, {"recipient", recipient}, {"file", list.string()}});
}

// Receipts of the site are verified by it from then on, so another key does not silently take the
// place of one that is known. Returns where it is.
fs::path file_card(const RegistrationCard& card, const std::string& site,
                   const std::string& project) {
  const std::map<std::string, RegistrationCard> filed = release::filed_cards(project);
  fs::path file = release::card_file(project, site);
  for (const auto& [name, known] : filed) {
    if (known == card && name == site) return file;
    if (name != site && known.site != card.site) continue;
    throw Error(Errc::invalid_input,
                format("{}: found another card: of the site {} with the key {}",
                       release::card_file(project, name).string(), printable(known.site, 80),
                       printable(known.key, 80)),
                "if the site has a new card, remove the old one first; otherwise give this site "
                "another name: --site NAME");
  }
  make_dirs(file.parent_path());
  write_new_file(file, to_pretty(to_json(card)), FileMode::plain);
  return file;
}

// A card that names another recipient for a site that is listed is no update: whoever could swap
// the card could read every secret from then on.
void add_site(const RecipientOptions& options, cli::Session& session) {
  const RegistrationCard card =
      release::parse_card(read_file(options.file, release::kMaxCardBytes), options.file);
  if (!options.environment.empty() && options.environment != card.environment) {
    throw Error(Errc::invalid_input,
                format("{}: found a site of {}, expected one of {}", options.file,
                       printable(card.environment, 80), printable(options.environment, 80)),
                "a site has one environment: give that, or the card of another site");
  }
  const fs::path list = Recipients::file_in(options.project);
  if (!path_exists(list)) {
    throw Error(Errc::invalid_input, format("{}: is missing", list.string()),
                "make a recovery identity first: sealift recipient recovery recovery.age");
  }
  const std::string site = options.site.empty() ? card.site : options.site;
  release::check_site_name(site);
  const signing::AgeRecipient recipient =
      while_doing(options.file, [&] { return signing::AgeRecipient::parse(card.recipient); });
  const std::string text = read_file(list, release::kMaxYamlBytes);
  const Recipients known = Recipients::parse(text, list.string());
  const auto sites = known.sites.find(card.environment);
  const bool is_listed = sites != known.sites.end() && sites->second.contains(site);
  if (is_listed && sites->second.at(site) != recipient) {
    throw Error(Errc::invalid_input,
                format("{}: {} of {} has another recipient", list.string(), site, card.environment),
                "if its identity was lost, put this one there and run sealift secret rekey; "
                "otherwise give this site another name: --site NAME");
  }
  // Before anything is written: what cannot be listed leaves no card behind.
  const std::string updated =
      is_listed ? text : release::with_site(text, card.environment, site, recipient);
  const fs::path filed = file_card(card, site, options.project);
  if (!is_listed) write_file(list, updated);
  session.out.line(format("{}: {} of {} is listed{}", list.string(), site, card.environment,
                          is_listed ? " already" : ""));
  session.out.line(format("{}: its card, by which `sealift sites` knows it", filed.string()));
  if (!is_listed) {
    session.out.line("next: seal what is sealed already for it too: sealift secret rekey");
  }
  session.out.json({{"site", site},
                    {"environment", card.environment},
                    {"recipient", card.recipient},
                    {"file", list.string()},
                    {"card", filed.string()},
                    {"added", !is_listed}});
}

void finish(cli::Command& command, RecipientOptions& options,
            void (*work)(const RecipientOptions&, cli::Session&)) {
  command
      .option("--project", options.project, "DIR", "the folder of release.yaml (default: this one)")
      .fails_with({Errc::invalid_input, Errc::io})
      .runs([&options, work](cli::Session& session) { work(options, session); });
}

}  // namespace

void add_recipient(cli::Command& program) {
  cli::Command recipient =
      program.sub("recipient", "for whom secrets are sealed: environments/recipients.yaml");
  recipient.example("sealift recipient add card.json", "a new site of its environment")
      .fails_with({});
  auto& recovering = cli::make_options<RecipientOptions>();
  cli::Command recovery = recipient.sub(
      "recovery", "make the recovery identity, which can open every secret, and begin the list",
      "The new file is an identity of age, not encrypted: put it on media that lie offline.");
  recovery.argument("FILE", recovering.file, "the identity's new file, such as recovery.age",
                    cli::Presence::required);
  recovery.example("sealift recipient recovery recovery.age", "once for each project");
  finish(recovery, recovering, make_recovery);

  auto& adding = cli::make_options<RecipientOptions>();
  cli::Command add = recipient.sub("add", "add a site by its registration card");
  add.argument("CARD", adding.file, "what `sealift-installer --json init` printed on the site",
               cli::Presence::required)
      .option("--environment", adding.environment, "NAME",
              "refuse the card of a site that has another")
      .option("--site", adding.site, "NAME", "what the list calls it (default: the site's id)");
  add.example("sealift recipient add card.json --environment production --site vault-room",
              "a site with a name that people know");
  finish(add, adding, add_site);
}

}  // namespace sealift::builder
