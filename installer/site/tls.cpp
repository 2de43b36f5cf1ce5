// SPDX-License-Identifier: Apache-2.0
#include "installer/site/tls.hpp"

#include <sys/stat.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "signing/secret.hpp"

namespace sealift::installer {

namespace {

// Its group may read a key: servers drop root and keep a group. Nobody else, and nobody may write.
constexpr unsigned kTooOpen = 0027;

}  // namespace

signing::CertificateVerdict judge_tls(const std::string& name, const release::TlsEntry& entry,
                                      Time now) {
  std::vector<std::string> mistakes;
  const auto read = [&](const char* what, const std::string& file, std::uint64_t limit) {
    if (file.empty()) return std::string();
    try {
      return read_file(file, limit);
    } catch (const Error& error) {
      mistakes.push_back(format("{}: {}", what, error.message()));
      return std::string();
    }
  };
  const std::string chain = read("certificate", entry.certificate, signing::kMaxChainBytes);
  const std::string authorities = read("ca", entry.ca, signing::kMaxAuthoritiesBytes);
  std::string key_text = read("key", entry.key, signing::kMaxTlsKeyBytes);
  const signing::Secret key = signing::Secret::taken_from(key_text);
  const std::optional<struct stat> status =
      key.view().empty() ? std::nullopt : status_of(entry.key);
  if (status && (status->st_mode & kTooOpen) != 0) {
    mistakes.push_back(format("key: {} has the mode {:04o}, expected at most 0640", entry.key,
                              status->st_mode & 07777U));
  }
  signing::CertificateVerdict verdict;
  if (!chain.empty() && !key.view().empty() && (entry.ca.empty() || !authorities.empty())) {
    verdict = signing::judge({.chain = chain,
                              .key = key.view(),
                              .authorities = authorities,
                              .hosts = entry.hosts,
                              .warn_days = entry.warn_days,
                              .now = now});
  } else if (mistakes.empty()) {
    mistakes.push_back("found an empty file");
  }
  mistakes.insert(mistakes.end(), verdict.mistakes.begin(), verdict.mistakes.end());
  verdict.mistakes = std::move(mistakes);
  for (std::vector<std::string>* each : {&verdict.mistakes, &verdict.warnings}) {
    for (std::string& line : *each) line = format("tls.{}: {}", name, line);
  }
  return verdict;
}

}  // namespace sealift::installer
