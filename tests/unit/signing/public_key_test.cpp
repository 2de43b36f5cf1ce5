// SPDX-License-Identifier: Apache-2.0
#include "signing/public_key.hpp"

#include "base/digest.hpp"
#include "given.hpp"
#include "signing/algorithms.hpp"
#include "signing/base64.hpp"
#include "signing/ssh_wire.hpp"

namespace sealift::signing::public_key_test {

namespace {

// openssl ecparam -name prime256v1 -genkey -noout | openssl ec -pubout
constexpr std::string_view kP256Pem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n"
    "6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n"
    "-----END PUBLIC KEY-----\n";

std::string ssh_line(std::string_view type, const std::string& blob) {
  return std::string(type) + " " + to_base64(blob) + " anna@example\n";
}

std::string sk_blob(const std::string& bytes, std::string_view application) {
  return ssh_text("sk-ssh-ed25519@openssh.com") + ssh_text(bytes) + ssh_text(application);
}

std::string p256_blob(const PublicKey& key) {
  return ssh_text("ecdsa-sha2-nistp256") + ssh_text("nistp256") + ssh_text(key.bytes());
}

Errc refusal(const std::string& text) {
  return error_of([&] { parse_public_key(text, "k.pub"); }).code();
}

}  // namespace

TEST_CASE("public key: one Ed25519 key is the same key in every kind of file") {
  const PublicKey key = given_key(1).public_key();
  const std::string blob = ssh_text("ssh-ed25519") + ssh_text(key.bytes());
  const std::string pem =
      "-----BEGIN PUBLIC KEY-----\n" + to_base64(key.to_spki()) + "\n-----END PUBLIC KEY-----\n";
  for (const std::string& text :
       {given_key(1).to_public_file(), ssh_line("ssh-ed25519", blob), pem}) {
    CHECK(parse_public_key(text, "k.pub") == key);
    CHECK(parse_public_key(text, "k.pub").id() == key.id());
  }
}

TEST_CASE("public key: P-256 is read from PEM, from OpenSSH and from a root") {
  const PublicKey key = parse_public_key(kP256Pem, "k.pub");
  CHECK(key.algorithm() == Algorithm::ecdsa_p256);
  CHECK(key.bytes().size() == 65);
  CHECK(parse_public_key(ssh_line("ecdsa-sha2-nistp256", p256_blob(key)), "k.pub") == key);
  const Json object = key.to_tuf();
  CHECK(object["keyval"]["public"] == kP256Pem);
  CHECK(object["keytype"] == "ecdsa");
  CHECK(object["scheme"] == "ecdsa-sha2-nistp256");
  CHECK(PublicKey::from_tuf(object, "root") == key);
  // Newlines of the PEM stand for themselves in what is hashed and signed.
  const std::string pem(kP256Pem);
  CHECK(key.id() == Digest::of("{\"keytype\":\"ecdsa\",\"keyval\":{\"public\":\"" + pem +
                               "\"},\"scheme\":\"ecdsa-sha2-nistp256\"}")
                        .hex());
}

TEST_CASE("public key: a key in a token is named by its application too") {
  const std::string bytes = given_key(1).public_key().bytes();
  const PublicKey key =
      parse_public_key(ssh_line("sk-ssh-ed25519@openssh.com", sk_blob(bytes, "ssh:")), "k.pub");
  CHECK(key.algorithm() == Algorithm::sk_ed25519);
  CHECK(key.application() == "ssh:");
  CHECK(key != PublicKey::sk_ed25519(bytes, "ssh:release"));
  CHECK(key.id() != given_key(1).public_key().id());
  CHECK(PublicKey::from_tuf(key.to_tuf(), "root") == key);
  CHECK_FALSE(key.verifies("m", given_key(1).sign("m")));
  for (const char* bad : {"", "with space", "back\\slash", "new\nline", "\"", "\x7f"}) {
    CHECK(error_of([&] { PublicKey::sk_ed25519(bytes, bad); }).code() == Errc::corrupt);
  }
}

TEST_CASE("public key: anything else is refused, and the file is named") {
  const PublicKey key = parse_public_key(kP256Pem, "k.pub");
  const std::string pem(kP256Pem);
  std::string off_curve = p256_blob(key);
  off_curve.back() = static_cast<char>(off_curve.back() ^ 1);
  const std::string bytes = given_key(1).public_key().bytes();
  for (const std::string& bad :
       {replaced(pem, "MFkw", "MFkx"), replaced(pem, "PUBLIC", "PRIVATE"), "\n" + pem, pem + pem,
        pem + "\n", replaced(pem, "YEt\n", "YEt"), replaced(pem, "YEt\n", "YEt\r\n"),
        pem.substr(0, 40), pem.substr(0, pem.size() - 2),
        ssh_line("ecdsa-sha2-nistp256", off_curve), ssh_line("ssh-ed25519", p256_blob(key)),
        ssh_line("ecdsa-sha2-nistp256", p256_blob(key) + "x"),
        ssh_line("ecdsa-sha2-nistp256", replaced(p256_blob(key), "nistp256", "nistp255")),
        ssh_line("ecdsa-sha2-nistp384", p256_blob(key)),
        ssh_line("sk-ssh-ed25519@openssh.com", sk_blob(bytes, "")),
        ssh_line("sk-ssh-ed25519@openssh.com", sk_blob(bytes.substr(1), "ssh:")),
        ssh_line("sk-ecdsa-sha2-nistp256@openssh.com", p256_blob(key)),
        ssh_line("ssh-ed25519", std::string("\xff\xff\xff\xff", 4))}) {
    INFO(bad);
    CHECK(refusal(bad) == Errc::invalid_input);
  }
}

TEST_CASE("public key: a key object of a root has one spelling") {
  const Json p256 = parse_public_key(kP256Pem, "k.pub").to_tuf();
  const auto refuses = [](Json key, const auto& edit) {
    edit(key);
    return error_of([&] { PublicKey::from_tuf(key, "root"); }).code() == Errc::corrupt;
  };
  CHECK(refuses(p256, [](Json& key) { key["scheme"] = "ed25519"; }));
  CHECK(refuses(p256, [](Json& key) { key["keyval"]["private"] = ""; }));
  CHECK(refuses(p256, [](Json& key) { key["more"] = 1; }));
  CHECK(refuses(p256, [](Json& key) {
    key["keyval"]["public"] = key["keyval"]["public"].get<std::string>() + "\n";
  }));
  const Json ed25519 = given_key(1).public_key().to_tuf();
  CHECK(refuses(ed25519, [](Json& key) { key["keyval"]["application"] = "ssh:"; }));
  CHECK(refuses(ed25519, [](Json& key) { key["scheme"] = "ecdsa-sha2-nistp256"; }));
}

TEST_CASE("P-256: what openssl signs is verified, and nothing else") {
  const PublicKey key = parse_public_key(kP256Pem, "k.pub");
  CHECK_FALSE(key.verifies("m", ""));
  CHECK_FALSE(key.verifies("m", std::string(64, '\x01')));
  CHECK_FALSE(key.verifies("m", std::string(1000, '\x30')));
  CHECK_FALSE(is_p256_point(std::string(65, '\x04')));
  CHECK_FALSE(is_p256_point(""));
  // Compressed and hybrid spellings of the same point.
  std::string hybrid = key.bytes();
  hybrid[0] = '\x07';
  CHECK_FALSE(is_p256_point(hybrid));
  CHECK(p256_der(std::string("\0\0\x01", 3), "\xff") ==
        std::string("\x30\x07\x02\x01\x01\x02\x02\0\xff", 9));
}

}  // namespace sealift::signing::public_key_test
