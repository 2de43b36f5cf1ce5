// SPDX-License-Identifier: Apache-2.0
#include "net/roots.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ssl/context.hpp>

#include "base/error.hpp"
#include "base/format.hpp"
#include "net/proxy.hpp"

namespace sealift::net {

namespace {

using Failure = boost::system::error_code;

// Where systems keep the authorities that they trust: Debian, Alpine and Arch; RHEL and Fedora;
// SUSE.
constexpr std::array kSystemRoots = {
    "/etc/ssl/certs/ca-certificates.crt",     "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",       "/etc/ssl/ca-bundle.pem",
    "/var/lib/ca-certificates/ca-bundle.pem", "/etc/ssl/cert.pem"};

}  // namespace

void trust_system_roots(boost::asio::ssl::context& tls) {
  Failure ignored;
  const char* file = variable({"SSL_CERT_FILE"});
  const char* folders = variable({"SSL_CERT_DIR"});
  if (file != nullptr) tls.load_verify_file(file, ignored);
  std::string_view rest = folders == nullptr ? "" : folders;
  while (!rest.empty()) {
    const std::string folder(rest.substr(0, rest.find(':')));
    if (!folder.empty()) tls.add_verify_path(folder, ignored);
    rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
  }
  if (file != nullptr || folders != nullptr) return;
  for (const char* each : kSystemRoots) {
    if (tls.load_verify_file(each, ignored); !ignored) return;
  }
}

void trust_roots_of(boost::asio::ssl::context& tls, const fs::path& file) {
  Failure failure;
  tls.load_verify_file(file.string(), failure);
  if (!failure) return;
  throw Error(
      Errc::invalid_input,
      format("{}: found no certificates: {}", file.string(), printable(failure.message(), 200)),
      "a CA file holds PEM certificates");
}

}  // namespace sealift::net
