// SPDX-License-Identifier: Apache-2.0
#include "release/values/recipients.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::release::recipients_test {

namespace {

const signing::AgeRecipient kRecovery = signing::AgeIdentity::generate().recipient();
const signing::AgeRecipient kSite = signing::AgeIdentity::generate().recipient();
const signing::AgeRecipient kOther = signing::AgeIdentity::generate().recipient();

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("recipients: a new list takes sites, each as a line") {
  std::string text = new_recipients(kRecovery);
  CHECK(Recipients::parse(text, "file").sites.empty());
  text = with_site(text, "production", "vault-room", kSite);
  text = with_site(text, "production", "site-b", kOther);
  text = with_site(text, "staging", "site-c", kSite);
  const Recipients recipients = Recipients::parse(text, "file");
  CHECK(recipients.recovery == kRecovery);
  CHECK(recipients.sites.at("production").at("vault-room") == kSite);
  CHECK(recipients.sites.at("production").at("site-b") == kOther);
  CHECK(recipients.sites.at("staging").at("site-c") == kSite);
  CHECK(text.find("# offline, for the day") != std::string::npos);
}

TEST_CASE(
    "recipients: an environment without sites is refused, and one that was mistyped is named") {
  const Recipients recipients{.recovery = kRecovery, .sites = {{"production", {{"vault", kSite}}}}};
  const auto hint = [&](const char* environment) {
    return tests::error_of([&] { recipients.of({.environment = environment, .key = "KEY"}); })
        ->hint();
  };
  CHECK(hint("prodution").starts_with("did you mean \"production\"?"));
  CHECK(hint("staging").starts_with("add it by its registration card"));
  CHECK(recipients.of({.environment = "production", .key = "KEY"}).contains("vault"));
}

TEST_CASE("recipients: what people wrote stays as it is, line by line") {
  const std::string text = "environments:\n    staging: {}   # none yet\n\n    production:\n" +
                           std::string("      # the room with two doors\n      vault-room: ") +
                           kSite.str() + "\nschema: 1\nrecovery: " + kRecovery.str() + "  # safe\n";
  CHECK(
      with_site(text, "production", "site-b", kOther) ==
      replaced(text, "    production:\n", "    production:\n      site-b: " + kOther.str() + "\n"));
  CHECK(with_site(text, "staging", "site-b", kOther) ==
        replaced(text, "    staging: {}   # none yet\n",
                 "    staging:    # none yet\n      site-b: " + kOther.str() + "\n"));
  CHECK(with_site(text, "development", "site-b", kOther) ==
        replaced(text, "environments:\n",
                 "environments:\n    development:\n      site-b: " + kOther.str() + "\n"));
}

TEST_CASE("recipients: a form that has no lines is left to a person") {
  const std::string head = "schema: 1\nrecovery: " + kRecovery.str() + "\n";
  for (const std::string form : {"environments: {production: {vault-room: SITE}}\n",
                                 "environments:\n  production: {vault-room: SITE}\n",
                                 "environments:\n  \"production\":\n    vault-room: SITE\n"}) {
    const std::string each = head + replaced(form, "SITE", kSite.str());
    const auto error = tests::error_of([&] { with_site(each, "production", "site-b", kOther); });
    REQUIRE(error);
    CHECK(error->code() == Errc::invalid_input);
    CHECK(error->hint().find("site-b: " + kOther.str()) != std::string::npos);
  }
}

}  // namespace sealift::release::recipients_test
