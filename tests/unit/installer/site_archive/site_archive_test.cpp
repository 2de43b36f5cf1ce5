// SPDX-License-Identifier: Apache-2.0
#include "installer/site_archive/site_archive.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "installer/site_archive/kept_archives.hpp"
#include "signing/secret_key.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::site_archive_test {

using tests::refusal_of;

namespace {

constexpr std::int64_t kDay = 24L * 60 * 60;
const std::string kSite = "0123456789abcdef0123456789abcdef";

// A folder with files of a site, and archives of them.
class Given {
 public:
  Given() {
    write_file(file("bundle"), std::string(100'000, 'b'));
    write_file(file("dump"), std::string(70'000, 'd'));
  }

  fs::path file(const std::string& name) const { return folder_.path() / name; }
  fs::path archives() const { return folder_.path() / "archives"; }
  const signing::AgeIdentity& identity() const { return identity_; }

  std::uint64_t audit_lines = 3;  // that the next archive knows

  SiteManifest manifest(Time made, std::vector<ArchivedFile> files) const {
    return {.id = "id",
            .site = kSite,
            .release = "shop",
            .environment = "production",
            .title = "1.0.0",
            .previous = "",
            .made = made,
            .program = "0.1.0",
            .audit_lines = audit_lines,
            .audit_head = std::string(64, 'a'),
            .recipients = {identity_.recipient().str()},
            .key = key_.public_key(),
            .files = std::move(files)};
  }

  // `name` with a bundle, which `base` has, if one is named, and a dump.
  fs::path write(const std::string& name, Time made = {}, const std::string& base = {}) const {
    Silence silence;
    SiteArchiveWriter writer(archives(), kSite, silence);
    std::vector<ArchivedFile> files;
    if (base.empty()) {
      files.push_back(writer.add("bundles/one", file("bundle")));
    } else {
      const SiteArchive earlier(archives() / base);
      files.push_back(earlier.referred(*earlier.manifest().file("bundles/one")));
    }
    files.push_back(
        writer.add_encrypted("backups/main.age", file("dump"), {identity_.recipient()}));
    files.push_back(writer.add_encrypted(
        std::string(kArchivedState), [](Sink& to) { to.write("state"); }, {identity_.recipient()}));
    CHECK(writer.finish(manifest(made, files),
                        signing::signer_with(signing::SecretKey::from_seed(kSeed)),
                        fs::path(name).stem().stem().string()) == name);
    return archives() / name;
  }

 private:
  static constexpr std::array<unsigned char, 32> kSeed = {7};
  tests::ScratchFolder folder_;
  signing::AgeIdentity identity_ = signing::AgeIdentity::generate();
  signing::SecretKey key_ = signing::SecretKey::from_seed(kSeed);
};

std::string content_of(const SiteArchive& archive, const std::string& name) {
  const auto source = archive.open(*archive.manifest().file(name));
  return read_all(*source, 1U << 20, name);
}

void verify(const fs::path& file) {
  Silence silence;
  SiteArchive(file).verify(silence);
}

std::vector<std::string> names(const std::vector<SiteArchive>& archives) {
  std::vector<std::string> all;
  for (const SiteArchive& each : archives) all.push_back(each.file().filename().string());
  return all;
}

}  // namespace

TEST_CASE("site archive: what was put in comes out, encrypted where it should be") {
  const Given given;
  const SiteArchive archive(given.write("one.site.tar"));
  CHECK(content_of(archive, "bundles/one") == std::string(100'000, 'b'));
  const std::string file = content_of(archive, "backups/main.age");
  StringSource sealed(file);
  signing::AgeSource plain(sealed, given.identity());
  CHECK(read_all(plain, 1U << 20, "dump") == std::string(70'000, 'd'));
  CHECK(archive.manifest().audit_lines == 3);
  verify(archive.file());
}

TEST_CASE("site archive: a byte that is changed anywhere, or missing at the end, is refused") {
  const Given given;
  const fs::path file = given.write("one.site.tar");
  const std::string whole = read_file(file, 1U << 20);
  const auto code_of = [&](const std::string& bytes) {
    write_file(file, bytes);
    return refusal_of([&] { verify(file); });
  };
  for (std::size_t at = 0; at < whole.size(); at += at % 512 < 8 ? 1 : 97) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const std::optional<Errc> code = code_of(changed);
    CAPTURE(at);
    CHECK((code == Errc::corrupt || code == Errc::untrusted));
  }
  for (std::size_t size = 0; size < whole.size(); size += 4099) {
    CHECK(code_of(whole.substr(0, size)) == Errc::corrupt);
  }
  CHECK(code_of(whole + std::string(512, '\0')) == Errc::corrupt);
}

TEST_CASE("site archive: what the manifest does not name is refused") {
  const Given given;
  const fs::path file = given.write("one.site.tar");
  const std::string whole = read_file(file, 1U << 20);
  const std::string more = member_header("bundles/two", 0);
  write_file(file, more + whole);
  CHECK(refusal_of([&] { SiteArchive{file}; }) == Errc::corrupt);
}

TEST_CASE("site archive: a later one needs those that it was made since") {
  const Given given;
  const fs::path base = given.write("one.site.tar");
  const fs::path later = given.write("two.site.tar", Time{1}, "one.site.tar");
  CHECK(file_bytes(later) < file_bytes(base));
  verify(later);
  CHECK(content_of(SiteArchive(later), "bundles/one") == std::string(100'000, 'b'));
  fs::remove(base);
  CHECK(refusal_of([&] { verify(later); }) == Errc::corrupt);
}

TEST_CASE("site archive: whole bundles of a run that was cut off are taken over") {
  const Given given;
  const std::string whole = read_file(given.write("one.site.tar"), 1U << 20);
  const fs::path part = given.archives() / ("." + kSite + ".site.tar.part");
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{700}, whole.size() / 2, whole.size()}) {
    write_file(part, whole.substr(0, size));
    fs::remove(given.archives() / "one.site.tar");
    verify(given.write("one.site.tar"));
    CHECK_FALSE(fs::exists(part));
  }
  // A bundle of the same name and size, and other content.
  write_file(part, whole);
  write_file(given.file("bundle"), std::string(100'000, 'c'));
  fs::remove(given.archives() / "one.site.tar");
  CHECK(content_of(SiteArchive(given.write("one.site.tar")), "bundles/one") ==
        std::string(100'000, 'c'));
}

TEST_CASE("site archive: names that lead elsewhere are refused") {
  const Given given;
  const auto code_of = [&](const std::string& name) {
    SiteManifest manifest =
        given.manifest({}, {{.name = name, .digest = Digest::of(""), .bytes = 0}});
    signing::SecretKey key = signing::SecretKey::generate();
    manifest.key = key.public_key();
    const std::string text = sign_manifest(manifest, signing::signer_with(std::move(key)));
    return refusal_of([&] { open_manifest(text, "manifest"); });
  };
  for (const char* name : {"bundles/../x", "../x", "/etc/passwd", "bundles/a/b", "bundles/", "",
                           ".hidden", "backups/.x", "a\nb"}) {
    CAPTURE(name);
    CHECK(code_of(name) == Errc::corrupt);
  }
}

TEST_CASE("site archive: a rule removes the oldest, and nothing that is needed") {
  const Given given;
  given.write("a.site.tar", Time{0});
  given.write("b.site.tar", Time{kDay});
  given.write("c.site.tar", Time{2 * kDay}, "a.site.tar");
  const auto left = [&](const release::KeepRule& rule) {
    remove_old_archives(given.archives(), rule, kSite, Time{2 * kDay});
    return names(archives_in(given.archives()));
  };
  const auto rule = [](std::optional<unsigned> count, std::optional<unsigned> days) {
    return release::KeepRule{.count = count, .days = days, .gib = {}};
  };
  CHECK(left(rule(3, 30)) == std::vector<std::string>{"a.site.tar", "b.site.tar", "c.site.tar"});
  CHECK(left(rule(1, {})) == std::vector<std::string>{"a.site.tar", "c.site.tar"});
  CHECK(left(rule({}, 1)) == std::vector<std::string>{"a.site.tar", "c.site.tar"});
  given.write("d.site.tar", Time{3 * kDay});
  CHECK(left(rule(1, {})) == std::vector<std::string>{"d.site.tar"});
}

TEST_CASE("site archive: a folder gives the newest of a time") {
  const Given given;
  given.write("a.site.tar", Time{0});
  given.write("b.site.tar", Time{kDay});
  CHECK(archive_at(given.archives(), std::nullopt, "").file().filename() == "b.site.tar");
  CHECK(archive_at(given.archives(), Time{kDay - 1}, "").file().filename() == "a.site.tar");
  CHECK(refusal_of([&] { archive_at(given.archives(), Time{-1}, ""); }) == Errc::usage);
}

TEST_CASE("site archive: of two that were made in one second the later one is the newest") {
  Given given;
  given.write("a.site.tar", Time{0});
  given.audit_lines = 4;
  given.write("a-2.site.tar", Time{0});
  CHECK(archive_at(given.archives(), std::nullopt, "").file().filename() == "a-2.site.tar");
  remove_old_archives(given.archives(), {.count = 1, .days = {}, .gib = {}}, kSite, Time{0});
  CHECK(names(archives_in(given.archives())) == std::vector<std::string>{"a-2.site.tar"});
}

}  // namespace sealift::installer::site_archive_test
