// SPDX-License-Identifier: Apache-2.0

// Other people's tools read what we write and write what we read: minisign, OpenSSL, jq and
// OpenSSH.

#include <stdlib.h>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/process.hpp"
#include "given_roots.hpp"
#include "signing/base64.hpp"
#include "signing/sshsig.hpp"

namespace sealift::signing::interop_test {

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
  const fs::path& path() const { return path_; }
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

constexpr const char* kOpensslVerify =
    "openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in message -sigfile sig";

Secret never_asked() {
  FAIL("the passphrase was asked for");
  throw Error(Errc::internal, "not reached");
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
  desk.put("key.der", key.public_key().to_spki());
  desk.put("message", "what was said");
  desk.put("sig", key.sign("what was said"));
  desk.output_of(kOpensslVerify);
  desk.put("message", "what was sait");
  CHECK(desk.sh(kOpensslVerify).status != 0);

  desk.output_of("openssl genpkey -algorithm ed25519 -out theirs.pem");
  const std::string der = desk.output_of("openssl pkey -in theirs.pem -pubout -outform DER");
  const auto theirs = PublicKey::ed25519(std::string_view(der).substr(12));
  desk.output_of("openssl pkeyutl -sign -inkey theirs.pem -rawin -in message -out sig");
  CHECK(theirs.verifies("what was sait", desk.get("sig")));
}

TEST_CASE("interop: jq and openssl alone verify an approval") {
  if (!have({"openssl", "jq", "base64"})) return;
  const Desk desk;
  const SecretKey key = SecretKey::generate();
  desk.put("key.der", key.public_key().to_spki());
  desk.put("envelope",
           to_text(sign(kStatementType, "{\"the\":\"statement\"}",
                        signer_with(SecretKey::parse(key.to_file(nullptr), "key", never_asked)))));
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
  draft.names[given_key(11).public_key()] = "user \"anna\" <a/b> 'c' & d";
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
    desk.put("key.der", key.to_spki());
    const std::string hex = desk.output_of(
        format("jq -rj '.signatures[] | select(.keyid == \"{}\") | .sig' root.json", key.id()));
    desk.put("sig", bytes_from_hex(hex));
    desk.output_of(kOpensslVerify);
  }
}

TEST_CASE("interop: what ssh-keygen -Y sign writes is verified, byte for byte what was signed") {
  if (!have({"ssh-keygen"})) return;
  const Desk desk;
  for (const std::string type : {"ed25519", "ecdsa"}) {
    desk.output_of("rm -f id id.pub && ssh-keygen -q -t " + type +
                   " -N '' -C 'anna@example.com' -f id");
    const PublicKey key = parse_public_key(desk.get("id.pub"), "id.pub");
    desk.put("file", "content");
    for (const std::string hash : {"sha256", "sha512"}) {
      const std::string sign =
          "rm -f file.sig && ssh-keygen -Y sign -O hashalg=" + hash + " -f id -n ";
      desk.output_of(sign + "sealift-release file");
      const SshSignature signature = SshSignature::parse(desk.get("file.sig"), "file.sig");
      CHECK(signature.key() == key);
      CHECK(signature.verifies("content"));
      CHECK_FALSE(signature.verifies("content\n"));
      desk.output_of(sign + "file file");
      CHECK(error_of([&] { SshSignature::parse(desk.get("file.sig"), "file.sig"); }).code() ==
            Errc::corrupt);
    }
  }
}

TEST_CASE("interop: openssl signs with P-256 and we verify, also a root by such a key") {
  if (!have({"openssl", "jq"})) return;
  const Desk desk;
  desk.output_of("openssl ecparam -name prime256v1 -genkey -noout -out p.pem");
  desk.output_of("openssl ec -in p.pem -pubout -out p.pub 2>&1");
  const PublicKey key = parse_public_key(desk.get("p.pub"), "p.pub");
  CHECK(key.to_tuf()["keyval"]["public"] == desk.get("p.pub"));
  const Signer signer =
      command_signer("openssl dgst -sha256 -sign " + (desk.path() / "p.pem").string(), key);
  CHECK(key.verifies("said", signer.sign("said")));
  CHECK_FALSE(key.verifies("sait", signer.sign("said")));

  RootDraft draft = some_draft();
  draft.root = {.keys = {key}, .threshold = 1};
  const Root bare = Root::parse(make_root(draft), "draft");
  desk.put("root.json", with_signature(bare, {key}, signer));
  const Root root = Root::parse(desk.get("root.json"), "root.json");
  CHECK_NOTHROW(check_self_signed(root));
  desk.output_of("jq -cSj .signed root.json | sed 's/\\\\n/\\n/g' > message");
  CHECK(desk.get("message") == root.signed_bytes());
  desk.output_of("jq -r '.signatures[0].sig' root.json | xxd -r -p > sig");
  desk.output_of("openssl dgst -sha256 -verify p.pub -signature sig message");
}

TEST_CASE("interop: other keys of ssh-keygen are refused by their type") {
  if (!have({"ssh-keygen"})) return;
  const Desk desk;
  desk.output_of("ssh-keygen -q -t ecdsa -b 384 -N '' -f id");
  const Error error = error_of([&] { parse_public_key(desk.get("id.pub"), "id.pub"); });
  CHECK(error.code() == Errc::invalid_input);
  CHECK(error.message().find("ecdsa-sha2-nistp384") != std::string::npos);
  CHECK(error_of([&] { SecretKey::parse(desk.get("id"), "id", never_asked); }).code() ==
        Errc::invalid_input);
}

}  // namespace sealift::signing::interop_test
