// SPDX-License-Identifier: Apache-2.0
#include "bundle/verified.hpp"

#include "tests/unit/bundle/small_bundle.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::bundle::verified_test {

using tests::draft_of;
using tests::messages;
using tests::refusal_of;
using tests::root_of;
using tests::SmallBundle;

namespace {

// Whether what `work` does ends with an Error; any other exception or success is a failure.
template <typename Work>
bool refuses(Work&& work) {
  const std::optional<Errc> code = refusal_of(work);
  return code && *code != Errc::internal;
}

// Every place is tried, but not under the sanitizers, where that would take a quarter of an hour.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kStride = 61;
#else
constexpr std::size_t kStride = 1;
#endif

std::vector<Digest> tables_of(const Contents& contents) {
  std::vector<Digest> tables;
  for (const release::Component& each : contents.components) {
    tables.push_back(each.file_table().digest);
  }
  return tables;
}

std::vector<Digest> all_of(const Contents& contents) {
  std::vector<Digest> all;
  for (const content::Descriptor& each : contents.release.payload) all.push_back(each.digest);
  return all;
}

ApprovedRelease approve_file(SmallBundle& small, const fs::path& path, const Extent& extent) {
  const Fd fd = open_for_reading(path);
  const FdAccess access(fd.get(), path.string());
  AccessSource source(access, 0);
  const Trust trust = small.trust();
  Silence silence;
  return Verifier(source, path.string(), trust, small.workers()).approve(access, extent, silence);
}

// Of a file with these bytes.
ApprovedRelease approve(SmallBundle& small, std::string_view bytes, const Extent& extent) {
  const fs::path path = small.folder() / "approved.bundle";
  write_file(path, bytes);
  return approve_file(small, path, extent);
}

const Extent kTables = {.whole = 0, .wanted = tables_of};
const Extent kAll = {.whole = 0, .wanted = all_of};
const Extent kWhole = {.whole = 1U << 30, .wanted = tables_of};

const std::vector<Packing> kPackings = {Packing{}, Packing{.level = {}}};

}  // namespace

TEST_CASE("verified bundle: a sound one is verified, compressed and plain") {
  for (const Packing packing : kPackings) {
    SmallBundle small(packing);
    const VerifiedBundle verified = small.verify(small.bytes());
    CHECK(verified.contents().digest() == small.sealed().descriptor.digest);
    CHECK(verified.contents().document.name == "chanuka");
    CHECK(verified.contents().notes == "# Notes\n");
    CHECK(verified.contents().components.size() == 2);
    CHECK(verified.judgement().count->by == std::vector{small.approver().public_key()});
    CHECK(verified.statement() == small.statement());
  }
}

TEST_CASE("verified bundle: every single flipped bit of a compressed bundle is refused") {
  SmallBundle small;
  std::string bytes = small.bytes();
  for (std::size_t bit = 0; bit < bytes.size() * 8; bit += kStride) {
    const char mask = static_cast<char>(1 << bit % 8);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
    if (!refuses([&] { small.verify(bytes); })) FAIL("bit " << bit << " of " << bytes.size() * 8);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
  }
  CHECK_NOTHROW(small.verify(bytes));
}

// A plain bundle is ten times the size, so one bit of each byte has to do: each byte's position
// picks another.
TEST_CASE("verified bundle: a flipped bit in any byte of a plain bundle is refused") {
  SmallBundle small({.level = {}});
  std::string bytes = small.bytes();
  for (std::size_t i = 0; i < bytes.size(); i += kStride) {
    const char mask = static_cast<char>(1 << i % 8);
    bytes[i] = static_cast<char>(bytes[i] ^ mask);
    if (!refuses([&] { small.verify(bytes); })) FAIL("byte " << i << " of " << bytes.size());
    bytes[i] = static_cast<char>(bytes[i] ^ mask);
  }
  CHECK_NOTHROW(small.verify(bytes));
}

TEST_CASE("verified bundle: every truncation is refused") {
  for (const Packing packing : kPackings) {
    SmallBundle small(packing);
    const std::string bytes = small.bytes();
    for (std::size_t size = 0; size < bytes.size(); size += kStride) {
      const std::string_view cut = std::string_view(bytes).substr(0, size);
      if (!refuses([&] { small.verify(cut); })) FAIL("size " << size << " of " << bytes.size());
    }
  }
}

TEST_CASE("verified bundle: whatever follows the end is refused") {
  for (const Packing packing : kPackings) {
    SmallBundle small(packing);
    const std::string bytes = small.bytes();
    for (const std::string& more :
         {std::string(1, '\0'), std::string("x"), std::string(1024, '\0'), bytes}) {
      CHECK(refusal_of([&] { small.verify(bytes + more); }) == Errc::corrupt);
    }
  }
}

TEST_CASE("verified bundle: unsigned, or without its statement, is refused as untrusted") {
  SmallBundle small;
  const std::string text = to_text(small.statement());
  CHECK(refusal_of([&] { small.verify(small.bytes({})); }) == Errc::untrusted);
  CHECK(refusal_of([&] { small.verify(small.bytes({small.statement_referrer(text)})); }) ==
        Errc::untrusted);
  CHECK(refusal_of([&] {
          small.verify(small.bytes({small.approval_by(small.approver(), text)}));
        }) == Errc::untrusted);
}

TEST_CASE("verified bundle: two statements are refused, whoever signed them") {
  SmallBundle small;
  std::vector<Referrer> referrers = small.referrers();
  signing::Statement other = small.statement();
  other.version = "9.9.9";
  referrers.push_back(small.statement_referrer(to_text(other)));
  CHECK(refusal_of([&] { small.verify(small.bytes(referrers)); }) == Errc::untrusted);
}

TEST_CASE("verified bundle: the key of a stranger or of the root role does not approve") {
  SmallBundle small;
  const std::string text = to_text(small.statement());
  const signing::SecretKey stranger = signing::SecretKey::generate();
  for (const signing::SecretKey* key : {&stranger, &small.root_key()}) {
    const std::string bytes =
        small.bytes({small.statement_referrer(text), small.approval_by(*key, text)});
    const auto error = tests::error_of([&] { small.verify(bytes); });
    REQUIRE(error);
    CHECK(error->code() == Errc::untrusted);
    CHECK(messages(error).starts_with(
        "b.bundle: approved by 0 of the 1 trusted keys that are needed; not signed by "));
    CHECK(messages(error).find("; not counted: ") != std::string::npos);
  }
}

TEST_CASE("verified bundle: another site's root is refused, and a bundle with its own root too") {
  SmallBundle small;
  SmallBundle other;
  CHECK(refusal_of([&] { small.verify(small.bytes(), other.trust()); }) == Errc::untrusted);
  CHECK(refusal_of([&] { small.verify(other.bytes()); }) == Errc::untrusted);
}

TEST_CASE("verified bundle: an approval of a statement about another release is refused") {
  SmallBundle small;
  signing::Statement other = small.statement();
  other.release = Digest::of("another release");
  const std::string text = to_text(other);
  const auto error = tests::error_of([&] {
    small.verify(
        small.bytes({small.statement_referrer(text), small.approval_by(small.approver(), text)}));
  });
  REQUIRE(error);
  CHECK(error->code() == Errc::untrusted);
  CHECK(messages(error).find("the approvals are for the release") != std::string::npos);
}

TEST_CASE(
    "verified bundle: a statement that says another version, name, date or summary is refused") {
  SmallBundle small;
  for (int field = 0; field < 4; ++field) {
    signing::Statement other = small.statement();
    if (field == 0) other.version = "1.0.1";
    if (field == 1) other.name = "other\u202e";
    if (field == 2) other.created.seconds += 1;
    if (field == 3) other.summary.push_back("and nothing else");
    const std::string text = to_text(other);
    const std::string bytes =
        small.bytes({small.statement_referrer(text), small.approval_by(small.approver(), text)});
    const auto error = tests::error_of([&] { small.verify(bytes); });
    REQUIRE(error);
    CHECK(error->code() == Errc::untrusted);
    CHECK(messages(error).find("\u202e") == std::string::npos);
  }
}

TEST_CASE("verified bundle: white space in the signed statement is refused") {
  SmallBundle small;
  const std::string text = to_text(small.statement()) + "\n";
  // Signed as it is, it is not the canonical statement; signed without, it is not what was signed.
  CHECK(refuses([&] {
    small.verify(
        small.bytes({small.statement_referrer(text), small.approval_by(small.approver(), text)}));
  }));
  CHECK(refusal_of([&] {
          small.verify(
              small.bytes({small.statement_referrer(text),
                           small.approval_by(small.approver(), to_text(small.statement()))}));
        }) == Errc::untrusted);
}

TEST_CASE("verified bundle: an environment that the release is not for is refused") {
  SmallBundle small;
  Trust trust = small.trust();
  trust.environment = "staging";
  CHECK(refusal_of([&] { small.verify(small.bytes(), trust); }) == Errc::incompatible);
  trust.environment = "";
  CHECK_NOTHROW(small.verify(small.bytes(), trust));
}

TEST_CASE("verified bundle: an expired root is refused from the second after its expiry") {
  SmallBundle small;
  Trust trust = small.trust();
  trust.now = trust.root.expires();
  CHECK_NOTHROW(small.verify(small.bytes(), trust));
  trust.now.seconds += 1;
  const auto error = tests::error_of([&] { small.verify(small.bytes(), trust); });
  REQUIRE(error);
  CHECK(error->code() == Errc::untrusted);
  CHECK(messages(error).find("expired at 2030-01-01T00:00:00Z") != std::string::npos);
}

TEST_CASE("verified bundle: the chain it carries renews an expired root and replaces approvers") {
  SmallBundle small;
  const signing::SecretKey successor = signing::SecretKey::generate();
  signing::RootDraft draft = draft_of(small.root_key(), {&successor});
  draft.version = 2;
  draft.expires = parse_time("2040-01-01T00:00:00Z");
  const std::string second = root_of(draft, {&small.root_key()}).text();
  const std::string text = to_text(small.statement());
  Trust late = small.trust();
  late.now = parse_time("2035-01-01T00:00:00Z");

  const std::string by_new =
      small.bytes({small.statement_referrer(text), small.chain({small.root().text(), second}),
                   small.approval_by(successor, text)});
  CHECK(small.verify(by_new, late).judgement().root.version() == 2);
  // Whom the newer root no longer lists does not count any more.
  const std::string by_old =
      small.bytes({small.statement_referrer(text), small.chain({small.root().text(), second}),
                   small.approval_by(small.approver(), text)});
  CHECK(refusal_of([&] { small.verify(by_old); }) == Errc::untrusted);
}

TEST_CASE("verified bundle: a release cannot be newer than now, so the clock is not believed") {
  SmallBundle small;
  Trust trust = small.trust();
  // The clock says 1970; the release was made in 2026, when this root was valid.
  trust.now = {};
  CHECK_NOTHROW(small.verify(small.bytes(), trust));
  signing::RootDraft draft = draft_of(small.root_key(), {&small.approver()});
  draft.expires = parse_time("2025-12-31T23:59:59Z");
  trust.root = root_of(draft, {&small.root_key()});
  const std::string text = to_text(small.statement());
  const std::string bytes =
      small.bytes({small.statement_referrer(text), small.approval_by(small.approver(), text)});
  CHECK(refusal_of([&] { small.verify(bytes, trust); }) == Errc::untrusted);
  trust.expiry = Expiry::accepted;
  CHECK_NOTHROW(small.verify(bytes, trust));
}

TEST_CASE("verified bundle: a site can refuse releases that are too old") {
  SmallBundle small;
  Trust trust = small.trust();
  trust.now = parse_time("2026-01-31T00:00:00Z");  // 30 days after it was made
  trust.policy.max_age_days = 30;
  CHECK_NOTHROW(small.verify(small.bytes(), trust));
  trust.policy.max_age_days = 29;
  const auto error = tests::error_of([&] { small.verify(small.bytes(), trust); });
  REQUIRE(error);
  CHECK(error->code() == Errc::untrusted);
  CHECK(messages(error).find("made 30 days ago, site.yaml allows 29") != std::string::npos);
  trust.expiry = Expiry::accepted;
  CHECK_NOTHROW(small.verify(small.bytes(), trust));
}

TEST_CASE("verified bundle: an older root explains what it would have accepted") {
  SmallBundle small;
  const signing::SecretKey successor = signing::SecretKey::generate();
  signing::RootDraft draft = draft_of(small.root_key(), {&successor});
  draft.version = 2;
  const std::string second = root_of(draft, {&small.root_key()}).text();
  const std::string text = to_text(small.statement());
  const std::string bytes =
      small.bytes({small.statement_referrer(text), small.chain({small.root().text(), second}),
                   small.approval_by(small.approver(), text)});
  CHECK(refusal_of([&] { small.verify(bytes); }) == Errc::untrusted);
  Trust then = small.trust();
  then.standpoint = Standpoint::as_given;
  then.now = parse_time("2040-01-01T00:00:00Z");
  CHECK(small.verify(bytes, then).judgement().root.version() == 1);
}

TEST_CASE("verified bundle: a refusal still says who signed and by which root") {
  SmallBundle small;
  const signing::SecretKey second = signing::SecretKey::generate();
  Trust trust = small.trust();
  trust.root =
      root_of(draft_of(small.root_key(), {&small.approver(), &second}, 2), {&small.root_key()});
  const std::string text = to_text(small.statement());
  const std::string bytes =
      small.bytes({small.statement_referrer(text), small.approval_by(small.approver(), text)});
  StringSource source(bytes);
  Verifier verifier(source, "b.bundle", trust, small.workers());
  const Judgement& judgement = verifier.judgement();
  REQUIRE(judgement.refusal);
  REQUIRE(judgement.count);
  CHECK(judgement.count->by == std::vector{small.approver().public_key()});
  CHECK(judgement.count->threshold == 2);
  CHECK_FALSE(judgement.statement);
  CHECK(judgement.release == small.sealed().descriptor.digest);
}

TEST_CASE("verified bundle: a damaged approval or root is refused, whoever else signed") {
  SmallBundle small;
  for (const auto& [type, layer] : {std::pair{media_type::kApproval, media_type::kDsse},
                                    std::pair{media_type::kApproval, media_type::kSshSig},
                                    std::pair{media_type::kRootChain, media_type::kTufRoot}}) {
    std::vector<Referrer> referrers = small.referrers();
    if (type == media_type::kRootChain) referrers.erase(referrers.begin() + 1);
    referrers.push_back(make_referrer(type, layer, {"damaged"}, small.sealed().descriptor));
    CHECK(refusal_of([&] { small.verify(small.bytes(referrers)); }) == Errc::corrupt);
  }
}

TEST_CASE("verified bundle: two approvals of one key do not make a threshold of two") {
  SmallBundle small;
  const signing::SecretKey second = signing::SecretKey::generate();
  Trust trust = small.trust();
  trust.root =
      root_of(draft_of(small.root_key(), {&small.approver(), &second}, 2), {&small.root_key()});
  const std::string text = to_text(small.statement());
  signing::Envelope again =
      signing::sign(signing::kStatementType, text, tests::signer_of(small.approver()));
  again.signatures[0].key_id = second.public_key().id();
  const Referrer renamed = make_referrer(media_type::kApproval, media_type::kDsse, {to_text(again)},
                                         small.sealed().descriptor);
  const Referrer one = small.approval_by(small.approver(), text);
  const Referrer statement = small.statement_referrer(text);
  CHECK(refusal_of([&] {
          small.verify(small.bytes({statement, one, renamed}), trust);
        }) == Errc::untrusted);
  CHECK_NOTHROW(
      small.verify(small.bytes({statement, one, small.approval_by(second, text)}), trust));
}

TEST_CASE("approved release: of a large payload what is asked for is read, of a small one all") {
  for (const Packing packing : kPackings) {
    SmallBundle small(packing);
    const std::string bytes = small.bytes();
    const ApprovedRelease approved = approve(small, bytes, kTables);
    CHECK(approved.contents().digest() == small.sealed().descriptor.digest);
    std::uint64_t trees = 0;
    for (const content::Descriptor& each : small.sealed().payload) {
      if (each.media_type == media_type::kTree) trees += each.size;
    }
    CHECK(approved.unread() == trees);
    CHECK(approve(small, bytes, kAll).unread() == 0);
    CHECK(approve(small, bytes, kWhole).unread() == 0);
  }
}

TEST_CASE("approved release: what is damaged is refused where it is read") {
  SmallBundle small({.level = {}});
  const std::string good = small.bytes();
  const auto damaged = [&](std::string_view content) {
    std::string bad = good;
    bad[bad.rfind(content)] ^= 1;
    return bad;
  };
  const std::string bad_tree = damaged("let a = 1;");
  CHECK_NOTHROW(approve(small, bad_tree, kTables));
  CHECK(refusal_of([&] { approve(small, bad_tree, kAll); }) == Errc::corrupt);
  CHECK(refusal_of([&] { approve(small, bad_tree, kWhole); }) == Errc::corrupt);
  const std::string bad_table = damaged("\"path\":\"index.html\"");
  CHECK(refusal_of([&] { approve(small, bad_table, kTables); }) == Errc::corrupt);
}

TEST_CASE("approved release: a file that is cut off or too long is refused, whatever is read") {
  for (const Packing packing : kPackings) {
    SmallBundle small(packing);
    const std::string bytes = small.bytes();
    const fs::path path = small.folder() / "cut.bundle";
    write_file(path, bytes);
    for (std::size_t size = bytes.size(); size > 0;) {
      size -= std::min<std::size_t>(size, packing.level ? 7 : 211);
      fs::resize_file(path, size);
      if (!refuses([&] { approve_file(small, path, kTables); })) FAIL("size " << size);
    }
    CHECK(refuses([&] { approve(small, bytes + "x", kTables); }));
    CHECK(refuses([&] { approve(small, bytes + bytes, kTables); }));
  }
}

TEST_CASE("approved release: without enough approvals it is refused, whatever is read") {
  SmallBundle small;
  const std::string unsigned_bytes =
      small.bytes({small.statement_referrer(to_text(small.statement()))});
  for (const Extent& extent : {kTables, kAll, kWhole}) {
    CHECK(refusal_of([&] { approve(small, unsigned_bytes, extent); }) == Errc::untrusted);
  }
}

}  // namespace sealift::bundle::verified_test
