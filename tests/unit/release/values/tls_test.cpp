// SPDX-License-Identifier: Apache-2.0
#include "release/values/tls.hpp"

#include <catch2/catch.hpp>

namespace sealift::release::tls_test {

TEST_CASE("tls: templates learn where certificate and key are, and nothing else") {
  const Values values =
      tls_values({{"web", {.certificate = "/c.pem", .key = "/k.pem", .ca = "/a", .hosts = {"x"}}}});
  CHECK(values == Values{{"tls.web.certificate", "/c.pem"}, {"tls.web.key", "/k.pem"}});
}

TEST_CASE("tls: a name of a value says which certificate it is of") {
  CHECK(tls_name("tls.web.certificate") == "web");
  CHECK(tls_name("tls.web_2.key") == "web_2");
  for (const char* name : {"tls.web", "tls..key", "tls.key", "tls.web.ca", "tls.a.b.key", "web.key",
                           "TLS.web.key", "tls.2.key", "tls.certificate", "", "tls."}) {
    CAPTURE(name);
    CHECK(tls_name(name).empty());
  }
}

}  // namespace sealift::release::tls_test
