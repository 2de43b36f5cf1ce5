// SPDX-License-Identifier: Apache-2.0
#include "signing/age.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::signing::age_test {

namespace {

std::string drain(Source& source) {
  std::string all;
  std::string part(1000, '\0');
  while (const std::size_t count = source.read(part)) all.append(part, 0, count);
  return all;
}

std::string sealed(std::string_view text, const std::vector<AgeRecipient>& recipients) {
  StringSink out;
  AgeSink sink(out, recipients);
  sink.write(text);
  sink.finish();
  return out.take();
}

std::string opened(std::string_view text, const AgeIdentity& identity) {
  StringSource in(text);
  AgeSource source(in, identity);
  return drain(source);
}

}  // namespace

TEST_CASE("age: what was sealed is opened by each of its recipients, and by nobody else") {
  const AgeIdentity one = AgeIdentity::generate();
  const AgeIdentity two = AgeIdentity::generate();
  const AgeIdentity stranger = AgeIdentity::generate();
  for (const std::size_t size : {0, 1, 65535, 65536, 65537, 131072, 200000}) {
    const std::string text(size, 'x');
    const std::string file = sealed(text, {one.recipient(), two.recipient()});
    CHECK(file.size() == age_file_bytes(size, 2));
    CHECK(opened(file, one) == text);
    CHECK(opened(file, two) == text);
    CHECK(tests::refusal_of([&] { opened(file, stranger); }) == Errc::untrusted);
  }
}

TEST_CASE("age: what was changed or cut off is refused") {
  const AgeIdentity identity = AgeIdentity::generate();
  const std::string file = sealed(std::string(70000, 'x'), {identity.recipient()});
  for (std::size_t size = 0; size < file.size(); size += size < 400 ? 1 : 4099) {
    CHECK(tests::refusal_of([&] { opened(file.substr(0, size), identity); }) == Errc::corrupt);
  }
  // Exactly one chunk less: the last one is marked.
  const std::string whole = sealed(std::string(2 * 65536, 'x'), {identity.recipient()});
  CHECK(tests::refusal_of([&] { opened(whole.substr(0, whole.size() - 65552), identity); }) ==
        Errc::corrupt);
  for (std::size_t i = 0; i < file.size(); i += i < 250 ? 1 : 997) {
    std::string changed = file;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK(tests::refusal_of([&] { opened(changed, identity); }));
  }
  CHECK(tests::refusal_of([&] { opened(file + "x", identity); }) == Errc::corrupt);
}

TEST_CASE("age: keys are those of age-keygen") {
  // Made by age-keygen 1.1.1.
  const std::string text =
      "# created: 2026-11-23T00:00:00Z\n# public key: "
      "age1cvxrfwflw9ryr0rr83lzxc2wn35yd2gchgsfmcjhuv5l2nm8rqxqar7hcp\n"
      "AGE-SECRET-KEY-1MHR7KYF5QE0W54JLDT88PARGAAVTLREQ33SWERCMZ26JEM6TQAAQNYSW78\n";
  const AgeIdentity identity = AgeIdentity::from_file(text, "keys.txt");
  CHECK(identity.recipient().str() ==
        "age1cvxrfwflw9ryr0rr83lzxc2wn35yd2gchgsfmcjhuv5l2nm8rqxqar7hcp");
  CHECK(AgeRecipient::parse(identity.recipient().str()) == identity.recipient());
  CHECK(AgeIdentity::from_file(identity.to_file({}), "again").recipient() == identity.recipient());

  std::string wrong = text;
  wrong[wrong.size() - 3] = wrong[wrong.size() - 3] == 'Q' ? 'P' : 'Q';
  for (const std::string& bad :
       {wrong, std::string("# nothing\n"), text + text, std::string("x")}) {
    const auto error = tests::error_of([&] { AgeIdentity::from_file(bad, "keys.txt"); });
    REQUIRE(error);
    CHECK(error->code() == Errc::invalid_input);
    CHECK(error->message().find("SECRET-KEY-1") == std::string::npos);
  }
  for (const char* bad : {"", "age1", "AGE1", "age1qqqq"}) {
    CHECK(tests::refusal_of([&] { AgeRecipient::parse(bad); }) == Errc::invalid_input);
  }
}

}  // namespace sealift::signing::age_test
