// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/s3/showing.hpp"

#include <set>

#include "base/error.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/driver/secret_command.hpp"
#include "installer/drivers/s3/sender.hpp"
#include "s3/cloudfront.hpp"

namespace sealift::installer {

namespace {

constexpr std::chrono::seconds kCdnLimit{300};
constexpr std::string_view kIndex = "index.html";

S3Objects objects_in(const S3Place& place, const std::string& directory) {
  if (directory.empty()) return {};
  std::optional<S3Objects> objects = place.inventory(directory);
  if (!objects) {
    throw Error(Errc::target_failed,
                format("{}: the release {} is not there any more", place.target.place(), directory),
                "send it again with: sealift-installer apply --repair");
  }
  return std::move(*objects);
}

// What one release has of another, side by side.
struct Change {
  const S3Place& place;
  const S3Objects& before;
  const S3Objects& after;
  std::string directory;  // of `after`
  bool all;               // also what seems to be there already
  std::map<std::string, s3::Listed> listed = {};

  bool is_there(const std::string& path, const S3Object& object) const {
    const auto was = before.find(path);
    if (all || was == before.end() || !was->second.looks_like(object)) return false;
    const auto shown = listed.find(place.keys.shown(path));
    const auto held = listed.find(place.keys.held(directory, path));
    return shown != listed.end() && held != listed.end() && !shown->second.etag.empty() &&
           shown->second.etag == held->second.etag && shown->second.size == held->second.size;
  }
};

// All of one turn are there before the next one begins.
void copy_turn(const Change& change, Turn turn, StepIo& io, Sender& sender) {
  for (const auto& [path, object] : change.after) {
    if (!object.held || turn_of(path) != turn || change.is_there(path, object)) continue;
    sender.submit(
        [from = change.place.keys.held(change.directory, path),
         to = change.place.keys.shown(path)](s3::Bucket& bucket) { bucket.copy(from, to); });
    io.progress.advance(object.size);
  }
  sender.drain();
}

void remove_others(const Change& change, Sender& sender) {
  for (const auto& [path, object] : change.before) {
    if (!object.held || change.after.contains(path)) continue;
    sender.submit(
        [key = change.place.keys.shown(path)](s3::Bucket& bucket) { bucket.remove(key); });
  }
  sender.drain();
}

void run_cdn(const release::Cdn& cdn, const std::vector<std::string>& paths, StepIo& io) {
  const std::string program = printable(cdn.exec.front(), 200);
  io.progress.wait_for(program, kCdnLimit);
  const std::optional<Outcome> outcome = run_with_secrets({.arguments = cdn.exec,
                                                           .folder = "/",
                                                           .input = joined(paths, "\n") + "\n",
                                                           .timeout = kCdnLimit},
                                                          cdn.secrets, io.content);
  if (outcome && outcome->status == 0) return;
  throw Error(Errc::target_failed,
              outcome ? format("cdn: {}: ended with status {}: {}", program, outcome->status,
                               said(*outcome))
                      : format("cdn: {}: was not found", program),
              "correct cdn.exec in site.yaml, or what it runs");
}

// The reference follows from what is changed, so that a repeated step makes no second invalidation.
void tell_cdn(const Showing& showing, Way way, const S3Place& place,
              const std::vector<std::string>& paths, StepIo& io) {
  if (!place.target.cdn || paths.empty()) return;
  const release::Cdn& cdn = *place.target.cdn;
  if (!cdn.exec.empty()) return run_cdn(cdn, paths, io);
  const std::string reference =
      format("sealift-{}-{}-{}", showing.number, way == Way::there ? "apply" : "undo",
             Digest::of(format("{}\n{}\n{}\n{}\n{}", showing.site, showing.target, showing.from,
                               showing.to, joined(paths, "\n")))
                 .short_hex());
  net::HttpClient client(place.http());
  s3::invalidate({.id = cdn.cloudfront, .endpoint = cdn.endpoint}, reference, paths, client,
                 *place.key, SystemClock().now());
}

}  // namespace

std::vector<std::string> changed_paths(const S3Objects& before, const S3Objects& after,
                                       const std::string& base) {
  std::set<std::string> paths;
  const auto add = [&](const std::string& path) {
    paths.insert(format("{}/{}", base, s3::uri_encoded(path, s3::Slash::kept)));
    const std::size_t name = path.rfind('/') == path.npos ? 0 : path.rfind('/') + 1;
    if (std::string_view(path).substr(name) == kIndex) {
      paths.insert(format("{}/{}", base, s3::uri_encoded(path.substr(0, name), s3::Slash::kept)));
    }
  };
  for (const auto& [path, object] : after) {
    const auto was = before.find(path);
    if (object.held && (was == before.end() || !was->second.looks_like(object))) add(path);
  }
  for (const auto& [path, object] : before) {
    if (object.held && !after.contains(path)) add(path);
  }
  return {paths.begin(), paths.end()};
}

void show_release(const Showing& showing, Way way, const S3Place& place, StepIo& io) {
  const std::string& from = way == Way::there ? showing.from : showing.to;
  const std::string& to = way == Way::there ? showing.to : showing.from;
  const std::string now = place.current();
  if (now != from && now != to) {
    throw Error(Errc::target_failed,
                format("{}: users see \"{}\", expected \"{}\"", place.target.place(),
                       printable(now, 200), from),
                "somebody else changed it; run the command again when nobody does");
  }
  // What users see and nobody knows any more is replaced, and nothing of it is removed.
  const S3Objects before = from.empty() ? S3Objects() : place.inventory(from).value_or(S3Objects());
  const S3Objects after = objects_in(place, to);
  const Change change{.place = place,
                      .before = before,
                      .after = after,
                      .directory = to,
                      .all = showing.all,
                      .listed = place.listed()};
  {
    Sender sender(*place.bucket);
    for (const Turn turn : {Turn::others, Turn::entries, Turn::index}) {
      copy_turn(change, turn, io, sender);
    }
    remove_others(change, sender);
  }
  place.set_current(to);
  const std::string base = place.target.cdn ? place.target.cdn->base : "";
  tell_cdn(showing, way, place, changed_paths(before, showing.all ? S3Objects() : after, base), io);
}

}  // namespace sealift::installer
