// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/folder_cursor.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::file_test {

using tests::error_of;
using tests::messages;
using tests::refusal_of;
using tests::ScratchFolder;

namespace {

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

std::size_t entries_in(const fs::path& path) {
  return Dir::open(path).entries().size();
}

// A tree with a link that leaves it, one that stays, and something outside worth reaching.
struct Tree {
  ScratchFolder scratch;
  Dir dir = Dir::open(make());

 private:
  fs::path make() const {
    fs::create_directories(scratch / "tree/a/b");
    fs::create_directories(scratch / "outside");
    write_file(scratch / "outside/secret", "secret");
    write_file(scratch / "tree/a/b/file", "content");
    fs::create_symlink("../outside", scratch / "tree/out");
    fs::create_symlink("../../outside/secret", scratch / "tree/a/secret");
    fs::create_symlink("a", scratch / "tree/inside");
    fs::create_symlink("/etc", scratch / "tree/absolute");
    return scratch / "tree";
  }
};

}  // namespace

TEST_CASE("atomic file: nothing is left of one that was not committed") {
  const ScratchFolder folder;
  {
    AtomicFile file(folder / "name", FileMode::plain);
    file.write("half");
    CHECK(entries_in(folder.path()) == 1);
    CHECK_FALSE(fs::exists(folder / "name"));
  }
  CHECK(entries_in(folder.path()) == 0);
}

TEST_CASE("atomic file: the old content stays until the commit, and after a failure") {
  const ScratchFolder folder;
  write_file(folder / "name", "old");
  try {
    AtomicFile file(folder / "name", FileMode::plain);
    file.write("new");
    CHECK(read_file(folder / "name", 100) == "old");
    throw Error(Errc::io, "the writer fails");
  } catch (const Error&) {
    // the file has gone out of scope
  }
  CHECK(read_file(folder / "name", 100) == "old");
  write_file(folder / "name", "new");
  CHECK(read_file(folder / "name", 100) == "new");
  CHECK(entries_in(folder.path()) == 1);
}

TEST_CASE("atomic file: the mode is the one asked for, whatever the umask") {
  const ScratchFolder folder;
  const mode_t before = ::umask(0077);
  write_file(folder / "plain", "", FileMode::plain);
  write_file(folder / "program", "", FileMode::executable);
  ::umask(0);
  write_file(folder / "secret", "", FileMode::secret);
  ::umask(before);
  CHECK(mode_of(folder / "plain") == 0644);
  CHECK(mode_of(folder / "program") == 0755);
  CHECK(mode_of(folder / "secret") == 0600);
}

TEST_CASE("atomic file: a symbolic link in its place is replaced, not written through") {
  const ScratchFolder folder;
  write_file(folder / "other", "other");
  fs::create_symlink("other", folder / "name");
  write_file(folder / "name", "mine");
  CHECK(read_file(folder / "other", 100) == "other");
  CHECK_FALSE(fs::is_symlink(folder / "name"));
}

TEST_CASE("atomic file: a folder that is not there is an error that names it") {
  const ScratchFolder folder;
  CHECK(refusal_of([&] { write_file(folder / "no/such", "x"); }) == Errc::io);
}

TEST_CASE("write_new_file: an existing name is never overwritten, not even a dangling link") {
  const ScratchFolder folder;
  write_new_file(folder / "key", "one", FileMode::secret);
  CHECK(refusal_of([&] { write_new_file(folder / "key", "two", FileMode::secret); }) ==
        Errc::invalid_input);
  CHECK(read_file(folder / "key", 100) == "one");
  fs::create_symlink("nowhere", folder / "link");
  CHECK(refusal_of([&] { write_new_file(folder / "link", "two", FileMode::secret); }) ==
        Errc::invalid_input);
  CHECK_FALSE(fs::exists(folder / "nowhere"));
}

TEST_CASE("read_file: a file of exactly the limit is read, a longer one refused") {
  const ScratchFolder folder;
  write_file(folder / "name", "12345");
  CHECK(read_file(folder / "name", 5) == "12345");
  CHECK(refusal_of([&] { read_file(folder / "name", 4); }) == Errc::invalid_input);
  CHECK(refusal_of([&] { read_file(folder / "missing", 4); }) == Errc::io);
}

TEST_CASE("read_at: reads from the offset and less only at the end") {
  const ScratchFolder folder;
  write_file(folder / "name", "0123456789");
  const Fd fd = open_for_reading(folder / "name");
  std::string into(4, ' ');
  CHECK(read_at(fd.get(), 3, into, "name") == 4);
  CHECK(into == "3456");
  CHECK(read_at(fd.get(), 8, into, "name") == 2);
  CHECK(read_at(fd.get(), 20, into, "name") == 0);
}

TEST_CASE("scratch file: it has no name") {
  const ScratchFolder folder;
  const Fd fd = open_scratch(folder.path());
  FdSink(fd.get(), "scratch").write("bytes");
  CHECK(entries_in(folder.path()) == 0);
}

TEST_CASE("make_dirs: creates what is missing and accepts what is there") {
  const ScratchFolder folder;
  make_dirs(folder / "a/b/c");
  make_dirs(folder / "a/b/c");
  CHECK(fs::is_directory(folder / "a/b/c"));
  write_file(folder / "file", "");
  CHECK(refusal_of([&] { make_dirs(folder / "file/x"); }) == Errc::io);
  CHECK(refusal_of([&] { make_dirs(folder / "file"); }) == Errc::io);
  fs::create_symlink("loop", folder / "loop");
  CHECK(refusal_of([&] { make_dirs(folder / "loop/x"); }) == Errc::io);
}

TEST_CASE("make_dirs: the mode is the one asked for, whatever the umask") {
  const ScratchFolder folder;
  make_dirs(folder / "a/b", 0777);
  CHECK(mode_of(folder / "a") == 0777);
  CHECK(mode_of(folder / "a/b") == 0777);
}

TEST_CASE("file: where the system does not say whether something is there, that is no \"no\"") {
  const ScratchFolder folder;
  fs::create_symlink("loop", folder / "loop");
  fs::create_symlink("nowhere", folder / "dangling");
  write_file(folder / "file", "12345");
  const fs::path unknown = folder / "loop/name";
  CHECK(refusal_of([&] { path_exists(unknown); }) == Errc::io);
  CHECK(refusal_of([&] { entry_exists(unknown); }) == Errc::io);
  CHECK(refusal_of([&] { dir_exists(unknown); }) == Errc::io);
  CHECK(refusal_of([&] { is_empty_dir(unknown); }) == Errc::io);
  CHECK(refusal_of([&] { file_bytes(unknown); }) == Errc::io);
  CHECK(refusal_of([&] { link_target(unknown); }) == Errc::io);
  CHECK(refusal_of([&] { real_path(unknown); }) == Errc::io);
  CHECK(refusal_of([&] { existing_part(unknown); }) == Errc::io);
  CHECK(refusal_of([&] { remove_file(unknown); }) == Errc::io);
  CHECK(refusal_of([&] { remove_empty_dir(unknown); }) == Errc::io);
  for (const char* missing : {"missing", "missing/below", "file/below", "dangling"}) {
    CAPTURE(missing);
    CHECK_FALSE(path_exists(folder / missing));
    CHECK_FALSE(dir_exists(folder / missing));
    CHECK_FALSE(is_empty_dir(folder / missing));
    CHECK(refusal_of([&] { file_bytes(folder / missing); }) == Errc::io);
  }
  CHECK(entry_exists(folder / "dangling"));
  CHECK(link_target(folder / "dangling") == "nowhere");
  CHECK_FALSE(link_target(folder / "file"));
  CHECK(existing_part(folder / "missing/below") == folder.path());
  CHECK(file_bytes(folder / "file") == 5);
  CHECK_FALSE(remove_empty_dir(folder.path()));
  CHECK(remove_file(folder / "file"));
  CHECK_FALSE(remove_file(folder / "file"));
}

TEST_CASE("atomic file: a pipe, a device, and a link to one are not replaced") {
  const ScratchFolder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  fs::create_symlink("/dev/null", folder / "link");
  const auto words = [](const fs::path& path) {
    return messages(error_of([&] { write_file(path, "x"); }));
  };
  CHECK(words(folder / "pipe").find("found a pipe, expected a file") != std::string::npos);
  CHECK(words(folder / "link").find("found a device") != std::string::npos);
  CHECK(words(folder.path()).find("found a directory") != std::string::npos);
  CHECK(link_target(folder / "link") == "/dev/null");
  CHECK(entries_in(folder.path()) == 2);
}

TEST_CASE("file: what is no regular file is refused at once, in words that say what it is") {
  const ScratchFolder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  const auto words = [](const fs::path& path) {
    return messages(error_of([&] { read_file(path, 100); }));
  };
  CHECK(words(folder / "pipe").find("found a pipe, expected a regular file") != std::string::npos);
  CHECK(words(folder.path()).find("found a directory") != std::string::npos);
  CHECK(words("/dev/null").find("found a device") != std::string::npos);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  (folder / "socket").string().copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const Fd closed(listener);
  CHECK(words(folder / "socket").find("found a socket") != std::string::npos);
  CHECK(refusal_of([&] { open_for_reading(folder / "missing"); }) == Errc::io);
}

TEST_CASE("dir: what is inside can be reached at any depth") {
  const Tree tree;
  const Fd fd = tree.dir.open_file("a/b/file");
  FdSource source(fd.get(), "file");
  CHECK(read_all(source, 100, "file") == "content");
  CHECK(tree.dir.descend("a").descend("b").entries().size() == 1);
  CHECK(tree.dir.descend("").entries().size() == tree.dir.entries().size());
}

TEST_CASE("dir: no path leaves the tree, over a link, over .. or from the root") {
  const Tree tree;
  for (const char* path : {"out", "out/secret", "a/secret", "absolute/passwd", "../outside/secret",
                           "a/../../outside/secret", "/etc/passwd", "..", "a/b/../../../outside"}) {
    CAPTURE(path);
    CHECK(refusal_of([&] { tree.dir.open_file(path); }) == Errc::io);
    CHECK(refusal_of([&] { tree.dir.descend(path); }) == Errc::io);
  }
}

TEST_CASE("dir: a link is not followed even where it stays inside") {
  const Tree tree;
  CHECK(refusal_of([&] { tree.dir.descend("inside"); }) == Errc::io);
  CHECK(refusal_of([&] { tree.dir.open_file("inside/b/file"); }) == Errc::io);
  CHECK(tree.dir.read_link("inside") == "a");
  CHECK_FALSE(tree.dir.read_link("a"));
  CHECK_FALSE(tree.dir.read_link("missing"));
}

TEST_CASE("dir: a new file is never written through a link or over something") {
  const Tree tree;
  fs::create_symlink("../outside/new", tree.scratch / "tree/dangling");
  CHECK(refusal_of([&] { tree.dir.create_file("dangling", 0644); }) == Errc::io);
  CHECK(refusal_of([&] { tree.dir.create_file("a", 0644); }) == Errc::io);
  CHECK_FALSE(fs::exists(tree.scratch / "outside/new"));
}

TEST_CASE("dir: modes do not depend on the umask") {
  const Tree tree;
  const mode_t before = ::umask(0077);
  tree.dir.make_dir("new", 0755);
  tree.dir.create_file("file", 0644);
  ::umask(before);
  CHECK(mode_of(tree.scratch / "tree/new") == 0755);
  CHECK(mode_of(tree.scratch / "tree/file") == 0644);
}

TEST_CASE("dir: only regular files are opened, and a pipe does not block") {
  const Tree tree;
  REQUIRE(::mkfifo((tree.scratch / "tree/pipe").c_str(), 0600) == 0);
  CHECK(refusal_of([&] { tree.dir.open_file("pipe"); }) == Errc::io);
  CHECK(refusal_of([&] { tree.dir.open_file("a"); }) == Errc::io);
}

TEST_CASE("dir: removing a tree removes links, not what they point to") {
  const Tree tree;
  tree.dir.remove_tree("out");
  tree.dir.remove_tree("a");
  tree.dir.remove_tree("missing");
  CHECK(read_file(tree.scratch / "outside/secret", 100) == "secret");
  CHECK_FALSE(fs::exists(tree.scratch / "tree/a"));
}

TEST_CASE("files: where TMPDIR names nothing, temporary files go elsewhere") {
  const ScratchFolder folder;
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  CHECK(temporary_folder() == folder.path());
  ::setenv("TMPDIR", (folder / "gone").c_str(), 1);
  CHECK(temporary_folder() == "/tmp");
  if (before == nullptr) {
    ::unsetenv("TMPDIR");
  } else {
    ::setenv("TMPDIR", kept.c_str(), 1);
  }
}

TEST_CASE("dir: entries are sorted bytewise and have their types") {
  const ScratchFolder folder;
  for (const char* name : {"b", "a", "B", "\xc3\xa9"}) write_file(folder / name, "");
  fs::create_directory(folder / "c");
  fs::create_symlink("nowhere", folder / "d");
  std::string names;
  for (const Entry& entry : Dir::open(folder.path()).entries()) {
    names += entry.name + (entry.type == EntryType::directory ? "/ "
                           : entry.type == EntryType::symlink ? "@ "
                                                              : " ");
  }
  CHECK(names == "B a b c/ d@ \xc3\xa9 ");
}

TEST_CASE("folder cursor: walks down, up and across") {
  const ScratchFolder folder;
  for (const char* name : {"a/b", "a/bc", "d"}) {
    fs::create_directories(folder / name);
    write_file(folder / name / "here", name);
  }
  const Dir root = Dir::open(folder.path());
  FolderCursor cursor(root);
  for (const char* name : {"a/b", "a/bc", "d", "a/b"}) CHECK(cursor.at(name).stat("here"));
  CHECK_FALSE(cursor.at("a").stat("here"));
  CHECK(cursor.at("").stat("d"));
}

}  // namespace sealift::file_test
