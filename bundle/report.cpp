// SPDX-License-Identifier: Apache-2.0
#include "bundle/report.hpp"

#include <unistd.h>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::bundle {

namespace {

std::vector<std::string> approver_names(const Judgement& judgement) {
  std::vector<std::string> names;
  for (const signing::PublicKey& key : judgement.approvals.by) {
    names.push_back(judgement.root.name_of(key));
  }
  return names;
}

}  // namespace

VerifiedBundle verify_file(const std::string& path, const Trust& trust, Progress& progress) {
  Workers workers(usable_cores());
  if (path == "-") {
    FdSource source(STDIN_FILENO, "standard input");
    return VerifiedBundle::verify(source, "standard input", trust, workers, progress);
  }
  const Fd fd = open_for_reading(path);
  FdSource source(fd.get(), path);
  return VerifiedBundle::verify(source, path, trust, workers, progress);
}

std::vector<std::string> report_lines(const VerifiedBundle& verified) {
  const Contents& contents = verified.contents();
  const Judgement& judgement = verified.judgement();
  std::string names;
  for (const std::string& name : approver_names(judgement)) {
    names += (names.empty() ? "" : ", ") + name;
  }
  std::uint64_t bytes = 0;
  for (const content::Descriptor& blob : contents.release.payload) bytes += blob.size;
  return {format("{} {}", contents.document.name, printable(contents.document.version)),
          format("digest    {}", contents.digest().str()),
          format("approved  by {} ({} of {} needed)", names, judgement.approvals.by.size(),
                 judgement.approvals.threshold),
          format("root      version {}, valid until {}", judgement.root.version(),
                 to_text(judgement.root.expires())),
          format("content   {} bytes in {} blobs, all as approved", bytes,
                 contents.release.payload.size())};
}

Json report_json(const VerifiedBundle& verified) {
  const Contents& contents = verified.contents();
  const Judgement& judgement = verified.judgement();
  return {{"name", contents.document.name},
          {"version", contents.document.version},
          {"digest", contents.digest().str()},
          {"approvedBy", approver_names(judgement)},
          {"threshold", judgement.approvals.threshold},
          {"missing", judgement.approvals.missing},
          {"rootVersion", judgement.root.version()},
          {"rootExpires", to_text(judgement.root.expires())}};
}

}  // namespace sealift::bundle
