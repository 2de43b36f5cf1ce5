// SPDX-License-Identifier: Apache-2.0
#include "signing/keys.hpp"

#include "base/digest.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"
#include "tests/unit/signing/test_keys.hpp"
#include "tests/unit/stock_tool.hpp"

namespace sealift::signing {

using tests::kLittleCost;
using tests::no_passphrase;
using tests::refusal_of;
using tests::secret;

namespace {

// minisign's signature file: the second line is "Ed" (pure) or "ED" (hashed), number, signature.
std::string second_line(const std::string& text) {
  const std::size_t first = text.find('\n');
  return text.substr(first + 1, text.find('\n', first + 1) - first - 1);
}

SecretKey read_key(const std::string& text) {
  return SecretKey::parse(text, "k.key", no_passphrase);
}

// A key file with one byte of its decoded line replaced.
std::string with_byte(const std::string& file, std::size_t at, char value) {
  std::string bytes = from_base64(second_line(file));
  bytes[at] = value;
  return file.substr(0, file.find('\n') + 1) + to_base64(bytes) + "\n";
}

}  // namespace

TEST_CASE("keys: the vectors of RFC 8032") {
  struct Vector {
    const char* public_key;
    const char* message;
    const char* signature;
  };
  for (const Vector& vector :
       {Vector{
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e"
            "39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
        Vector{
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f"
            "3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
        Vector{
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67"
            "f760984dc6594a7c15e9716ed28dc027beceea1ec40a"}}) {
    const PublicKey key = PublicKey::from_hex(vector.public_key);
    const std::string message = bytes_from_hex(vector.message);
    const std::string signature = bytes_from_hex(vector.signature);
    CHECK(key.verifies(message, signature));
    CHECK_FALSE(key.verifies(message + "x", signature));
    for (std::size_t i = 0; i < signature.size(); ++i) {
      std::string bad = signature;
      bad[i] = static_cast<char>(bad[i] ^ 1);
      CHECK_FALSE(key.verifies(message, bad));
    }
    CHECK_FALSE(key.verifies(message, signature.substr(1)));
    CHECK_FALSE(key.verifies(message, signature + "x"));
    CHECK_FALSE(key.verifies(message, ""));
  }
}

TEST_CASE("keys: a weak public key verifies nothing") {
  // The neutral element: with it, anybody could make a signature that fits every message.
  const PublicKey weak =
      PublicKey::from_hex("0100000000000000000000000000000000000000000000000000000000000000");
  const std::string forged = bytes_from_hex(
      "0100000000000000000000000000000000000000000000000000000000000000"
      "0000000000000000000000000000000000000000000000000000000000000000");
  CHECK_FALSE(weak.verifies("anything", forged));
}

TEST_CASE("keys: the id is that of TUF") {
  const std::string hex = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
  const PublicKey key = PublicKey::from_hex(hex);
  CHECK(key.hex() == hex);
  CHECK(key.id() == Digest::of(R"({"keytype":"ed25519","keyval":{"public":")" + hex +
                               R"("},"scheme":"ed25519"})")
                        .hex());
}

TEST_CASE("keys: a public key in hex has one spelling") {
  const std::string good(64, 'a');
  for (const std::string& bad :
       {std::string(), good.substr(1), good + "a", good.substr(2) + "AA", good.substr(2) + "0x"}) {
    CHECK(refusal_of([&] { PublicKey::from_hex(bad); }) == Errc::corrupt);
  }
}

TEST_CASE("keys: a generated key survives its files, with and without a passphrase") {
  const SecretKey key = SecretKey::generate();
  const PublicKey known = parse_public_key(key.to_public_file(), "k.pub");
  CHECK(known == key.public_key());

  const SecretKey plain = read_key(key.to_file(nullptr));
  CHECK(known.verifies("message", plain.sign("message")));
  CHECK(plain.to_public_file() == key.to_public_file());

  const Secret passphrase = secret("correct horse");
  const std::string file = key.to_file(&passphrase, kLittleCost);
  const SecretKey opened = SecretKey::parse(file, "k.key", [] { return secret("correct horse"); });
  CHECK(known.verifies("message", opened.sign("message")));
  CHECK(refusal_of([&] { SecretKey::parse(file, "k.key", [] { return secret("wrong"); }); }) ==
        Errc::untrusted);
  CHECK(refusal_of([&] { SecretKey::parse(file, "k.key", [] { return secret(""); }); }) ==
        Errc::untrusted);
}

TEST_CASE("keys: two generated keys differ") {
  CHECK(SecretKey::generate().public_key() != SecretKey::generate().public_key());
}

TEST_CASE("keys: an encrypted file shows nothing of the key and differs each time") {
  const SecretKey key = SecretKey::generate();
  const Secret passphrase = secret("p");
  const std::string one = from_base64(second_line(key.to_file(&passphrase, kLittleCost)));
  const std::string two = from_base64(second_line(key.to_file(&passphrase, kLittleCost)));
  CHECK(one.substr(54) != two.substr(54));
  const std::string seed = from_base64(second_line(key.to_file(nullptr))).substr(62, 32);
  CHECK(one.find(seed) == std::string::npos);
}

TEST_CASE("keys: a damaged secret key is refused, not used") {
  const std::string file = SecretKey::generate().to_file(nullptr);
  const std::string bytes = from_base64(second_line(file));
  for (std::size_t at = 54; at < bytes.size(); ++at) {
    const std::string bad = with_byte(file, at, static_cast<char>(bytes[at] ^ 1));
    if (refusal_of([&] { read_key(bad); }) != Errc::untrusted) FAIL("byte " << at);
  }
}

TEST_CASE("keys: a file of another kind is refused before a passphrase is asked") {
  const std::string file = SecretKey::generate().to_file(nullptr);
  for (const std::string& bad :
       {std::string(), std::string("\n"), std::string("untrusted comment: x\n"),
        std::string("untrusted comment: x\nAAAA\n"), file.substr(file.find('\n') + 1),
        file + "more\n", "trusted" + file.substr(9), file.substr(0, file.size() - 5),
        with_byte(file, 0, 'X'), with_byte(file, 2, 'X'), with_byte(file, 4, 'X'),
        file + std::string(5000, ' '), SecretKey::generate().to_public_file()}) {
    CAPTURE(bad.substr(0, 80));
    CHECK(refusal_of([&] { read_key(bad); }) == Errc::invalid_input);
  }
}

TEST_CASE("keys: a file whose passphrase would cost too much is refused before the work") {
  const Secret passphrase = secret("p");
  const std::string file = SecretKey::generate().to_file(&passphrase, kLittleCost);
  for (const std::size_t top : {45U, 53U}) {  // the highest bytes of operations and memory
    CHECK(refusal_of([&] { read_key(with_byte(file, top, '\x7f')); }) == Errc::invalid_input);
  }
}

TEST_CASE("keys: public keys are minisign files or OpenSSH lines and nothing else") {
  const SecretKey key = SecretKey::generate();
  const std::string blob =
      std::string("\0\0\0\x0bssh-ed25519\0\0\0\x20", 19) + bytes_from_hex(key.public_key().hex());
  const std::string line = "ssh-ed25519 " + to_base64(blob);
  CHECK(parse_public_key(line, "k.pub") == key.public_key());
  CHECK(parse_public_key(line + " a comment\n", "k.pub") == key.public_key());
  for (const std::string& bad :
       {std::string(), std::string("ssh-ed25519 "), line.substr(0, line.size() - 4), line + "AAAA",
        "ssh-ed25519 " + to_base64(blob + "x"), "ssh-ed25519 " + to_base64(blob.substr(1)),
        std::string("ssh-rsa AAAA"), "ssh-ed25519 " + to_base64("\xff\xff\xff\xff" + blob),
        key.to_file(nullptr), key.to_public_file() + "more\n", std::string(5000, 'a')}) {
    CAPTURE(bad.substr(0, 80));
    CHECK(refusal_of([&] { parse_public_key(bad, "k.pub"); }) == Errc::invalid_input);
  }
}

TEST_CASE("keys: minisign signs with our keys and verifies under our public keys") {
  const tests::ScratchFolder folder;
  const std::string at = folder.path().string();
  const SecretKey key = SecretKey::generate();
  write_file(folder / "k.pub", key.to_public_file());
  write_file(folder / "message", "a message");
  const Secret passphrase = secret("correct horse");
  for (const bool encrypted : {false, true}) {
    CAPTURE(encrypted);
    write_file(folder / "k.key", key.to_file(encrypted ? &passphrase : nullptr, kLittleCost),
               FileMode::secret);
    const auto made = tests::run_tool({"minisign", "-S", "-l", "-s", "k.key", "-m", "message"}, at,
                                      encrypted ? "correct horse\n" : "");
    if (!made) return;
    CAPTURE(made->output, made->error_output);
    REQUIRE(made->status == 0);
    const auto checked = tests::run_tool({"minisign", "-V", "-p", "k.pub", "-m", "message"}, at);
    REQUIRE(checked);
    CHECK(checked->status == 0);
    const std::string signature =
        from_base64(second_line(read_file(folder / "message.minisig", 4096)));
    REQUIRE(signature.starts_with("Ed"));
    CHECK(key.public_key().verifies("a message", signature.substr(10)));
    CHECK(key.sign("a message") == signature.substr(10));
  }
}

TEST_CASE("keys: we read the keys that minisign makes") {
  const tests::ScratchFolder folder;
  const auto made = tests::run_tool({"minisign", "-G", "-W", "-p", "m.pub", "-s", "m.key"},
                                    folder.path().string());
  if (!made) return;
  REQUIRE(made->status == 0);
  const std::string file = read_file(folder / "m.key", 4096);
  const std::string public_file = read_file(folder / "m.pub", 4096);
  const SecretKey key = read_key(file);
  const PublicKey known = parse_public_key(public_file, "m.pub");
  CHECK(key.public_key() == known);
  CHECK(known.verifies("x", key.sign("x")));
  // What we write is what minisign wrote, but for the checksum that it leaves empty.
  CHECK(second_line(key.to_public_file()) == second_line(public_file));
  CHECK(from_base64(second_line(key.to_file(nullptr))).substr(54, 72) ==
        from_base64(second_line(file)).substr(54, 72));
}

TEST_CASE("keys: openssl verifies what we sign") {
  const tests::ScratchFolder folder;
  const SecretKey key = SecretKey::generate();
  const std::string der = bytes_from_hex("302a300506032b6570032100" + key.public_key().hex());
  write_file(folder / "pub.der", der);
  write_file(folder / "message", "a message");
  write_file(folder / "sig", key.sign("a message"));
  const std::vector<std::string> verify = {"openssl", "pkeyutl",  "-verify", "-pubin", "-keyform",
                                           "DER",     "-inkey",   "pub.der", "-rawin", "-in",
                                           "message", "-sigfile", "sig"};
  const auto good = tests::run_tool(verify, folder.path().string());
  if (!good) return;
  CHECK(good->status == 0);
  write_file(folder / "message", "another message");
  CHECK(tests::run_tool(verify, folder.path().string())->status != 0);
}

}  // namespace sealift::signing
