// SPDX-License-Identifier: Apache-2.0
#include "installer/events/teller.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "installer/site/private_file.hpp"
#include "net/token.hpp"

namespace sealift::installer {

namespace {

using release::Means;

constexpr std::uint64_t kMaxToken = 4096;

std::string token_of(const release::Destination& to, const SecretOf& secret_of) {
  if (!to.token_secret.empty()) {
    return net::token_in(secret_of(to.token_secret), format("secret {}", to.token_secret));
  }
  if (to.token_file.empty()) return "";
  return net::token_in(read_private_file(to.token_file, kMaxToken).view(), to.token_file);
}

}  // namespace

std::unique_ptr<Teller> teller_for(const release::Destination& to, const SecretOf& secret_of,
                                   const Clock& clock) {
  switch (to.means) {
    case Means::file:
      return file_teller(to);
    case Means::webhook:
    case Means::slack:
      return web_teller(to, token_of(to, secret_of));
    case Means::datadog:
      return datadog_teller(to, token_of(to, secret_of), clock);
    case Means::sentry:
      return sentry_teller(to, token_of(to, secret_of));
    case Means::mail:
    case Means::exec:
      return program_teller(to);
    case Means::syslog:
      return syslog_teller(to);
  }
  throw Error(Errc::internal, "no such means");
}

}  // namespace sealift::installer
