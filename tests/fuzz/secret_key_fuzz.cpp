// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "signing/base64.hpp"
#include "signing/secret_key.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

namespace {

// Whether the file asks scrypt for 2^16 operations or more, which takes longer than some
// milliseconds. They stand at byte 38, little endian.
bool is_dear(std::string_view file) {
  const std::string_view line = file.substr(file.find('\n') + 1);
  return signing::from_base64(line.substr(0, line.find('\n'))).substr(40, 6) !=
         std::string(6, '\0');
}

}  // namespace

const Target kSecretKey("secret_key", [](std::string_view bytes) {
  const signing::SecretKey key = signing::SecretKey::parse(bytes, "key", [bytes] {
    if (is_dear(bytes)) throw Error(Errc::usage, "this target does not wait for a dear passphrase");
    std::string passphrase = "passphrase";
    return signing::Secret::taken_from(passphrase);
  });
  require(key.public_key().verifies("message", key.sign("message")),
          "the halves of a key belong together");
  const signing::SecretKey again = signing::SecretKey::parse(key.to_file(nullptr), "key", {});
  require(again.to_public_file() == key.to_public_file(),
          "a key that is written and read again is the same");
});

}  // namespace sealift::fuzz
