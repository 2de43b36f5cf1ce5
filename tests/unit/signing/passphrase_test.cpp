// SPDX-License-Identifier: Apache-2.0
#include "signing/passphrase.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::signing {

TEST_CASE("passphrase: from a file descriptor, one line and no more of it") {
  const tests::ScratchFolder folder;
  write_file(folder / "p", "first line\nsecond\n");
  const Fd fd = open_for_reading(folder / "p");
  const PassphraseSource source{.fd = fd.get(), .environment = {}};
  CHECK(read_passphrase(source, "k.key", Purpose::open).view() == "first line");
  CHECK(read_passphrase(source, "k.key", Purpose::create).view() == "second");
  CHECK(read_passphrase(source, "k.key", Purpose::open).view().empty());
}

TEST_CASE("passphrase: from an environment variable, which must be set") {
  REQUIRE(::setenv("SEALIFT_TEST_PASSPHRASE", "from there", 1) == 0);
  const PassphraseSource source{.fd = {}, .environment = "SEALIFT_TEST_PASSPHRASE"};
  CHECK(read_passphrase(source, "k.key", Purpose::open).view() == "from there");
  ::unsetenv("SEALIFT_TEST_PASSPHRASE");
  CHECK(tests::refusal_of([&] { read_passphrase(source, "k.key", Purpose::open); }) == Errc::usage);
}

TEST_CASE("secret: taking text leaves nothing of it behind") {
  std::string text = "a passphrase long enough to be on the heap";
  const char* bytes = text.data();
  const Secret secret = Secret::taken_from(text);
  CHECK(secret.view() == "a passphrase long enough to be on the heap");
  CHECK(text.empty());
  CHECK(std::string_view(bytes, 4) != "a pa");
}

}  // namespace sealift::signing
