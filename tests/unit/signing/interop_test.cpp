// SPDX-License-Identifier: Apache-2.0

// Other people's tools read what we write and write what we read: minisign, OpenSSL, jq and
// OpenSSH.

#include <stdlib.h>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/process.hpp"
#include "given_roots.hpp"
#include "signing/base64.hpp"

namespace sealift::signing {

namespace {

Command shell(const std::string& script) {
  Command command;
  command.arguments = {"sh", "-c", script};
  return command;
}

// False, and said so, where a tool is missing; in CI that fails the test.
bool have(std::initializer_list<const char*> tools) {
  for (const char* tool : tools) {
    const auto found = run(shell(format("command -v {}", tool)));
    REQUIRE(found);
    if (found->status == 0) continue;
    const char* ci = std::getenv("CI");
    if (ci != nullptr && std::string_view(ci) == "true") FAIL(tool << " is not installed");
    WARN("SKIPPED: " << tool << " is not installed");
    return false;
  }
  return true;
}

// A folder that goes with the test, and commands that run in it.
class Desk {
 public:
  Desk() {
    std::string name = (fs::temp_directory_path() / "signing-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Desk() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  void put(const char* name, std::string_view content) const { write_file(path_ / name, content); }
  std::string get(const char* name) const { return read_file(path_ / name, 1 << 20); }
  Outcome sh(const std::string& script, const std::string& input = {}) const {
    Command command = shell(script);
    command.folder = path_;
    command.input = input;
    const auto outcome = run(command);
    REQUIRE(outcome);
    return *outcome;
  }
  // What `script` printed; fails the test where it fails.
  std::string output_of(const std::string& script, const std::string& input = {}) const {
    const Outcome outcome = sh(script, input);
    INFO(script << "\n" << outcome.output << outcome.error_output);
    REQUIRE(outcome.status == 0);
    return outcome.output;
  }

 private:
  fs::path path_;
};

// The key as OpenSSL reads it: SubjectPublicKeyInfo (RFC 8410).
std::string spki(const PublicKey& key) {
  std::string der = bytes_from_hex("302a300506032b6570032100");
  der.append(reinterpret_cast<const char*>(key.bytes().data()), key.bytes().size());
  return der;
}

constexpr const char* kOpensslVerify =
    "openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in message -sigfile sig";

Secret never_asked() {
  FAIL("the passphrase was asked for");
  throw Error(Errc::internal, "not reached");
}

// What `ssh-keygen -Y sign` signs (openssh PROTOCOL.sshsig).
std::string sshsig_message(std::string_view purpose, std::string_view sha512) {
  std::string message = "SSHSIG";
  for (const std::string_view field :
       {purpose, std::string_view(), std::string_view("sha512"), sha512}) {
    message += std::string("\0\0\0", 3) + static_cast<char>(field.size());
    message += field;
  }
  return message;
}

}  // namespace

TEST_CASE("interop: minisign signs with our keys and verifies with our public keys") {
  if (!have({"minisign"})) return;
  const Desk desk;
  const SecretKey key = SecretKey::generate();
  const Secret passphrase = secret("correct horse");
  desk.put("encrypted.key", key.to_file(&passphrase, kQuick));
  desk.put("plain.key", key.to_file(nullptr));
  desk.put("ours.pub", key.to_public_file());
  desk.put("file", "content");
  const std::string verify = "minisign -V -H -m file -x sig -p ours.pub";

  CHECK(desk.sh("minisign -S -s encrypted.key -m file -x sig", "wrong\n").status != 0);
  desk.output_of("minisign -S -s encrypted.key -m file -x sig", "correct horse\n");
  desk.output_of(verify);
  desk.output_of("minisign -S -s plain.key -m file -x sig");
  desk.output_of(verify);
  desk.put("file", "Content");
  CHECK(desk.sh(verify).status != 0);
}

TEST_CASE("interop: an unencrypted key of minisign -G -W is read, with its public key and number") {
  if (!have({"minisign"})) return;
  const Desk desk;
  desk.output_of("minisign -G -W -s theirs.key -p theirs.pub");
  const SecretKey key = SecretKey::parse(desk.get("theirs.key"), "theirs.key", never_asked);
  CHECK(key.to_public_file() == desk.get("theirs.pub"));
  CHECK(parse_public_key(desk.get("theirs.pub"), "theirs.pub") == key.public_key());
}

// Takes seconds and 1 GiB of memory: run with [slow].
TEST_CASE("interop: an encrypted key of minisign -G opens with its passphrase", "[.][slow]") {
  if (!have({"minisign"})) return;
  const Desk desk;
  desk.output_of("minisign -G -s theirs.key -p theirs.pub", "correct horse\ncorrect horse\n");
  const SecretKey key = SecretKey::parse(desk.get("theirs.key"), "theirs.key",
                                         [] { return secret("correct horse"); });
  CHECK(key.to_public_file() == desk.get("theirs.pub"));
}

TEST_CASE("interop: openssl and our keys agree on signatures") {
  if (!have({"openssl"})) return;
  const Desk desk;
  const SecretKey key = SecretKey::generate();
  desk.put("key.der", spki(key.public_key()));
  desk.put("message", "what was said");
  desk.put("sig", key.sign("what was said"));
  desk.output_of(kOpensslVerify);
  desk.put("message", "what was sait");
  CHECK(desk.sh(kOpensslVerify).status != 0);

  desk.output_of("openssl genpkey -algorithm ed25519 -out theirs.pem");
  const std::string der = desk.output_of("openssl pkey -in theirs.pem -pubout -outform DER");
  const auto theirs = PublicKey::from_hex(to_hex(std::string_view(der).substr(12)));
  desk.output_of("openssl pkeyutl -sign -inkey theirs.pem -rawin -in message -out sig");
  CHECK(theirs.verifies("what was sait", desk.get("sig")));
}

TEST_CASE("interop: jq and openssl alone verify an approval") {
  if (!have({"openssl", "jq", "base64"})) return;
  const Desk desk;
  const SecretKey key = SecretKey::generate();
  desk.put("key.der", spki(key.public_key()));
  desk.put("envelope", to_text(sign(kStatementType, "{\"the\":\"statement\"}", key)));
  desk.output_of(
      "jq -r .payload envelope | base64 -d > payload && T=$(jq -r .payloadType envelope) && "
      "{ printf 'DSSEv1 %d %s %d ' ${#T} \"$T\" $(stat -c %s payload); cat payload; } > message && "
      "jq -r '.signatures[0].sig' envelope | base64 -d > sig");
  CHECK(desk.get("payload") == "{\"the\":\"statement\"}");
  desk.output_of(kOpensslVerify);
}

TEST_CASE("interop: jq prints a root's signed bytes, its fingerprint and its key ids") {
  if (!have({"openssl", "jq", "sha256sum"})) return;
  const Desk desk;
  RootDraft draft = some_draft();
  draft.names[given_key(11).public_key()] = "CORP\\user \"anna\" <a/b> 'c' & d";
  desk.put("root.json", root_text(draft, {1, 2}));
  const Root root = Root::parse(desk.get("root.json"), "root.json");
  CHECK(desk.output_of("jq -cSj .signed root.json | sha256sum | cut -c 1-64") ==
        root.fingerprint().hex() + "\n");
  const std::string id = given_key(11).public_key().id();
  CHECK(desk.output_of(format("jq -cSj '.signed.keys[\"{}\"]' root.json | sha256sum | cut -c 1-64",
                              id)) == id + "\n");

  desk.output_of("jq -cSj .signed root.json > message");
  for (const unsigned char number : std::initializer_list<unsigned char>{1, 2}) {
    const PublicKey key = given_key(number).public_key();
    desk.put("key.der", spki(key));
    const std::string hex = desk.output_of(
        format("jq -rj '.signatures[] | select(.keyid == \"{}\") | .sig' root.json", key.id()));
    desk.put("sig", bytes_from_hex(hex));
    desk.output_of(kOpensslVerify);
  }
}

TEST_CASE("interop: a public key of ssh-keygen verifies what ssh-keygen signed") {
  if (!have({"ssh-keygen", "sha512sum"})) return;
  const Desk desk;
  desk.output_of("ssh-keygen -q -t ed25519 -N '' -C 'anna@example.com' -f id");
  const PublicKey key = parse_public_key(desk.get("id.pub"), "id.pub");
  desk.put("file", "content");
  desk.output_of("ssh-keygen -Y sign -n sealift-release -f id file");
  const std::string blob = from_base64(desk.output_of("grep -v -e ----- file.sig | tr -d '\\n'"));
  const std::string sum =
      bytes_from_hex(desk.output_of("sha512sum file | cut -c 1-128 | tr -d '\\n'"));
  const std::string signature = blob.substr(blob.size() - 64);  // its last field
  CHECK(key.verifies(sshsig_message("sealift-release", sum), signature));
  CHECK_FALSE(key.verifies(sshsig_message("sealift-releasf", sum), signature));
}

TEST_CASE("interop: other keys of ssh-keygen are refused by their type") {
  if (!have({"ssh-keygen"})) return;
  const Desk desk;
  desk.output_of("ssh-keygen -q -t ecdsa -N '' -f id");
  const Error error = error_of([&] { parse_public_key(desk.get("id.pub"), "id.pub"); });
  CHECK(error.code() == Errc::invalid_input);
  CHECK(error.message().find("ecdsa-sha2-nistp256") != std::string::npos);
  CHECK(error_of([&] { SecretKey::parse(desk.get("id"), "id", never_asked); }).code() ==
        Errc::invalid_input);
}

}  // namespace sealift::signing
