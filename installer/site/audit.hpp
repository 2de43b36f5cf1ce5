// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everything accepted or refused, for ever: one JSON line each, with the digest of the line before,
// so that an edit, a swap or a removal in the middle shows. A cut tail does not show in the chain
// itself: journals know which line of a transaction must be there (operations/damage), and head()
// is what can be noted elsewhere and compared later. Root on this host can rewrite it.

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/json.hpp"

namespace sealift::installer {

class AuditLog {
 public:
  AuditLog(fs::path file, const Clock& clock) : file_(std::move(file)), clock_(clock) {}

  // On disk when it returns. `details` of more than 4 KiB are cut, so that refusals cannot fill a
  // disk. A torn last line, left by a power cut, is removed first.
  void append(const std::string& event, Json details);
  // Every entry, after the chain was checked; Error{corrupt} names the first line that is broken.
  std::vector<Json> entries() const;
  // Whether an entry speaks of this transaction; Error{corrupt} as of entries().
  bool tells_of(std::uint64_t transaction) const;

  struct Head {
    std::uint64_t count;
    std::string digest;  // of the last line, hex
  };
  Head head() const;

 private:
  fs::path file_;
  const Clock& clock_;
};

// The transaction that an entry speaks of; 0: none.
std::uint64_t transaction_from_json(const Json& entry);

// Who does this: the user behind sudo, else the login's user, else the number.
std::string acting_user();

}  // namespace sealift::installer
