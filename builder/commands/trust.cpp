// SPDX-License-Identifier: Apache-2.0
// The ceremony of a trust root: one person makes or changes a draft, the holders of its keys sign
// it, one publishes it. Everybody works on the same folder, or on copies of it.
#include <charconv>
#include <functional>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "builder/commands/commands.hpp"
#include "builder/signing_desk/keys.hpp"
#include "builder/signing_desk/trust_folder.hpp"
#include "bundle/report.hpp"
#include "signing/minisign_file.hpp"
#include "signing/root.hpp"

namespace sealift::builder {

namespace {

using signing::Role;
using signing::Root;
using signing::RootDraft;

// Of `trust create`.
struct CreateOptions {
  std::vector<std::string> root_keys;
  std::vector<std::string> approvers;
  std::vector<std::string> environments;
  std::optional<int> threshold;
  std::optional<int> root_threshold;
  std::string expires = "2y";
  std::string out;
  KeyOptions keys;
};

// Of the commands that change a draft; each has those that it adds.
struct EditOptions {
  std::string folder;
  std::vector<std::string> approvers;
  std::vector<std::string> root_keys;
  std::vector<std::string> names;
  std::string environment;
  std::string expires = "2y";
  std::string threshold;
  bool of_root = false;
};

struct SignOptions {
  std::string draft;
  std::vector<std::string> copies;
  KeyOptions keys;
};

// "90d", "18m", "2y" from now; months have 30 days, years 365.
Time expiry(const std::string& text, Time now) {
  std::int64_t count = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const std::int64_t days = unit == "d" ? 1 : unit == "m" ? 30 : unit == "y" ? 365 : 0;
  if (failure != std::errc() || days == 0 || count < 1 || count * days > 365 * 20) {
    throw Error(Errc::usage, format("--expires \"{}\", expected a time such as 90d, 18m or 2y, at "
                                    "most 20y",
                                    text));
  }
  return Time{now.seconds + count * days * 86400};
}

// More than there are keys is refused when the root is made.
unsigned threshold_of(std::string_view text, std::string_view what) {
  unsigned value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < 1) {
    throw Error(Errc::usage, format("{} \"{}\", expected 1 or more", what, printable(text, 40)));
  }
  return value;
}

// What a key is called in the root where nobody says otherwise: ana.pub is "ana".
std::string stem_of(const std::string& file) {
  return fs::path(file).stem().string();
}

// How many signatures a root still needs, and of whom.
std::string missing_signatures(const TrustFolder& folder, const Root& root) {
  const auto missing = [&](const Role& role, const std::string& whose) {
    const std::size_t count = root.signers_of(role).size();
    return count >= role.threshold
               ? std::string()
               : format("{} of {} by {}", role.threshold - count, role.threshold, whose);
  };
  std::string text = missing(root.role("root"), "its own root keys");
  if (root.version() > 1) {
    const Root before = load_root(folder.root_file(root.version() - 1));
    const std::string more =
        missing(before.role("root"), format("the root keys of version {}", before.version()));
    if (!more.empty()) text += (text.empty() ? "" : " and ") + more;
  }
  return text;
}

// What signers have to look at before they sign, the fingerprint among it.
void show(const std::string& file, const Root& root, cli::Session& session) {
  session.out.line(format("file         {}", file));
  for (const std::string& line : bundle::root_lines(root, session.clock.now())) {
    session.out.line(printable(line));
  }
}

// What scripts of a ceremony look at: whether it is complete, else who is missing.
Json answer(const std::string& file, const Root& root, const std::string& missing) {
  Json json = bundle::root_json(root);
  json["file"] = file;
  json["missingSignatures"] = missing;
  json["complete"] = missing.empty();
  return json;
}

// Every command of a ceremony ends by saying what the next person does.
void show_draft(const TrustFolder& folder, const Root& root, cli::Session& session) {
  const std::string file = folder.draft_file(root.version()).string();
  const std::string missing = missing_signatures(folder, root);
  show(file, root, session);
  session.out.line();
  session.out.line(missing.empty() ? format("next: sealift trust publish {}", file)
                                   : format("signatures that are missing: {}", missing));
  if (!missing.empty()) session.out.line(format("next: sealift trust sign {} --key FILE", file));
  session.out.json(answer(file, root, missing));
}

void show_published(const TrustFolder& folder, const Root& root, cli::Session& session) {
  const std::string file = folder.root_file(root.version()).string();
  show(file, root, session);
  session.out.json(answer(file, root, ""));
}

// A key file of either half: the public key, for which a secret one need not be opened. A secret
// one signs as well, so that its passphrase is asked for once.
void add_root_key(const std::string& file, RootDraft& draft, KeyOptions& signers) {
  const std::string text = read_file(file, signing::kMaxKeyFile);
  if (signing::is_minisign_secret_key(text)) {
    signers.files.push_back(file);
    return;
  }
  const signing::PublicKey key = signing::parse_public_key(text, file);
  draft.root.keys.insert(key);
  draft.names[key] = stem_of(file);
}

// The first root is trusted because a person compares its fingerprint; keys that are given in
// secret form sign it at once, so that a project with one holder needs no ceremony.
void create(const CreateOptions& options, cli::Session& session) {
  const fs::path out = absolute_path(options.out);
  if (out.filename() != "1.root.json") {
    throw Error(Errc::usage, format("--output {}, expected a file named 1.root.json", options.out));
  }
  const TrustFolder folder(out.parent_path());
  if (path_exists(out) || path_exists(folder.draft_file(1))) {
    throw Error(Errc::invalid_input,
                format("{}: found a first root already, or its draft", out.parent_path().string()),
                "change it with: sealift trust add-key; or name another folder");
  }
  RootDraft draft;
  draft.expires = expiry(options.expires, session.clock.now());
  KeyOptions keys = options.keys;
  for (const std::string& file : options.root_keys) add_root_key(file, draft, keys);
  const std::vector<signing::Signer> signers = load_signers(keys);
  for (std::size_t i = 0; i < signers.size(); ++i) {
    draft.root.keys.insert(signers[i].key);
    draft.names[signers[i].key] = stem_of(i < keys.files.size() ? keys.files[i] : keys.command_key);
  }
  for (const std::string& file : options.approvers) {
    const signing::PublicKey key = load_public_key(file);
    draft.approvers.keys.insert(key);
    draft.names[key] = stem_of(file);
  }
  draft.approvers.threshold =
      threshold_of(std::to_string(options.threshold.value_or(1)), "--threshold");
  draft.root.threshold =
      threshold_of(std::to_string(options.root_threshold.value_or(1)), "--root-threshold");
  for (const std::string& text : options.environments) {
    // NAME=N
    const std::size_t equals = std::min(text.find('='), text.size());
    Role role = draft.approvers;
    role.threshold = threshold_of(std::string_view(text).substr(std::min(equals + 1, text.size())),
                                  format("--environment {}: the number", text));
    draft.environments[text.substr(0, equals)] = role;
  }
  Root root = folder.save(draft);
  for (const signing::Signer& signer : signers) {
    folder.write_draft(root, with_signature(root, folder.may_sign(root), signer));
    root = folder.draft(1);
  }
  if (missing_signatures(folder, root).empty()) {
    show_published(folder, folder.publish(root), session);
  } else {
    show_draft(folder, root, session);
  }
}

// The role that an edit is about; an environment's own begins as a copy of the default.
Role& role_in(RootDraft& draft, const EditOptions& options) {
  if (options.environment.empty()) return draft.approvers;
  return draft.environments.try_emplace(options.environment, draft.approvers).first->second;
}

// Edits add up in one draft until it is published; signatures of an earlier state are gone.
void edit_root(const EditOptions& options, cli::Session& session,
               const std::function<void(RootDraft&)>& change) {
  const TrustFolder folder(options.folder);
  RootDraft draft = folder.next();
  draft.expires = expiry(options.expires, session.clock.now());
  change(draft);
  show_draft(folder, folder.save(draft), session);
}

// An environment with approvers of its own does not follow the default; a warning says so.
void add_keys(const EditOptions& options, RootDraft& draft) {
  if (options.approvers.empty() && options.root_keys.empty()) {
    throw Error(Errc::usage, "no key is named", "give --approver PUB or --root-key PUB");
  }
  const auto add = [&](const std::string& file, Role& role) {
    const signing::PublicKey key = load_public_key(file);
    role.keys.insert(key);
    draft.names.emplace(key, stem_of(file));
  };
  for (const std::string& file : options.approvers) add(file, role_in(draft, options));
  if (!options.approvers.empty() && options.environment.empty() && !draft.environments.empty()) {
    std::vector<std::string> own;
    for (const auto& [name, unused] : draft.environments) own.push_back(name);
    log::warning(format("approvers of their own, not changed: {}; see --environment", joined(own)));
  }
  for (const std::string& file : options.root_keys) add(file, draft.root);
}

// Without an environment the key goes everywhere: a key that is lost or stolen is not to be left in
// a role that nobody thought of. A role that becomes too small is refused when the draft is
// written.
void remove_keys(const EditOptions& options, RootDraft& draft) {
  const Root before = Root::parse(make_root(draft), "draft");
  for (const std::string& name : options.names) {
    const signing::PublicKey& key = before.key_named(name);
    if (!options.environment.empty()) {
      role_in(draft, options).keys.erase(key);
      continue;
    }
    draft.root.keys.erase(key);
    draft.approvers.keys.erase(key);
    for (auto& [unused, role] : draft.environments) role.keys.erase(key);
  }
}

// A threshold that a role's keys cannot reach is refused when the draft is written.
void set_threshold(const EditOptions& options, RootDraft& draft) {
  if (options.of_root && !options.environment.empty()) {
    throw Error(Errc::usage, "found --root and --environment, expected one of them");
  }
  Role& role = options.of_root ? draft.root : role_in(draft, options);
  role.threshold = threshold_of(options.threshold, "the threshold");
}

// The folder and the draft that a file belongs to.
Root open_draft(const std::string& file, TrustFolder& folder) {
  Root root = load_root(file);
  folder = TrustFolder(absolute_path(file).parent_path());
  if (absolute_path(file) != folder.draft_file(root.version()).lexically_normal()) {
    throw Error(
        Errc::usage,
        format("{} is not named {}", file, folder.draft_file(root.version()).filename().string()),
        "carry the folder as a whole: signers see what the root before said");
  }
  return root;
}

// One signature after the other, each written down: a token that is pulled out loses none.
void sign(const SignOptions& options, cli::Session& session) {
  TrustFolder folder{{}};
  Root root = open_draft(options.draft, folder);
  for (const signing::Signer& signer : need_signers(options.keys)) {
    folder.write_draft(root, with_signature(root, folder.may_sign(root), signer));
    root = folder.draft(root.version());
  }
  show_draft(folder, root, session);
}

// Copies of a draft that were signed apart are joined, as long as they say the same. Good
// signatures of any copy count; who signed twice counts once.
void publish(const SignOptions& options, cli::Session& session) {
  TrustFolder folder{{}};
  Root root = open_draft(options.draft, folder);
  for (const std::string& copy : options.copies) {
    const std::string text = while_doing(
        copy, [&] { return with_signatures_of(root, folder.may_sign(root), load_root(copy)); });
    root = Root::parse(text, options.draft);
  }
  show_published(folder, folder.publish(root), session);
}

void add_create(cli::Command& trust) {
  auto& options = cli::make_options<CreateOptions>();
  cli::Command command = trust.sub("create", "make the first root (TUF root metadata, version 1)");
  command
      .options("--root-key", options.root_keys, "KEY",
               "a key that may change the root later; a secret one signs at once")
      .options("--approver", options.approvers, "PUB", "a public key that may approve releases",
               cli::Presence::required)
      .option("--threshold", options.threshold, "N", "approvals that a release needs (default 1)")
      .options("--environment", options.environments, "NAME=N",
               "approvals that a release for this environment needs")
      .option("--root-threshold", options.root_threshold, "N",
              "root keys that a change of the root needs (default 1)")
      .option("--expires", options.expires, "TIME", "90d, 18m, 2y (default 2y)")
      .option("-o,--output", options.out, "FILE", "the new file, such as trust/1.root.json",
              cli::Presence::required)
      .option("--signer-cmd", options.keys.command, "COMMAND",
              "a root key in an HSM or KMS: bytes in, raw signature out")
      .option("--signer-key", options.keys.command_key, "PUB", "the public key of --signer-cmd");
  add_passphrase_options(command, options.keys);
  command
      .example("sealift trust create --root-key root.key --approver a.pub -o 1.root.json",
               "one holder of the root, one approver")
      .example("sealift trust create --approver a.pub --approver b.pub -o 1.root.json",
               "two people, each of whom may approve a release")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::io})
      .runs([&options](cli::Session& session) { create(options, session); });
}

cli::Command add_edit(cli::Command& trust, const std::string& name, const std::string& help,
                      EditOptions& options) {
  cli::Command command = trust.sub(name, help);
  command
      .argument("DIR", options.folder, "the folder with 1.root.json and so on",
                cli::Presence::required)
      .option("--expires", options.expires, "TIME", "of the new root: 90d, 18m, 2y (default 2y)")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io});
  return command;
}

void add_edits(cli::Command& trust) {
  auto& adding = cli::make_options<EditOptions>();
  add_edit(trust, "add-key", "draft the next root with another key", adding)
      .example("sealift trust add-key trust --approver carol.pub", "one more approver")
      .options("--approver", adding.approvers, "PUB", "may approve releases")
      .options("--root-key", adding.root_keys, "PUB", "may change the root")
      .option("--environment", adding.environment, "NAME", "approver for this environment only")
      .runs([&](cli::Session& session) {
        edit_root(adding, session, [&](RootDraft& draft) { add_keys(adding, draft); });
      });
  auto& removing = cli::make_options<EditOptions>();
  add_edit(trust, "remove-key", "draft the next root without a key", removing)
      .example("sealift trust remove-key trust bob", "one approver less")
      .arguments("KEY", removing.names, "names or ids of keys", cli::Presence::required)
      .option("--environment", removing.environment, "NAME", "only as approver for this one")
      .runs([&](cli::Session& session) {
        edit_root(removing, session, [&](RootDraft& draft) { remove_keys(removing, draft); });
      });
  auto& counting = cli::make_options<EditOptions>();
  add_edit(trust, "set-threshold", "draft the next root with another number of keys", counting)
      .example("sealift trust set-threshold trust 2", "two approvals for every release")
      .example("sealift trust set-threshold trust 2 --root", "two keys for a change of the root")
      .argument("N", counting.threshold, "how many keys must sign", cli::Presence::required)
      .option("--environment", counting.environment, "NAME", "releases for this environment")
      .flag("--root", counting.of_root, "changes of the root, instead of releases")
      .runs([&](cli::Session& session) {
        edit_root(counting, session, [&](RootDraft& draft) { set_threshold(counting, draft); });
      });
  auto& renewing = cli::make_options<EditOptions>();
  add_edit(trust, "renew", "draft the next root as the last one was, valid for longer", renewing)
      .example("sealift trust renew trust --expires 18m", "valid for 18 months from today")
      .runs([&](cli::Session& session) { edit_root(renewing, session, [](RootDraft&) {}); });
}

}  // namespace

void add_trust(cli::Command& program) {
  cli::Command trust =
      program.sub("trust", "make and change the trust root that sites judge releases by",
                  "A change is a draft until enough holders of root keys have signed it.");
  trust.example("sealift trust show trust/1.root.json", "who may approve, and until when")
      .fails_with({});
  add_create(trust);
  add_edits(trust);

  auto& signing_options = cli::make_options<SignOptions>();
  cli::Command sign_command = trust.sub("sign", "sign a draft with a root key");
  sign_command.argument("DRAFT", signing_options.draft, "N.root.draft.json",
                        cli::Presence::required);
  add_signer_options(sign_command, signing_options.keys);
  sign_command
      .example("sealift trust sign trust/2.root.draft.json --key root.key",
               "sign what `trust show` shows")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&](cli::Session& session) { sign(signing_options, session); });

  auto& publishing = cli::make_options<SignOptions>();
  trust.sub("publish", "make a draft that enough holders signed the newest root")
      .argument("DRAFT", publishing.draft, "N.root.draft.json", cli::Presence::required)
      .arguments("COPY", publishing.copies, "copies that were signed elsewhere",
                 cli::Presence::optional)
      .example("sealift trust publish trust/2.root.draft.json", "write trust/2.root.json")
      .example("sealift trust publish trust/2.root.draft.json bob/2.root.draft.json",
               "with the signature of a copy")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&](cli::Session& session) { publish(publishing, session); });

  auto& shown = cli::make_options<std::string>();
  trust.sub("show", "show what a root says")
      .argument("ROOT", shown, "N.root.json or a draft", cli::Presence::required)
      .example("sealift trust show trust/1.root.json", "keys, thresholds, expiry and fingerprint")
      .fails_with({Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&](cli::Session& session) {
        const Root root = load_root(shown);
        show(shown, root, session);
        session.out.json(bundle::root_json(root));
      });
}

}  // namespace sealift::builder
