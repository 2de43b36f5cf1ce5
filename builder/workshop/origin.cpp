// SPDX-License-Identifier: Apache-2.0
#include "builder/workshop/origin.hpp"

#include <sys/stat.h>

#include <charconv>
#include <cstdlib>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/process.hpp"

namespace sealift::builder {

namespace {

// As reproducible-builds.org specifies it: it comes before everything that is found out.
constexpr const char* kEpoch = "SOURCE_DATE_EPOCH";
constexpr std::string_view kSums = "SHA256SUMS";
constexpr const char* kOneOfOurOwn = "commit it, or set SOURCE_DATE_EPOCH and source.revision";

// git in a folder, of whose environment it has nothing: GIT_DIR and others name repositories that
// may be another's. It must not write either: a build may run on a tree that is mounted read-only,
// and beside another git.
class Git {
 public:
  explicit Git(const release::Release& release) : folder_(release.folder.string()) {
    // What decides whether and how git finds a repository above, and whom it trusts.
    for (const char* name : {"PATH", "HOME", "XDG_CONFIG_HOME", "GIT_CEILING_DIRECTORIES",
                             "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_CONFIG_NOSYSTEM",
                             "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"}) {
      if (const char* value = std::getenv(name)) environment_.emplace_back(name, value);
    }
    environment_.emplace_back("LC_ALL", "C");
  }

  std::optional<Outcome> ask(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"git", "--no-optional-locks", "--literal-pathspecs", "-c",
                                         "core.fsmonitor=false"});
    return run({.arguments = std::move(arguments),
                .folder = folder_,
                .input = {},
                .environment = environment_,
                .inherit = Inherit::nothing,
                .privileges = Privileges::no_new});
  }

 private:
  std::string folder_;
  std::vector<std::pair<std::string, std::string>> environment_;
};

// Whether a folder is in a repository, asked without git. A folder `.git`, or the file of that name
// in a worktree or submodule.
bool has_repository(const release::Release& release) {
  for (fs::path folder = real_path(release.folder);; folder = folder.parent_path()) {
    if (entry_exists(folder / ".git")) return true;
    if (folder == folder.parent_path()) return false;
  }
}

// The folders that components are made of, where a file that git does not know is a change too. A
// file elsewhere that git does not know, such as a log, is none of the release's.
std::vector<std::string> sources_of(const release::Release& release) {
  std::vector<std::string> sources = {"environments"};
  for (const release::ComponentEntry& entry : release.components) {
    sources.insert(sources.end(), entry.overlays.begin(), entry.overlays.end());
    const std::vector<std::string>& values = entry.rendering.values;
    sources.insert(sources.end(), values.begin(), values.end());
    const std::size_t magic = entry.source.find_first_of("*?");
    const std::string plain = entry.source.substr(0, magic);
    if (magic == std::string::npos) {
      if (!plain.empty()) sources.push_back(plain);
    } else {
      const std::string folder = plain.substr(0, plain.rfind('/') + 1);
      sources.push_back(folder.empty() ? "." : folder);
    }
  }
  return sources;
}

// What was changed last of the sources: bundles that were built into them are none.
struct Newest {
  std::string file;
  std::int64_t seconds = 0;

  void see(const std::string& path, const struct stat& status) {
    if (status.st_mtim.tv_sec <= seconds) return;
    seconds = status.st_mtim.tv_sec;
    file = path;
  }
};

void see_below(const Dir& folder, const std::string& path, Newest& newest) {
  for (const Entry& entry : folder.entries()) {
    const std::string inner = path.empty() ? entry.name : format("{}/{}", path, entry.name);
    const bool is_built = entry.name.find(".bundle.tar") != entry.name.npos ||
                          entry.name.starts_with(kSums) || entry.name == ".git";
    if (is_built) continue;
    if (entry.type == EntryType::directory) {
      see_below(folder.descend(entry.name), inner, newest);
    } else if (const auto status = folder.stat(entry.name)) {
      newest.see(inner, *status);
    }
  }
}

Newest newest_of(const release::Release& release) {
  Newest newest;
  const Dir project = Dir::open(release.folder);
  if (const auto status = project.stat("release.yaml")) newest.see("release.yaml", *status);
  for (const std::string& source : sources_of(release)) {
    const fs::path place = release.folder / source;
    if (dir_exists(place)) {
      see_below(Dir::open(place), source, newest);
    } else if (path_exists(place)) {
      const Dir parent = Dir::open(place.parent_path());
      if (const auto status = parent.stat(place.filename().string())) newest.see(source, *status);
    }
  }
  return newest;
}

// Where neither git nor a person says it. The same files with the same times give the same bytes.
void date_by_files(const release::Release& release, Origin& origin) {
  const Newest newest = newest_of(release);
  origin.created.seconds = newest.seconds;
  origin.doubts.push_back(
      {format(
           "{}: found no commit and no SOURCE_DATE_EPOCH, so the release says that it was made at "
           "{}, when {} was changed last",
           release.folder.string(), to_text(origin.created), printable(newest.file, 200)),
       "set SOURCE_DATE_EPOCH to the time of its sources"});
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

// A file that differs from the commit, or that it does not know; empty: none. The first is enough:
// it is named in a warning.
std::string changed_file(const Git& git, const release::Release& release) {
  // Behind two letters and a blank.
  const auto changed = git.ask({"status", "--porcelain", "--untracked-files=no", "--", "."});
  if (changed && changed->status == 0 && changed->output.size() > 3) {
    return first_line(changed->output).substr(3);
  }
  std::vector<std::string> question = {"ls-files", "--others", "--exclude-standard", "--"};
  for (const std::string& source : sources_of(release)) question.push_back(source);
  const auto strangers = git.ask(std::move(question));
  return strangers && strangers->status == 0 ? first_line(strangers->output) : "";
}

// Read last: it has the last word on the time.
void read_epoch(Time& created) {
  const char* epoch = std::getenv(kEpoch);
  if (epoch == nullptr) return;
  const std::string_view text = epoch;
  const auto [end, failure] =
      std::from_chars(text.data(), text.data() + text.size(), created.seconds);
  if (failure != std::errc() || end != text.data() + text.size() || created.seconds < 0) {
    throw Error(Errc::usage,
                format("{} is \"{}\", expected seconds since 1970", kEpoch, printable(text, 40)));
  }
}

// The last commit, and what is doubtful of it.
void read_commit(const release::Release& release, Origin& origin) {
  const std::string place = release.folder.string();
  const auto doubt = [&](const std::string& found, const std::string& hint) {
    origin.doubts.push_back({format("{}: {}", place, found), hint});
  };
  const bool is_told = std::getenv(kEpoch) != nullptr && !origin.revision.empty();
  if (!has_repository(release)) return;
  const Git git(release);
  const auto commit = git.ask({"rev-list", "--max-count=1", "--timestamp", "HEAD", "--", "."});
  if (!commit) {
    if (!is_told) {
      doubt("found a repository and no program git, so its last commit is not recorded",
            "install git, or set SOURCE_DATE_EPOCH and source.revision");
    }
    return;
  }
  // "SECONDS REVISION"
  const std::string line = first_line(commit->output);
  const std::size_t blank = line.find(' ');
  if (commit->status != 0 || blank == std::string::npos) {
    if (!is_told) {
      doubt(commit->status != 0
                ? format("git does not say what the last commit is: {}", said(*commit))
                : std::string("found no commit that has a file of this folder"),
            commit->error_output.find("safe.directory") != std::string::npos
                ? format("git config --global --add safe.directory {}",
                         absolute_path(release.folder).string())
                : kOneOfOurOwn);
    }
    return;
  }
  std::from_chars(line.data(), line.data() + blank, origin.created.seconds);
  if (!origin.revision.empty()) return;
  origin.revision = line.substr(blank + 1);
  const std::string changed = changed_file(git, release);
  if (changed.empty()) return;
  origin.revision += "-dirty";
  doubt(format("{} is not as the last commit has it, so the revision is {}",
               printable(changed, 200), origin.revision),
        "commit it, or say the revision in source.revision");
}

}  // namespace

// The order says who has the last word: the person, then git, then the files.
Origin origin_of(const release::Release& release) {
  Origin origin{.created = {}, .revision = release.source_revision};
  read_commit(release, origin);
  if (origin.created.seconds == 0 && std::getenv(kEpoch) == nullptr) date_by_files(release, origin);
  read_epoch(origin.created);
  return origin;
}

}  // namespace sealift::builder
