// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the audit log is told of a bundle that was refused by a command that changes nothing, such
// as `verify`: who offers a forged bundle often tries it there first. Where the log cannot be
// written nothing is told, because whoever may only read a site may ask too.

#include <optional>
#include <string>

#include "installer/operations/tools.hpp"

namespace sealift::installer {

class RefusalRecord {
 public:
  // Opens the log, so that a process that gives up its rights afterwards can still add its line.
  RefusalRecord(const Tools& tools, const std::string& command,
                const std::vector<std::string>& bundle);
  // What could be said of the bundle before it was refused.
  void know(const bundle::Judgement& judgement);
  // One line, where `error` says something of the bundle: it is untrusted, corrupt or incompatible.
  void record(const Error& error);

 private:
  std::optional<AuditWriter> log_;
  Json known_;
};

}  // namespace sealift::installer
