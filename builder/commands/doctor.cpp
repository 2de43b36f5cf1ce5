// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdlib>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/process.hpp"
#include "base/program_file.hpp"
#include "builder/commands/commands.hpp"
#include "builder/signing_desk/trust_folder.hpp"
#include "release/project/release_file.hpp"

namespace sealift::builder {

namespace {

// A bundle with images, and the copy that is renamed into its place.
constexpr std::uint64_t kLittleSpace = std::uint64_t{1} << 30;

struct DoctorOptions {
  std::string file = "release.yaml";
  std::string output = "dist";
};

// One line of the answer.
struct HostFinding {
  std::string what;
  std::string found;
  std::string mend = {};  // empty: nothing to do
};

fs::path program_here(std::string_view name) {
  const char* path = std::getenv("PATH");
  return find_program(name, path == nullptr ? "/usr/bin:/bin" : path);
}

// Needed for a clone only: an exported tree has no commit to record.
HostFinding examine_git() {
  const fs::path git = program_here("git");
  if (!git.empty()) return {"git", git.string()};
  return {"git", "not installed",
          "a release records its commit: apt-get install git, or set "
          "SOURCE_DATE_EPOCH and source.revision"};
}

HostFinding examine_space(const fs::path& output) {
  const fs::path place = existing_part(absolute_path(output));
  const std::uint64_t free = free_space(place).bytes;
  const std::string found = format("{}, {} free", output.string(), cli::size_text(free));
  if (::access(place.c_str(), W_OK) != 0) {
    return {"output", found, format("{} is not writable for this user", place.string())};
  }
  return {"output", found, free < kLittleSpace ? "make room: a bundle holds all images" : ""};
}

// Roots and approvals are judged by this clock.
HostFinding examine_host_clock(const release::Release& release, Time now) {
  const std::string found = to_text(now);
  if (release.trust.empty()) return {"clock", found};
  const std::vector<signing::Root> chain = TrustFolder(release.trust).chain();
  if (chain.empty() || now < chain.back().expires()) return {"clock", found};
  return {"clock", format("{}; the trust root expired {}", found, to_text(chain.back().expires())),
          "correct the clock, or renew the root: sealift trust renew"};
}

// The engines that images of the release are taken from.
std::vector<HostFinding> examine_engines(const release::Release& release) {
  struct Engine {
    const char* source;
    const char* program;
    const char* package;
  };
  const Engine engines[] = {{"docker-daemon:", "docker", "docker.io"},
                            {"containers-storage:", "podman", "podman"}};
  std::vector<HostFinding> findings;
  for (const auto& [source, program, package] : engines) {
    std::string image;
    for (const release::ComponentEntry& entry : release.components) {
      for (const release::ImageEntry& each : entry.images) {
        if (each.from.starts_with(source)) image = each.name.str();
      }
    }
    if (image.empty()) continue;
    const auto outcome = run({.arguments = {program, "version"},
                              .folder = {},
                              .input = {},
                              .environment = {},
                              .inherit = Inherit::all,
                              .privileges = Privileges::keep});
    findings.push_back({program, format("{} is taken from it", image),
                        !outcome ? format("it is not installed: apt-get install {}", package)
                        : outcome->status != 0 ? format("it does not answer: {}", said(*outcome))
                                               : ""});
  }
  return findings;
}

// Status 20 where anything should be repaired; nothing is changed.
void run_host_doctor(const DoctorOptions& options, cli::Session& session) {
  std::vector<HostFinding> findings = {examine_git(), examine_space(options.output)};
  if (path_exists(options.file)) {
    const release::Release release = release::load_release(options.file);
    findings.push_back(examine_host_clock(release, session.clock.now()));
    for (HostFinding& each : examine_engines(release)) findings.push_back(std::move(each));
  } else {
    findings.push_back({"release", format("{}: not found", options.file), "sealift init ."});
  }
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const HostFinding& each : findings) {
    const bool is_sound = each.mend.empty();
    rows.push_back({is_sound ? "ok" : "MEND", each.what,
                    is_sound ? each.found : format("{}: {}", each.found, each.mend)});
    list.push_back(
        {{"what", each.what}, {"found", each.found}, {"ok", is_sound}, {"mend", each.mend}});
    if (!is_sound) session.status = cli::kDiffers;
  }
  session.out.table(rows);
  session.out.json(list);
}

}  // namespace

void add_doctor(cli::Command& program) {
  auto& options = cli::make_options<DoctorOptions>();
  program.sub("doctor", "what is missing on this host to build a release")
      .argument("RELEASE", options.file, "release.yaml (the default)", cli::Presence::optional)
      .option("-o,--output", options.output, "DIR", "where bundles are written (default dist)")
      .example("sealift doctor", "before the first build on this host")
      .fails_with({Errc::invalid_input, Errc::io}, {{"20", "something should be repaired"}})
      .runs([&options](cli::Session& session) { run_host_doctor(options, session); });
}

}  // namespace sealift::builder
