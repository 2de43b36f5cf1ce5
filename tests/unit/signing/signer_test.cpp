// SPDX-License-Identifier: Apache-2.0
#include "signing/signer.hpp"

#include "given.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::signing::signer_test {

TEST_CASE("signer command: gets the bytes on its input, and its output must verify") {
  tests::ScratchFolder folder;
  const SecretKey key = given_key(1);
  write_file(folder / "sig", key.sign("said"));
  const std::string file = (folder / "sig").string();
  const Signer signer = command_signer("cat > " + file + ".seen && cat " + file, key.public_key());
  CHECK(signer.sign("said") == key.sign("said"));
  CHECK(read_file(file + ".seen", 100) == "said");
  CHECK(error_of([&] { signer.sign("something else"); }).code() == Errc::untrusted);
  CHECK(error_of([&] {
          command_signer("cat " + file, given_key(2).public_key()).sign("said");
        }).code() == Errc::untrusted);
}

TEST_CASE("signer command: one that fails or says nothing is refused with what it said") {
  const PublicKey key = given_key(1).public_key();
  const Error failed =
      error_of([&] { command_signer("echo 'no token' >&2; exit 3", key).sign("said"); });
  CHECK(failed.code() == Errc::io);
  CHECK(failed.message() == "the signer command ended with status 3: no token\\x0a");
  CHECK(error_of([&] { command_signer("true", key).sign("said"); }).code() == Errc::untrusted);
  CHECK(error_of([&] { command_signer("no-such-program", key).sign("said"); }).code() == Errc::io);
}

}  // namespace sealift::signing::signer_test
