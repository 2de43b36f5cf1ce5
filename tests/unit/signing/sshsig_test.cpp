// SPDX-License-Identifier: Apache-2.0
#include "signing/sshsig.hpp"

#include "base/digest.hpp"
#include "given.hpp"
#include "signing/base64.hpp"
#include "signing/ssh_wire.hpp"

namespace sealift::signing::sshsig_test {

namespace {

// A signature, field by field (PROTOCOL.sshsig, PROTOCOL.u2f).
struct Forge {
  std::string magic = "SSHSIG";
  std::uint32_t version = 1;
  std::string name{kSshNamespace};
  std::string reserved = "";
  std::string hash = "sha256";
  std::string said = "statement";
  std::string application = "ssh:";
  std::string type = "ssh-ed25519";
  char flags = 1;
  bool token = false;
  std::string trailing = "";

  PublicKey key() const {
    const std::string bytes = given_key(1).public_key().bytes();
    return token ? PublicKey::sk_ed25519(bytes, application) : PublicKey::ed25519(bytes);
  }

  std::string text() const {
    const std::string bytes = given_key(1).public_key().bytes();
    const std::string signed_bytes = "SSHSIG" + ssh_text(name) + ssh_text(reserved) +
                                     ssh_text(hash) +
                                     ssh_text(bytes_from_hex(Digest::of(said).hex()));
    std::string key =
        ssh_text(token ? "sk-ssh-ed25519@openssh.com" : "ssh-ed25519") + ssh_text(bytes);
    std::string signature = ssh_text(token ? "sk-ssh-ed25519@openssh.com" : type);
    if (token) {
      key += ssh_text(application);
      const std::string by_token = bytes_from_hex(Digest::of(application).hex()) + flags +
                                   ssh_number(7) + bytes_from_hex(Digest::of(signed_bytes).hex());
      signature += ssh_text(given_key(1).sign(by_token)) + flags + ssh_number(7);
    } else {
      signature += ssh_text(given_key(1).sign(signed_bytes));
    }
    const std::string blob = magic + ssh_number(version) + ssh_text(key) + ssh_text(name) +
                             ssh_text(reserved) + ssh_text(hash) + ssh_text(signature) + trailing;
    std::string armour = "-----BEGIN SSH SIGNATURE-----\n";
    const std::string body = to_base64(blob);
    for (std::size_t at = 0; at < body.size(); at += 70) armour += body.substr(at, 70) + "\n";
    return armour + "-----END SSH SIGNATURE-----\n";
  }
};

bool verifies(const Forge& forge) {
  const SshSignature signature = SshSignature::parse(forge.text(), "sig");
  CHECK(signature.key() == forge.key());
  return signature.verifies("statement");
}

}  // namespace

TEST_CASE("sshsig: a signature of the very bytes is verified, by a file's key and by a token's") {
  CHECK(verifies({}));
  CHECK(verifies({.token = true}));
  CHECK_FALSE(verifies({.said = "statement\n"}));
  CHECK_FALSE(verifies({.said = "statement\n", .token = true}));
}

TEST_CASE("sshsig: a token that saw nobody does not approve") {
  CHECK_FALSE(verifies({.flags = 0, .token = true}));
  CHECK_FALSE(verifies({.flags = 4, .token = true}));  // user verified, but not present
  CHECK(verifies({.flags = 5, .token = true}));
}

TEST_CASE("sshsig: another namespace, format, hash or kind is refused and named") {
  for (const Forge& forge : {Forge{.magic = "SSHSIH"}, Forge{.version = 2}, Forge{.name = "file"},
                             Forge{.name = ""}, Forge{.reserved = "x"}, Forge{.hash = "sha1"},
                             Forge{.type = "ssh-rsa"}, Forge{.type = "sk-ssh-ed25519@openssh.com"},
                             Forge{.trailing = "x"}, Forge{.application = "", .token = true}}) {
    const Error error = error_of([&] { SshSignature::parse(forge.text(), "sig"); });
    CHECK(error.code() == Errc::corrupt);
    CHECK(error.message().starts_with("sig: "));
  }
}

TEST_CASE("sshsig: the armour has one spelling") {
  const std::string good = Forge{}.text();
  REQUIRE_NOTHROW(SshSignature::parse(good, "sig"));
  for (const std::string& bad :
       {std::string(), good + "\n", "\n" + good, good.substr(0, good.size() - 1), good + good,
        replaced(good, "SIGNATURE-----\nU1", "SIGNATURE-----\n\nU1"),
        replaced(good, "BEGIN SSH SIGNATURE-----\n", "BEGIN SSH SIGNATURE-----\r\n"),
        replaced(good, "U1NIU0lH", "U1NIU0lH "), replaced(good, "END SSH", "end SSH"),
        good + std::string(kMaxSshSignature, 'x')}) {
    INFO(bad);
    CHECK(error_of([&] { SshSignature::parse(bad, "sig"); }).code() == Errc::corrupt);
  }
}

TEST_CASE("sshsig: every truncation of the blob is refused") {
  const std::string good = Forge{.token = true}.text();
  std::string body = good.substr(30, good.size() - 30 - 28);
  std::erase(body, '\n');
  const std::string blob = from_base64(body);
  for (std::size_t size = 0; size < blob.size(); ++size) {
    std::string text = "-----BEGIN SSH SIGNATURE-----\n";
    const std::string cut = to_base64(blob.substr(0, size));
    for (std::size_t at = 0; at < cut.size(); at += 70) text += cut.substr(at, 70) + "\n";
    text += "-----END SSH SIGNATURE-----\n";
    CHECK(error_of([&] { SshSignature::parse(text, "sig"); }).code() == Errc::corrupt);
  }
}

}  // namespace sealift::signing::sshsig_test
