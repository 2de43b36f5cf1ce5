// SPDX-License-Identifier: Apache-2.0
#include "signing/sshsig.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kSshSig("sshsig", [](std::string_view bytes) {
  const signing::SshSignature signature = signing::SshSignature::parse(bytes, "signature");
  require(!signature.verifies("a message that no seed was made for"), "nothing is forged");
});

}  // namespace sealift::fuzz
