// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "base/file.hpp"
#include "base/format.hpp"
#include "builder/commands/commands.hpp"
#include "builder/commands/keys.hpp"
#include "signing/root.hpp"

namespace sealift::builder {

namespace {

struct Options {
  std::vector<std::string> approvers;
  std::optional<int> threshold;
  std::optional<int> root_threshold;
  std::string expires = "2y";
  std::string out;
  KeyOptions root;
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

unsigned threshold_of(const std::optional<int>& given, const char* option) {
  if (given && *given < 1)
    throw Error(Errc::usage, format("{} {}, expected 1 or more", option, *given));
  return given ? static_cast<unsigned>(*given) : 1;
}

void create(const Options& options, cli::Session& session) {
  const std::vector<signing::SecretKey> root_keys = load_keys(options.root);
  signing::RootDraft draft;
  draft.expires = expiry(options.expires, session.clock.now());
  draft.root.threshold = threshold_of(options.root_threshold, "--root-threshold");
  draft.approvers.threshold = threshold_of(options.threshold, "--threshold");
  std::vector<const signing::SecretKey*> signers;
  for (std::size_t i = 0; i < root_keys.size(); ++i) {
    draft.root.keys.insert(root_keys[i].public_key());
    draft.names[root_keys[i].public_key()] = fs::path(options.root.files[i]).stem().string();
    signers.push_back(&root_keys[i]);
  }
  for (const std::string& file : options.approvers) {
    const signing::PublicKey key =
        signing::parse_public_key(read_file(file, signing::kMaxKeyFile), file);
    draft.approvers.keys.insert(key);
    draft.names[key] = fs::path(file).stem().string();
  }
  if (draft.approvers.threshold > draft.approvers.keys.size() ||
      draft.root.threshold > draft.root.keys.size()) {
    throw Error(Errc::usage, "a threshold is higher than the number of different keys");
  }
  const std::string text = signing::make_root(draft, signers);
  make_dirs(fs::path(options.out).parent_path());
  write_new_file(options.out, text, FileMode::plain);
  const signing::Root root = signing::Root::parse(text, options.out);
  session.out.line(format("trust root   {} (version {}, valid until {})", options.out,
                          root.version(), to_text(root.expires())));
  session.out.line(
      format("approvals    {} of {}", draft.approvers.threshold, draft.approvers.keys.size()));
  session.out.line(format("fingerprint  {}", root.fingerprint().hex()));
  session.out.json({{"file", options.out},
                    {"version", root.version()},
                    {"expires", to_text(root.expires())},
                    {"threshold", draft.approvers.threshold},
                    {"fingerprint", root.fingerprint().hex()}});
}

}  // namespace

void add_trust(cli::Command& program) {
  cli::Command trust = program.sub("trust", "make the trust root that sites judge releases by");
  trust.fails_with({});
  auto& options = cli::make_options<Options>();
  cli::Command command = trust.sub("create", "make the first root (TUF root metadata, version 1)");
  command
      .options("--root-key", options.root.files, "KEY",
               "a secret key that may change the root later", cli::Presence::required)
      .options("--approver", options.approvers, "PUB", "a public key that may approve releases",
               cli::Presence::required)
      .option("--threshold", options.threshold, "N", "approvals that a release needs (default 1)")
      .option("--root-threshold", options.root_threshold, "N",
              "root keys that a change of the root needs (default 1)")
      .option("--expires", options.expires, "TIME", "90d, 18m, 2y (default 2y)")
      .option("--out", options.out, "FILE", "the new file, usually trust/1.root.json",
              cli::Presence::required);
  add_passphrase_options(command, options.root);
  command.fails_with({Errc::invalid_input, Errc::untrusted, Errc::io})
      .runs([&options](cli::Session& session) { create(options, session); });
}

}  // namespace sealift::builder
