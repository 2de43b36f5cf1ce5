// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/site_receipt.hpp"

#include <catch2/catch.hpp>

#include "signing/base64.hpp"
#include "signing/secret_key.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::release::site_receipt_test {

namespace {

signing::SecretKey key_of(unsigned char seed) {
  const std::array<unsigned char, 32> bytes = {seed};
  return signing::SecretKey::from_seed(bytes);
}

HeldRelease held(const std::string& version, HeldAs use) {
  return {.name = "shop", .version = version, .digest = Digest::of(version), .use = use};
}

// "1.1.0" has the smaller digest of both.
SiteReceipt full_receipt() {
  return {
      .site = "0123456789abcdef",
      .release = "shop",
      .environment = "production",
      .installer = "0.1.0",
      .made = parse_time("2026-01-31T12:00:00Z"),
      .key = key_of(1).public_key(),
      .root = RootSummary{.version = 3, .fingerprint = Digest::of("root")},
      .checkpoint = "sealift-checkpoint 0123456789abcdef 7 HEAD TIME KEY SIGNATURE",
      .current = CurrentRelease{.name = "shop", .version = "1.1.0", .digest = Digest::of("1.1.0")},
      .held = {held("1.1.0", HeldAs::current), held("1.0.0", HeldAs::rollback)}};
}

std::string text_of(const SiteReceipt& receipt, unsigned char seed = 1) {
  const signing::SecretKey key = key_of(seed);
  return to_text(receipt, [&](std::string_view message) { return key.sign(message); });
}

std::string said_of(const SiteReceipt& receipt) {
  return tests::messages(tests::error_of([&] { parse_receipt(text_of(receipt), "a.receipt"); }));
}

RegistrationCard card_of(const SiteReceipt& receipt) {
  return {.site = receipt.site,
          .release = receipt.release,
          .environment = receipt.environment,
          .key = receipt.key.id(),
          .recipient = "age1"};
}

}  // namespace

TEST_CASE("receipt: what was written is read again, full or empty") {
  const SiteReceipt full = full_receipt();
  CHECK(parse_receipt(text_of(full), "a.receipt") == full);
  SiteReceipt empty = full;
  empty.root.reset();
  empty.checkpoint.clear();
  empty.current.reset();
  empty.held.clear();
  CHECK(parse_receipt(text_of(empty), "a.receipt") == empty);
  SiteReceipt adopted = empty;
  adopted.current = CurrentRelease{.name = "shop", .version = "0.0.0-0", .digest = {}};
  CHECK(parse_receipt(text_of(adopted), "a.receipt") == adopted);
}

TEST_CASE("receipt: the signature is over the same JSON without it") {
  const std::string text = text_of(full_receipt());
  Json value = parse_json(text, "a.receipt");
  const std::string signature = signing::from_base64(value.at("signature").text());
  value.erase("signature");
  CHECK(full_receipt().key.verifies(to_canonical(value), signature));
}

TEST_CASE("receipt: every flipped bit is refused") {
  const std::string text = text_of(full_receipt());
  for (std::size_t i = 0; i < text.size() * 8; ++i) {
    std::string changed = text;
    changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << i % 8));
    CAPTURE(i, changed);
    const std::optional<Errc> refusal =
        tests::refusal_of([&] { parse_receipt(changed, "a.receipt"); });
    CHECK((refusal == Errc::corrupt || refusal == Errc::untrusted));
  }
}

TEST_CASE("receipt: every cut is refused, and what is added") {
  const std::string text = text_of(full_receipt());
  for (std::size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    CHECK(tests::refusal_of([&] { parse_receipt(text.substr(0, size), "a.receipt"); }) ==
          Errc::corrupt);
  }
  for (const std::string& more :
       {std::string("\n"), std::string(" "), text, std::string(kMaxReceiptBytes, ' ')}) {
    CHECK(tests::refusal_of([&] { parse_receipt(text + more, "a.receipt"); }) == Errc::corrupt);
  }
}

TEST_CASE("receipt: signed by another key than the one in it is refused") {
  CHECK(tests::refusal_of([] { parse_receipt(text_of(full_receipt(), 2), "a.receipt"); }) ==
        Errc::untrusted);
}

TEST_CASE("receipt: what contradicts itself is refused though it is signed") {
  SiteReceipt receipt = full_receipt();
  std::swap(receipt.held[0], receipt.held[1]);
  CHECK_THAT(said_of(receipt), Catch::Matchers::Contains("every digest once, in order"));
  receipt = full_receipt();
  receipt.held.insert(receipt.held.begin(), receipt.held.front());
  CHECK_THAT(said_of(receipt), Catch::Matchers::Contains("every digest once, in order"));
  receipt = full_receipt();
  receipt.held[1].use = HeldAs::current;
  CHECK_THAT(said_of(receipt), Catch::Matchers::Contains("one release that is current"));
  receipt = full_receipt();
  receipt.held[0].use = HeldAs::kept;
  CHECK_THAT(said_of(receipt), Catch::Matchers::Contains("to be the current one"));
  receipt = full_receipt();
  receipt.current.reset();
  CHECK_THAT(said_of(receipt), Catch::Matchers::Contains("to be the current one"));
  receipt = full_receipt();
  receipt.held.assign(kMaxHeldReleases + 1, held("1.0.0", HeldAs::kept));
  CHECK_THAT(said_of(receipt), Catch::Matchers::Contains("expected at most 2000"));
}

TEST_CASE("receipt: a text that a terminal would not show as it is, is refused") {
  for (const std::string& text : {std::string(), std::string("a\x1b[2J"), std::string(513, 'a')}) {
    CAPTURE(text);
    SiteReceipt receipt = full_receipt();
    receipt.environment = text;
    CHECK_THAT(said_of(receipt), Catch::Matchers::Contains("environment"));
    receipt = full_receipt();
    receipt.held[0].name = text;
    CHECK_THAT(said_of(receipt), Catch::Matchers::Contains("held[0].name"));
  }
  SiteReceipt receipt = full_receipt();
  receipt.held[0].version = "one";
  CHECK_THAT(said_of(receipt), Catch::Matchers::Contains("held[0].version"));
}

TEST_CASE("receipt: the registration card says whose it is") {
  const SiteReceipt receipt = full_receipt();
  CHECK_NOTHROW(verify_receipt(receipt, card_of(receipt), "a.receipt"));
  RegistrationCard other = card_of(receipt);
  other.site = "another";
  CHECK(tests::refusal_of([&] { verify_receipt(receipt, other, "a"); }) == Errc::untrusted);
  other = card_of(receipt);
  other.key = key_of(2).public_key().id();
  CHECK(tests::refusal_of([&] { verify_receipt(receipt, other, "a"); }) == Errc::untrusted);
}

TEST_CASE("registration card: those that are filed are found by name, and each site has one") {
  const tests::ScratchFolder folder;
  CHECK(filed_cards(folder.path()).empty());
  const RegistrationCard card = card_of(full_receipt());
  const fs::path file = card_file(folder.path(), "vault-room");
  make_dirs(file.parent_path());
  write_file(file, to_pretty(to_json(card)));
  write_file(file.parent_path() / "notes.txt", "no card");
  CHECK(filed_cards(folder.path()) ==
        std::map<std::string, RegistrationCard>{{"vault-room", card}});
  write_file(card_file(folder.path(), "hill"), to_pretty(to_json(card)));
  const auto error = tests::error_of([&] { filed_cards(folder.path()); });
  CHECK_THAT(tests::messages(error), Catch::Matchers::Contains("as that of "));
  write_file(card_file(folder.path(), "hill"), "{}");
  CHECK(tests::refusal_of([&] { filed_cards(folder.path()); }) == Errc::invalid_input);
}

}  // namespace sealift::release::site_receipt_test
