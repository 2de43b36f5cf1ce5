// SPDX-License-Identifier: Apache-2.0
#include "installer/content/redaction.hpp"

#include <catch2/catch.hpp>

namespace sealift::installer::redaction_test {

TEST_CASE("redaction: a secret is found in every spelling", "[monitoring]") {
  Redaction redaction;
  redaction.add_secret("KEY", "pa\"ss wörd/\\1\n");
  const std::string clean = redaction.clean(
      "as it is: pa\"ss wörd/\\1; JSON: pa\\\"ss wörd/\\\\1; URL: pa%22ss%20w%C3%B6rd%2F%5C1; "
      "base64: cGEic3Mgd8O2cmQvXDE=");
  CHECK(clean ==
        "as it is: [secret KEY]; JSON: [secret KEY]; URL: [secret KEY]; base64: [secret KEY]");
  CHECK(redaction.masked() == std::vector<std::string>{"KEY"});
}

TEST_CASE("redaction: of two secrets the longer one goes first", "[monitoring]") {
  Redaction redaction;
  redaction.add_secret("SHORT", "abcd");
  redaction.add_secret("LONG", "abcdefgh");
  CHECK(redaction.clean("abcdefgh abcd") == "[secret LONG] [secret SHORT]");
}

TEST_CASE("redaction: each line of a key is found by itself", "[monitoring]") {
  Redaction redaction;
  redaction.add_secret("key of web",
                       "-----BEGIN-----\nMIIEvQIBADANBgkqhkiG\nw0BAQEFAASCBKcwggSj\n");
  CHECK(redaction.clean("x MIIEvQIBADANBgkqhkiG y") == "x [secret key of web] y");
  CHECK(redaction.clean("x w0BAQEFAASCBKcwggSj y") == "x [secret key of web] y");
}

TEST_CASE("redaction: what is too short to be looked for is named", "[monitoring]") {
  Redaction redaction;
  redaction.add_secret("PIN", "123");
  redaction.add_secret("EMPTY", "\n");
  CHECK(redaction.clean("a 123 b") == "a 123 b");
  CHECK(redaction.too_short() == std::vector<std::string>{"PIN"});
}

TEST_CASE("redaction: people are whole words, and root is nobody", "[monitoring]") {
  Redaction redaction;
  for (const char* each : {"anna", "root", "uid 1000", "bo", "anna"}) redaction.add_person(each);
  CHECK(redaction.clean("anna, anna-lena, annabel, root, bo; bo.") ==
        "user-1, anna-lena, annabel, root, user-2; user-2.");
  CHECK(redaction.clean_json(Json{{"anna", {"by anna", 1}}}) == Json{{"user-1", {"by user-1", 1}}});
}

}  // namespace sealift::installer::redaction_test
