// SPDX-License-Identifier: Apache-2.0
#include "builder/workshop/origin.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/process.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::builder::origin_test {

namespace {

constexpr std::int64_t kCommitted = 1793527200;

// A project in a repository of git, with one commit.
struct Repository {
  Repository() {
    ::setenv("GIT_CONFIG_GLOBAL", (folder / "gitconfig").c_str(), 1);
    ::setenv("GIT_CEILING_DIRECTORIES", folder.path().c_str(), 1);
    ::unsetenv("SOURCE_DATE_EPOCH");
    write_file(folder / "gitconfig", "[user]\nname=a\nemail=a@b\n");
    make_dirs(folder / "project/environments");
    make_dirs(folder / "project/config");
    write_file(folder / "project/environments/e.yaml", "schema: 1\nvalues: {}\n");
    write_file(folder / "project/config/a", "a\n");
    write_file(folder / "project/release.yaml",
               "schema: 1\nname: demo\nversion: 1.0.0\nenvironments: [e]\ncomponents:\n"
               "  - {name: c, kind: config, source: config, target: etc}\n");
  }
  ~Repository() {
    for (const char* name : {"GIT_CONFIG_GLOBAL", "GIT_CEILING_DIRECTORIES", "GIT_DIR"}) {
      ::unsetenv(name);
    }
  }

  std::string git(std::vector<std::string> arguments, const std::string& where = "project") {
    arguments.insert(arguments.begin(), "git");
    const auto outcome = run({.arguments = std::move(arguments),
                              .folder = (folder / where).string(),
                              .input = {},
                              .environment = {{"GIT_COMMITTER_DATE", "1793527200 +0000"}}});
    REQUIRE(outcome);
    CAPTURE(said(*outcome));
    REQUIRE(outcome->status == 0);
    return outcome->output.substr(0, outcome->output.find('\n'));
  }
  std::string commit() {
    git({"init", "-q"});
    git({"add", "."});
    git({"commit", "-qm", "x"});
    return git({"rev-parse", "HEAD"});
  }
  Origin origin() { return origin_of(release::load_release(folder / "project/release.yaml")); }

  tests::ScratchFolder folder;
};

}  // namespace

TEST_CASE("origin: a clean commit is recorded with its time, whatever git is told") {
  Repository repository;
  const std::string head = repository.commit();
  write_file(repository.folder / "gitconfig",
             "[user]\nname=a\nemail=a@b\n[log]\nshowSignature=true\n[color]\nui=always\n");
  make_dirs(repository.folder / "other");
  repository.git({"init", "-q"}, "other");
  ::setenv("GIT_DIR", (repository.folder / "other/.git").c_str(), 1);
  const Origin origin = repository.origin();
  CHECK(origin.revision == head);
  CHECK(origin.created.seconds == kCommitted);
  CHECK(origin.doubts.empty());
}

TEST_CASE("origin: a changed tree is no clean commit, and the file is named") {
  Repository repository;
  const std::string head = repository.commit();
  SECTION("a file of the commit") {
    write_file(repository.folder / "project/config/a", "b\n");
  }
  SECTION("a file that git does not know, in a source") {
    write_file(repository.folder / "project/config/b", "b\n");
  }
  const Origin origin = repository.origin();
  CHECK(origin.revision == head + "-dirty");
  REQUIRE(origin.doubts.size() == 1);
  CHECK(origin.doubts[0].message.find("config/") != std::string::npos);
}

TEST_CASE("origin: a file beside the sources that git does not know is no change") {
  Repository repository;
  const std::string head = repository.commit();
  write_file(repository.folder / "project/notes.txt", "b\n");
  CHECK(repository.origin().revision == head);
}

TEST_CASE("origin: outside of git the newest file says when, and that is said") {
  Repository repository;
  const auto changed_at = [&](const char* file, std::time_t seconds) {
    const struct timespec times[] = {{seconds, 0}, {seconds, 0}};
    REQUIRE(::utimensat(AT_FDCWD, (repository.folder / "project" / file).c_str(), times, 0) == 0);
  };
  write_file(repository.folder / "project/config/demo-1.0.0.bundle.tar.zst", "built before");
  write_file(repository.folder / "project/notes.txt", "no source");
  changed_at("environments/e.yaml", kCommitted - 20);
  changed_at("config/a", kCommitted);
  changed_at("release.yaml", kCommitted - 10);
  SECTION("no repository") {}
  SECTION("no commit") {
    repository.git({"init", "-q"});
  }
  const Origin origin = repository.origin();
  CHECK(origin.revision.empty());
  CHECK(origin.created.seconds == kCommitted);
  REQUIRE_FALSE(origin.doubts.empty());
  CHECK(origin.doubts.back().message.find("made at 2026-11-01T") != std::string::npos);
  CHECK(origin.doubts.back().message.find("when config/a was changed last") != std::string::npos);
  CHECK(origin.doubts.back().hint.find("SOURCE_DATE_EPOCH") != std::string::npos);
}

TEST_CASE("origin: what a person says of the time is not doubted") {
  Repository repository;
  ::setenv("SOURCE_DATE_EPOCH", "0", 1);
  const Origin origin = repository.origin();
  ::unsetenv("SOURCE_DATE_EPOCH");
  CHECK(origin.created.seconds == 0);
  CHECK(origin.doubts.empty());
}

}  // namespace sealift::builder::origin_test
