// SPDX-License-Identifier: Apache-2.0
#include "bundle/report.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/count.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/text.hpp"

namespace sealift::bundle {

namespace {

constexpr std::int64_t kDay = 86400;

// Who approved, name and key id, by name: the order of approvals in a bundle means nothing.
std::vector<std::pair<std::string, std::string>> approvers_of(const Judgement& judgement) {
  std::vector<std::pair<std::string, std::string>> approvers;
  for (const signing::PublicKey& key : judgement.count->by) {
    approvers.emplace_back(judgement.root.name_of(key), key.id());
  }
  std::sort(approvers.begin(), approvers.end());
  return approvers;
}

std::vector<std::string> names_of(const Judgement& judgement) {
  std::vector<std::string> names;
  for (const auto& [name, unused] : approvers_of(judgement)) names.push_back(name);
  return names;
}

std::vector<std::string> ids_of(const Judgement& judgement) {
  std::vector<std::string> ids;
  for (const auto& [unused, id] : approvers_of(judgement)) ids.push_back(id);
  return ids;
}

}  // namespace

VerifiedBundle verify_given(const std::vector<std::string>& paths, const Trust& trust,
                            Progress& progress, const Judged& judged) {
  if (paths == std::vector<std::string>{"-"}) {
    const std::string name = "standard input";
    FdSource source(STDIN_FILENO, name);
    return verify_confined(source, name, trust, progress, judged);
  }
  return verify_confined(*open_medium(paths), trust, progress, judged);
}

std::vector<std::string> report_lines(const Judgement& judgement, const Trust& trust) {
  std::vector<std::string> lines;
  if (judgement.statement) {
    lines.push_back(format("{} {}", judgement.statement->name, judgement.statement->version));
  }
  lines.push_back(format("digest    {}", judgement.release.str()));
  if (judgement.statement) {
    lines.push_back(format("created   {}", to_text(judgement.statement->created)));
  }
  if (const auto& count = judgement.count) {
    lines.push_back(format("approved  by {} ({} of {} needed)",
                           count->by.empty() ? "nobody" : joined(names_of(judgement)),
                           count->by.size(), count->threshold));
    if (!count->required.empty()) {
      lines.push_back(format("required  by site.yaml, not signed: {}", joined(count->required)));
    }
    if (!count->missing.empty()) {
      lines.push_back(format("unsigned  by {}", joined(count->missing)));
    }
    if (!count->not_counted.empty()) {
      lines.push_back(format("ignored   {}", joined(count->not_counted)));
    }
  }
  lines.push_back(format("root      version {}, {}", judgement.root.version(),
                         validity_text(judgement.root, trust.now)));
  if (!judgement.newer.empty()) {
    lines.push_back(format("          brought by this bundle; version {} is trusted until then",
                           trust.root.version()));
  }
  return lines;
}

std::string content_line(const Contents& contents) {
  std::uint64_t bytes = 0;
  for (const content::Descriptor& blob : contents.release.payload) bytes += blob.size;
  return format("content   {} in {}, all as approved", count_text(bytes, "byte"),
                count_text(contents.release.payload.size(), "blob"));
}

Json report_json(const VerifiedBundle& verified) {
  const Contents& contents = verified.contents();
  const Judgement& judgement = verified.judgement();
  return {{"name", contents.document.name},
          {"version", contents.document.version},
          {"digest", contents.digest().str()},
          {"created", to_text(contents.document.created)},
          {"approvedBy", names_of(judgement)},
          {"keyIds", ids_of(judgement)},
          {"threshold", judgement.count->threshold},
          {"missing", judgement.count->missing},
          {"notCounted", judgement.count->not_counted},
          {"rootVersion", judgement.root.version()},
          {"rootExpires", to_text(judgement.root.expires())}};
}

std::vector<std::string> root_lines(const signing::Root& root, Time now) {
  std::vector<std::string> lines = {
      format("root         version {}, {}", root.version(), validity_text(root, now)),
      format("fingerprint  {}", root.fingerprint().hex())};
  for (const auto& [name, role] : root.roles()) {
    // TUF demands these two; nothing is decided by them.
    if (name == "snapshot" || name == "timestamp") continue;
    const std::string title = name == "root"      ? "root keys"
                              : name == "targets" ? "approvals"
                                                  : format("approvals for {}", name);
    lines.push_back(format("{}: {} of {}", title, role.threshold, role.keys.size()));
    for (const signing::PublicKey& key : role.keys) {
      lines.push_back(format("  {}  {}", key.id(), root.name_of(key)));
    }
  }
  return lines;
}

Json root_json(const signing::Root& root) {
  Json roles = Json::object();
  for (const auto& [name, role] : root.roles()) {
    Json keys = Json::array();
    for (const signing::PublicKey& key : role.keys) {
      keys.push_back({{"id", key.id()}, {"name", root.name_of(key)}});
    }
    roles[name] = {{"threshold", role.threshold}, {"keys", std::move(keys)}};
  }
  return {{"version", root.version()},
          {"expires", to_text(root.expires())},
          {"fingerprint", root.fingerprint().hex()},
          {"roles", std::move(roles)}};
}

std::string expiry_warning(const signing::Root& root, Time now) {
  constexpr std::int64_t kWarnBefore = 90 * kDay;
  if (root.expires().seconds >= now.seconds + kWarnBefore) return "";
  return format("the trust root, version {}, is {}", root.version(), validity_text(root, now));
}

// In whole days: nobody plans by the hour.
std::string validity_text(const signing::Root& root, Time now) {
  const std::int64_t days = (root.expires().seconds - now.seconds) / kDay;
  return now > root.expires() ? format("EXPIRED at {}", to_text(root.expires()))
                              : format("valid until {} ({})", to_text(root.expires()),
                                       count_text(static_cast<std::uint64_t>(days), "day"));
}

}  // namespace sealift::bundle
