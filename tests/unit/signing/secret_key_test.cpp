// SPDX-License-Identifier: Apache-2.0
#include "signing/secret_key.hpp"

#include "base/digest.hpp"
#include "given.hpp"
#include "signing/base64.hpp"

namespace sealift::signing::secret_key_test {

namespace {

constexpr std::string_view kHint = "untrusted comment: ";

Secret never_asked() {
  FAIL("the passphrase was asked for");
  throw Error(Errc::internal, "not reached");
}

SecretKey from_hex_seed(std::string_view hex) {
  const std::string bytes = bytes_from_hex(hex);
  std::array<unsigned char, 32> seed{};
  std::copy(bytes.begin(), bytes.end(), seed.begin());
  return SecretKey::from_seed(seed);
}

// `text` with the bytes of its second line changed by `edit`.
template <typename Edit>
std::string edited(const std::string& text, Edit&& edit) {
  const std::size_t line = text.find('\n') + 1;
  std::string bytes = from_base64(text.substr(line, text.size() - line - 1));
  edit(bytes);
  return text.substr(0, line) + to_base64(bytes) + "\n";
}

std::string with_cost(const std::string& text, std::uint64_t operations, std::uint64_t memory) {
  return edited(text, [&](std::string& bytes) {
    for (std::size_t i = 0; i < 8; ++i) {
      bytes[38 + i] = static_cast<char>(operations >> (8 * i) & 0xff);
      bytes[46 + i] = static_cast<char>(memory >> (8 * i) & 0xff);
    }
  });
}

std::string openssh_line(const PublicKey& key, std::string_view type = "ssh-ed25519") {
  std::string blob("\0\0\0\x0b", 4);
  blob += type;
  blob += std::string("\0\0\0\x20", 4);
  blob += key.bytes();
  return "ssh-ed25519 " + to_base64(blob);
}

}  // namespace

TEST_CASE("keys: the signatures of RFC 8032 come out, and verify") {
  struct Vector {
    std::string_view seed, key, message, signature;
  };
  for (const Vector& vector : {
           Vector{
               "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
               "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
               "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc"
               "61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
           Vector{
               "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
               "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
               "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e4"
               "58f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
       }) {
    const SecretKey key = from_hex_seed(vector.seed);
    const std::string message = bytes_from_hex(vector.message);
    CHECK(to_hex(key.public_key().bytes()) == vector.key);
    CHECK(to_hex(key.sign(message)) == vector.signature);
    CHECK(PublicKey::ed25519(bytes_from_hex(vector.key))
              .verifies(message, bytes_from_hex(vector.signature)));
  }
}

TEST_CASE("keys: the id is the SHA-256 of TUF's canonical key object") {
  // printf '{"keytype":"ed25519","keyval":{"public":"HEX"},"scheme":"ed25519"}' | sha256sum
  const auto key = PublicKey::ed25519(
      bytes_from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
  CHECK(key.id() == "74c181c7ad8a0855d4b55e44d2ba87aabdddb196832571f15f92fece332e4916");
}

TEST_CASE("keys: a public key has one hexadecimal spelling") {
  const Json good = given_key(1).public_key().to_tuf();
  CHECK(PublicKey::from_tuf(good, "k") == given_key(1).public_key());
  const std::string hex = good["keyval"]["public"];
  std::string upper = hex;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const std::string& bad :
       {upper, hex + "00", hex.substr(2), hex.substr(1), "0x" + hex, std::string()}) {
    Json key = good;
    key["keyval"]["public"] = bad;
    CHECK(error_of([&] { PublicKey::from_tuf(key, "k"); }).code() == Errc::corrupt);
  }
}

TEST_CASE("keys: a changed message, signature or key does not verify") {
  const SecretKey key = given_key(1);
  const std::string message = "what was said";
  const std::string signature = key.sign(message);
  REQUIRE(key.public_key().verifies(message, signature));
  CHECK_FALSE(key.public_key().verifies("what was said ", signature));
  CHECK_FALSE(given_key(2).public_key().verifies(message, signature));
  CHECK_FALSE(key.public_key().verifies(message, ""));
  CHECK_FALSE(key.public_key().verifies(message, signature.substr(1)));
  CHECK_FALSE(key.public_key().verifies(message, signature + '\0'));
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    std::string changed = signature;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    CHECK_FALSE(key.public_key().verifies(message, changed));
  }
}

TEST_CASE("keys: a second spelling of a signature (S + L) does not verify") {
  const SecretKey key = given_key(1);
  std::string signature = key.sign("m");
  const std::string order =
      bytes_from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned char>(signature[32 + i]) + static_cast<unsigned char>(order[i]);
    signature[32 + i] = static_cast<char>(carry & 0xff);
    carry >>= 8;
  }
  REQUIRE(carry == 0);
  CHECK_FALSE(key.public_key().verifies("m", signature));
}

TEST_CASE("keys: a key of small order, for which one signature fits all messages, never verifies") {
  const std::string identity = "01" + std::string(62, '0');
  const std::string not_canonical = "ee" + std::string(60, 'f') + "7f";  // the same point
  const std::string signature = bytes_from_hex(identity + std::string(64, '0'));
  for (const std::string& hex : {identity, not_canonical, std::string(64, '0')}) {
    CHECK_FALSE(PublicKey::ed25519(bytes_from_hex(hex)).verifies("anything", signature));
  }
}

TEST_CASE("keys: an unencrypted secret key is read back without asking") {
  const SecretKey key = SecretKey::generate();
  const SecretKey again = SecretKey::parse(key.to_file(nullptr), "dev.key", never_asked);
  CHECK(again.public_key() == key.public_key());
  CHECK(again.to_public_file() == key.to_public_file());  // the key number too
  CHECK(key.public_key().verifies("m", again.sign("m")));
}

TEST_CASE("keys: two generated keys differ") {
  CHECK(SecretKey::generate().public_key() != SecretKey::generate().public_key());
}

TEST_CASE("keys: an encrypted secret key opens with its passphrase only") {
  const SecretKey key = given_key(1);
  const Secret passphrase = secret("correct horse");
  const std::string file = key.to_file(&passphrase, kQuick);
  CHECK(file != key.to_file(&passphrase, kQuick));  // a new salt each time
  const SecretKey again = SecretKey::parse(file, "dev.key", [] { return secret("correct horse"); });
  CHECK(again.public_key() == key.public_key());
  for (const std::string wrong : {"", "correct horse ", "Correct horse", "correct"}) {
    const Error error =
        error_of([&] { SecretKey::parse(file, "dev.key", [&] { return secret(wrong); }); });
    CHECK(error.code() == Errc::untrusted);
    CHECK(error.message() == "dev.key: wrong passphrase, expected the key's own");
  }
}

TEST_CASE("keys: a file that asks for too much memory or work is refused before the passphrase") {
  const Secret passphrase = secret("p");
  const std::string file = given_key(1).to_file(&passphrase, kQuick);
  const std::uint64_t gib = std::uint64_t{1} << 30;
  const std::vector<std::pair<std::uint64_t, std::uint64_t>> costs = {{32768, gib + 1},
                                                                      {gib / 32 + 1, gib},
                                                                      {std::uint64_t{1} << 28, 0},
                                                                      {~std::uint64_t{0}, 0},
                                                                      {32768, ~std::uint64_t{0}}};
  for (const auto& [operations, memory] : costs) {
    const std::string greedy = with_cost(file, operations, memory);
    CHECK(error_of([&] { SecretKey::parse(greedy, "k", never_asked); }).code() ==
          Errc::invalid_input);
  }
}

TEST_CASE("keys: a damaged secret key is refused, never used") {
  const std::string file = given_key(1).to_file(nullptr);
  for (const std::size_t at : {54, 62, 93, 94, 125, 126, 157}) {  // number, seed, public half, sum
    const std::string damaged =
        edited(file, [&](std::string& bytes) { bytes[at] = static_cast<char>(bytes[at] ^ 1); });
    CHECK(error_of([&] { SecretKey::parse(damaged, "k", never_asked); }).code() == Errc::corrupt);
  }
}

TEST_CASE("keys: without a checksum, as minisign -W writes it, both halves must still fit") {
  const std::string bare = edited(given_key(1).to_file(nullptr),
                                  [](std::string& bytes) { bytes.replace(126, 32, 32, '\0'); });
  CHECK(SecretKey::parse(bare, "k", never_asked).public_key() == given_key(1).public_key());
  for (const std::size_t at : {62, 94}) {
    const std::string damaged =
        edited(bare, [&](std::string& bytes) { bytes[at] = static_cast<char>(bytes[at] ^ 1); });
    CHECK(error_of([&] { SecretKey::parse(damaged, "k", never_asked); }).code() == Errc::corrupt);
  }
}

TEST_CASE("keys: an encrypted key must have its checksum") {
  // Sealed so that the right passphrase opens it to a checksum of zero.
  std::string sum;
  edited(given_key(1).to_file(nullptr), [&](std::string& bytes) { sum = bytes.substr(126); });
  const Secret passphrase = secret("p");
  const std::string file =
      edited(given_key(1).to_file(&passphrase, kQuick), [&](std::string& bytes) {
        for (std::size_t i = 0; i < 32; ++i) {
          bytes[126 + i] = static_cast<char>(bytes[126 + i] ^ sum[i]);
        }
      });
  CHECK(error_of([&] { SecretKey::parse(file, "k", [] { return secret("p"); }); }).code() ==
        Errc::untrusted);
}

TEST_CASE("keys: a secret-key file has one spelling") {
  const std::string file = given_key(1).to_file(nullptr);
  REQUIRE_NOTHROW(SecretKey::parse(file.substr(0, file.size() - 1), "k", never_asked));
  const std::string line = file.substr(file.find('\n') + 1);
  for (const std::string& bad :
       {std::string(), line, file + "\n", file + "more\n", "\n" + file,
        replaced(file, "\n", "\r\n"), std::string(kHint) + "\n", std::string(kHint) + "\n\n",
        std::string(kHint) + "\nRQ==\n", std::string(kHint) + "\nRWQ=\n",
        std::string(kHint) + std::string(1025, 'x') + "\n" + line,
        std::string(kHint) + std::string(4096, 'x') + "\n" + line,
        edited(file, [](std::string& bytes) { bytes.pop_back(); }),
        edited(file, [](std::string& bytes) { bytes += '\0'; }),
        edited(file, [](std::string& bytes) { bytes[0] = 'e'; }),
        edited(file, [](std::string& bytes) { bytes[2] = 'A'; }),
        edited(file, [](std::string& bytes) { bytes[4] = 'X'; }), given_key(1).to_public_file()}) {
    INFO(bad);
    CHECK(error_of([&] { SecretKey::parse(bad, "k", never_asked); }).code() == Errc::invalid_input);
  }
  const std::string longest = std::string(kHint) + std::string(1024, 'x') + "\n" + line;
  CHECK_NOTHROW(SecretKey::parse(longest, "k", never_asked));
}

TEST_CASE("keys: a public key is read from minisign's file and from an OpenSSH line") {
  const PublicKey key = given_key(1).public_key();
  const std::string file = given_key(1).to_public_file();
  CHECK(parse_public_key(file, "dev.pub") == key);
  CHECK(parse_public_key(file.substr(0, file.size() - 1), "dev.pub") == key);
  const std::string line = openssh_line(key);
  for (const std::string& good : {line, line + "\n", line + " anna@example.com\n",
                                  line + " two words", line + " " + std::string(1023, 'x')}) {
    CHECK(parse_public_key(good, "id.pub") == key);
  }
}

TEST_CASE("keys: a public key in any other spelling is refused, and the file is named") {
  const std::string file = given_key(1).to_public_file();
  const std::string line = openssh_line(given_key(1).public_key());
  for (const std::string& bad : {std::string(),
                                 file + "\n",
                                 file + file,
                                 replaced(file, "\n", "\n "),
                                 edited(file, [](std::string& bytes) { bytes[1] = 'D'; }),
                                 edited(file, [](std::string& bytes) { bytes += '\0'; }),
                                 edited(file, [](std::string& bytes) { bytes.pop_back(); }),
                                 given_key(1).to_file(nullptr),
                                 line + "\n\n",
                                 line + "\n" + line + "\n",
                                 line + "\r\n",
                                 line + " a\r\n",
                                 " " + line,
                                 line.substr(0, 40),
                                 replaced(line, " ", "  "),
                                 line + " " + std::string(1024, 'x'),
                                 openssh_line(given_key(1).public_key(), "ssh-ed25518"),
                                 "ssh-ed25519 " + to_base64(from_base64(line.substr(12)) + '\0'),
                                 std::string("ssh-ed25519 "),
                                 std::string("ssh-rsa AAAAB3NzaC1yc2E= a@b\n")}) {
    INFO(bad);
    const Error error = error_of([&] { parse_public_key(bad, "dev.pub"); });
    CHECK(error.code() == Errc::invalid_input);
    CHECK(error.message().starts_with("dev.pub: "));
  }
}

TEST_CASE("keys: a key of another algorithm is called by its name") {
  CHECK(error_of([] { parse_public_key("ssh-rsa AAAA a@b\n", "id.pub"); })
            .message()
            .starts_with("id.pub: found a key of type \"ssh-rsa\", expected ssh-ed25519"));
}

}  // namespace sealift::signing::secret_key_test
