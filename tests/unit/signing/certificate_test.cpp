// SPDX-License-Identifier: Apache-2.0
#include "signing/certificate.hpp"

#include <catch2/catch.hpp>

#include "base/file.hpp"
#include "base/text.hpp"
#include "tests/unit/scratch_folder.hpp"
#include "tests/unit/stock_tool.hpp"

namespace sealift::signing::certificate_test {

using tests::run_tool;
using tests::ScratchFolder;

namespace {

constexpr std::int64_t kDay = 86400;

// An authority, one below it, and a server's certificate below that, made by openssl.
class Pki {
 public:
  // False where openssl is missing.
  bool make() {
    if (!run_tool({"openssl", "version"})) return false;
    issue("root", "", "CA:TRUE", "DNS:none");
    issue("middle", "root", "CA:TRUE", "DNS:none");
    issue("server", "middle", "CA:FALSE", "DNS:chanuka.example,DNS:*.chanuka.example,IP:192.0.2.7");
    return true;
  }

  void issue(const std::string& name, const std::string& by, const std::string& basic,
             const std::string& names,
             const std::vector<std::string>& algorithm = {"ec", "-pkeyopt",
                                                          "ec_paramgen_curve:P-256"}) {
    std::vector<std::string> request = {"openssl", "req",
                                        "-new",    "-nodes",
                                        "-subj",   "/CN=" + name,
                                        "-keyout", name + ".key",
                                        "-out",    name + ".pem",
                                        "-addext", "basicConstraints=" + basic,
                                        "-addext", "subjectAltName=" + names,
                                        "-x509",   "-days",
                                        "90",      "-newkey"};
    request.insert(request.end(), algorithm.begin(), algorithm.end());
    if (!by.empty()) {
      request.insert(request.end(), {"-CA", by + ".pem", "-CAkey", by + ".key"});
    }
    const auto done = run_tool(request, folder_.path().string());
    INFO(done->error_output);
    REQUIRE(done->status == 0);
  }

  std::string text(const std::string& file) const { return read_file(folder_ / file, 1 << 20); }
  std::string folder() const { return folder_.path().string(); }
  void put(const std::string& file, const std::string& content) const {
    write_file(folder_ / file, content);
  }

 private:
  ScratchFolder folder_;
};

Time today() {
  return SystemClock().now();
}

struct Case {
  std::string chain;
  std::string key;
  std::string authorities = {};
  std::vector<std::string> hosts = {"chanuka.example"};
  Time now = today();
};

CertificateVerdict verdict_of(const Case& each) {
  return judge({.chain = each.chain,
                .key = each.key,
                .authorities = each.authorities,
                .hosts = each.hosts,
                .warn_days = 30,
                .now = each.now});
}

std::string mistakes_of(const Case& each) {
  return joined(verdict_of(each).mistakes, "\n");
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("certificate: a server's, with its chain and key, is taken") {
  Pki pki;
  if (!pki.make()) return;
  const std::string chain = pki.text("server.pem") + pki.text("middle.pem");
  const CertificateVerdict verdict = verdict_of({.chain = chain, .key = pki.text("server.key")});
  CHECK(verdict.mistakes.empty());
  CHECK(verdict.warnings.empty());
  CHECK(verdict.about.starts_with("CN=server, until 20"));
  CHECK(mistakes_of({.chain = chain,
                     .key = pki.text("server.key"),
                     .authorities = pki.text("root.pem"),
                     .hosts = {"chanuka.example", "WWW.chanuka.example", "192.0.2.7"}}) == "");
  // Whom an operator trusts may stand in the middle.
  CHECK(mistakes_of({.chain = pki.text("server.pem"),
                     .key = pki.text("server.key"),
                     .authorities = pki.text("middle.pem")}) == "");
}

TEST_CASE("certificate: a key of another certificate, or one that cannot be used, is refused") {
  Pki pki;
  if (!pki.make()) return;
  const std::string chain = pki.text("server.pem");
  CHECK(mistakes_of({.chain = chain, .key = pki.text("root.key")}) ==
        "key: belongs to another certificate than CN=server");
  CHECK(mistakes_of({.chain = chain, .key = "nothing"}) ==
        "key: found no PEM private key that can be read");
  const auto locked = run_tool(
      {"openssl", "pkcs8", "-topk8", "-in", "server.key", "-passout", "pass:x"}, pki.folder());
  REQUIRE(locked->status == 0);
  CHECK(says(mistakes_of({.chain = chain, .key = locked->output}), "key: is encrypted"));
  CHECK(says(mistakes_of({.chain = "nothing", .key = pki.text("server.key")}),
             "certificate: found no PEM certificate"));
}

TEST_CASE("certificate: RSA and Ed25519 are taken, short RSA is not") {
  Pki pki;
  if (!pki.make()) return;
  for (const std::vector<std::string>& algorithm :
       {std::vector<std::string>{"rsa:2048"}, std::vector<std::string>{"ed25519"}}) {
    pki.issue("own", "", "CA:FALSE", "DNS:chanuka.example", algorithm);
    CHECK(mistakes_of({.chain = pki.text("own.pem"), .key = pki.text("own.key")}) == "");
  }
  pki.issue("own", "", "CA:FALSE", "DNS:chanuka.example", {"rsa:1024"});
  CHECK(mistakes_of({.chain = pki.text("own.pem"), .key = pki.text("own.key")}) ==
        "key: RSA of 1024 bits, expected at least 2048");
}

TEST_CASE("certificate: a chain that does not hold is refused") {
  Pki pki;
  if (!pki.make()) return;
  const std::string key = pki.text("server.key");
  CHECK(mistakes_of({.chain = pki.text("server.pem") + pki.text("root.pem"), .key = key}) ==
        "certificate: CN=server is not signed by the next in the file, CN=root");
  CHECK(
      says(mistakes_of(
               {.chain = pki.text("server.pem"), .key = key, .authorities = pki.text("root.pem")}),
           "CN=server does not lead to an authority in ca: "));
  // A certificate of a server cannot sign another one.
  pki.issue("forged", "server", "CA:FALSE", "DNS:chanuka.example");
  CHECK(says(mistakes_of(
                 {.chain = pki.text("forged.pem") + pki.text("server.pem") + pki.text("middle.pem"),
                  .key = pki.text("forged.key"),
                  .authorities = pki.text("root.pem")}),
             "does not lead to an authority"));
}

TEST_CASE("certificate: each host is covered by a name of it, as RFC 6125 has it") {
  Pki pki;
  if (!pki.make()) return;
  const auto refused = [&](const std::string& host) {
    return mistakes_of({.chain = pki.text("server.pem"),
                        .key = pki.text("server.key"),
                        .hosts = {host, "chanuka.example"}});
  };
  // The common name counts for nothing, a star is one label, addresses are no names.
  for (const char* host : {"server", "example", "a.b.chanuka.example", "chanuka.example.evil",
                           "192.0.2.8", "*.chanuka", "xchanuka.example"}) {
    CAPTURE(host);
    CHECK(refused(host) == "certificate: CN=server is not for the host " + std::string(host));
  }
  pki.issue("part", "", "CA:FALSE", "DNS:w*.chanuka.example");
  CHECK(says(mistakes_of({.chain = pki.text("part.pem"),
                          .key = pki.text("part.key"),
                          .hosts = {"www.chanuka.example"}}),
             "is not for the host"));
}

TEST_CASE("certificate: it is judged by the time that the site believes") {
  Pki pki;
  if (!pki.make()) return;
  const auto at = [&](std::int64_t days) {
    return verdict_of({.chain = pki.text("server.pem"),
                       .key = pki.text("server.key"),
                       .now = {today().seconds + days * kDay}});
  };
  CHECK(says(joined(at(-2).mistakes), "certificate: CN=server is valid from "));
  CHECK(at(58).warnings.empty());
  REQUIRE(at(62).warnings.size() == 1);
  CHECK(says(at(62).warnings[0], "certificate: CN=server expires at "));
  CHECK(at(62).mistakes.empty());
  CHECK(says(joined(at(91).mistakes), "certificate: CN=server expired at "));
}

TEST_CASE("certificate: everything that is wrong is said at once") {
  Pki pki;
  if (!pki.make()) return;
  const CertificateVerdict verdict =
      verdict_of({.chain = pki.text("server.pem") + pki.text("root.pem"),
                  .key = pki.text("root.key"),
                  .hosts = {"other.example"},
                  .now = {today().seconds + 100 * kDay}});
  CHECK(verdict.mistakes.size() == 5);  // key, two that expired, chain, host
}

TEST_CASE("certificate: what is no certificate is refused, and not too many are read") {
  Pki pki;
  if (!pki.make()) return;
  const std::string one = pki.text("server.pem");
  const std::string key = pki.text("server.key");
  std::string many;
  for (std::size_t i = 0; i <= kMaxCertificates; ++i) many += one;
  for (const std::string& chain :
       {std::string(), many, one.substr(0, one.size() / 2), one + one.substr(0, 100),
        std::string("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), key}) {
    CAPTURE(chain);
    CHECK(says(mistakes_of({.chain = chain, .key = key}), "certificate: found no PEM"));
  }
}

}  // namespace sealift::signing::certificate_test
