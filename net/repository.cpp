// SPDX-License-Identifier: Apache-2.0
#include "net/repository.hpp"

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"
#include "content/image.hpp"
#include "content/media_types.hpp"
#include "net/blob_transfer.hpp"
#include "net/registry_answers.hpp"
#include "net/registry_session.hpp"

namespace sealift::net {

namespace {

using content::Descriptor;

// Before an upload is asked how far it came; twice as long each time.
constexpr std::chrono::milliseconds kRepositoryFirstWait{500};

// Without it registries convert what they have to schema 1.
Headers accepting() {
  return {{"accept", format("{}, {}, {}, {}", media_type::kImageIndex, media_type::kImageManifest,
                            media_type::kDockerList, media_type::kDockerManifest)}};
}

bool has_digest_form(std::string_view reference) {
  return reference.starts_with("sha256:");
}

}  // namespace

Repository::Repository(HttpSettings settings, std::string host, std::string name,
                       std::optional<Credentials> credentials)
    : session_(std::make_unique<RegistrySession>(std::move(settings), std::move(host),
                                                 std::move(name), std::move(credentials))) {}

Repository::~Repository() = default;

// HEAD costs no transfer; some registries leave out what it should say, and then the manifest
// itself is fetched.
std::optional<Descriptor> Repository::find(const std::string& reference) {
  const std::unique_ptr<Reply> reply = session_->send(
      {.method = "HEAD", .url = session_->at("manifests/" + reference), .headers = accepting()});
  if (reply->status() == 404) return std::nullopt;
  if (reply->status() != 200) session_->refuse(*reply, format("looking for {}", reference));
  const std::string digest = reply->header("docker-content-digest");
  std::uint64_t size = 0;
  const std::string length = reply->header("content-length");
  std::from_chars(length.data(), length.data() + length.size(), size);
  if (!has_digest_form(digest) || size == 0) return manifest(reference).descriptor;
  return Descriptor{
      .media_type = reply->header("content-type"),
      .digest = blame(Errc::io, session_->shown(), [&] { return Digest::parse(digest); }),
      .size = size,
      .artifact_type = {},
      .annotations = {}};
}

// Read whole before it is compared: it is small, and nothing of it is believed before.
content::Document Repository::manifest(const std::string& reference) {
  const std::unique_ptr<Reply> reply = session_->send(
      {.method = "GET", .url = session_->at("manifests/" + reference), .headers = accepting()});
  const std::string where = format("{}: {}", session_->shown(), printable(reference, 200));
  if (reply->status() == 404) {
    throw Error(Errc::invalid_input, format("{}: the registry has no such image", where));
  }
  if (reply->status() != 200) session_->refuse(*reply, format("fetching {}", reference));
  std::string bytes = read_all(*reply, content::kMaxImageDocument, where);
  std::string said_type = reply->header("content-type");
  said_type = said_type.substr(0, said_type.find(';'));
  const std::string type = content::document_type(bytes, said_type);
  content::Document document{content::describe(type, bytes), std::move(bytes)};
  const std::string said =
      has_digest_form(reference) ? reference : reply->header("docker-content-digest");
  if (!said.empty() && said != document.descriptor.digest.str()) {
    throw Error(Errc::corrupt,
                format("{}: found content with digest {}, expected {}", where,
                       document.descriptor.digest.str(), printable(said, 80)),
                "the registry, or something on the way, gives other content than was asked for");
  }
  return document;
}

std::unique_ptr<Source> Repository::blob(const Descriptor& descriptor) {
  RegistrySession& session = *session_;
  const std::string path = "blobs/" + descriptor.digest.str();
  const auto open = [&session, path](std::uint64_t from) -> std::unique_ptr<Reply> {
    Request request{.method = "GET", .url = session.at(path)};
    if (from > 0) request.headers["range"] = format("bytes={}-", from);
    std::unique_ptr<Reply> reply = session.send(request);
    const bool partial = reply->status() == 206;
    if (reply->status() == 404) {
      throw Error(Errc::invalid_input,
                  format("{}: {}: the registry has no such blob", session.shown(), path));
    }
    if (reply->status() != 200 && !partial) session.refuse(*reply, "fetching " + path);
    if (from > 0 && !partial) {
      // A registry that knows no ranges begins anew.
      std::string buffer(kMaxAnswer, '\0');
      for (std::uint64_t left = from; left > 0;) {
        const std::size_t count =
            reply->read(std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), left)));
        if (count == 0) break;
        left -= count;
      }
    }
    return reply;
  };
  return std::make_unique<BlobStream>(open, descriptor, format("{}: {}", session.shown(), path));
}

// By its digest, so what is there is what is meant.
bool Repository::has_blob(const Digest& digest) {
  const std::unique_ptr<Reply> reply =
      session_->send({.method = "HEAD", .url = session_->at("blobs/" + digest.str())});
  if (reply->status() != 200 && reply->status() != 404) {
    session_->refuse(*reply, "looking for " + digest.str());
  }
  return reply->status() == 200;
}

// 202 means that the registry has begun an upload instead; that one is left to expire.
bool Repository::mount_blob(const Digest& digest, const std::string& from) {
  Url url = session_->at("blobs/uploads/");
  url.add_query(format("mount={}&from={}", percent_encoded(digest.str()), percent_encoded(from)));
  const std::unique_ptr<Reply> reply =
      session_->send({.method = "POST", .url = url, .repeat = Repeat::never});
  return reply->status() == 201;
}

// One blob on its way to the registry, piece by piece; after trouble it goes on from where the
// registry says that it stopped.
struct Repository::Upload {
  Upload(RegistrySession& to, const Descriptor& blob, const OpenSource& open)
      : session(to), descriptor(blob), doing("uploading " + blob.digest.str()), pieces(open) {
    const std::unique_ptr<Reply> reply =
        session.send({.method = "POST", .url = session.at("blobs/uploads/")});
    if (reply->status() != 202) session.refuse(*reply, doing);
    location = reply->url().resolve(reply->header("location"));
  }

  // Returns how many bytes came to be there; 0 where the upload has to be resumed.
  std::uint64_t send_piece() {
    const std::uint64_t count = std::min(kPiece, descriptor.size - at);
    const std::unique_ptr<Reply> reply =
        session.send({.method = "PATCH",
                      .url = location,
                      .repeat = Repeat::never,
                      .headers = {{"content-type", "application/octet-stream"},
                                  {"content-range", format("{}-{}", at, at + count - 1)}},
                      .body = [&] { return pieces.piece(at, count); },
                      .body_size = count});
    if (reply->status() != 202) {
      const int status = reply->status();
      if (status != 416 && status != 429 && status < 500) session.refuse(*reply, doing);
      resume(format("the registry answered {}", status));
      return 0;
    }
    location = reply->url().resolve(reply->header("location"));
    const std::uint64_t before = at;
    at = std::min(received(reply->header("range")).value_or(at + count), descriptor.size);
    if (at <= before) {
      resume("the registry took nothing");
      return 0;
    }
    failures = 0;
    pause = kRepositoryFirstWait;
    return at - before;
  }

  // Asks how far the upload came, after something went wrong.
  void resume(const std::string& why) {
    if (++failures > kResumes) {
      throw Error(Errc::io, format("{}: {}: given up after {} attempts: {}", session.shown(), doing,
                                   kResumes, why));
    }
    session.pause(pause);
    pause *= 2;
    const std::unique_ptr<Reply> reply = session.send({.method = "GET", .url = location});
    if (reply->status() != 204 && reply->status() != 202) session.refuse(*reply, doing);
    if (const std::string next = reply->header("location"); !next.empty()) {
      location = reply->url().resolve(next);
    }
    at = std::min(received(reply->header("range")).value_or(0), descriptor.size);
    // "0-0" is how an empty upload is said, too.
    if (at <= 1) at = 0;
  }

  void finish() {
    location.add_query(format("digest={}", percent_encoded(descriptor.digest.str())));
    const std::unique_ptr<Reply> reply =
        session.send({.method = "PUT", .url = location, .repeat = Repeat::never});
    if (reply->status() != 201 && reply->status() != 204) session.refuse(*reply, doing);
  }

  RegistrySession& session;
  const Descriptor& descriptor;
  std::string doing;
  Pieces pieces;
  Url location;
  std::uint64_t at = 0;
  unsigned failures = 0;
  std::chrono::milliseconds pause = kRepositoryFirstWait;
};

void Repository::push_blob(const Descriptor& descriptor, const OpenSource& open,
                           const std::function<void(std::uint64_t)>& sent) {
  Upload upload(*session_, descriptor, open);
  while (upload.at < descriptor.size) {
    try {
      if (const std::uint64_t count = upload.send_piece(); count > 0) sent(count);
    } catch (const Error& error) {
      if (error.code() != Errc::io || upload.failures > kResumes) throw;
      upload.resume(error.message());
    }
  }
  upload.finish();
}

// The very bytes: a registry computes the digest from what it is sent.
void Repository::put_manifest(const content::Document& document, const std::string& reference) {
  const std::unique_ptr<Reply> reply =
      session_->send({.method = "PUT",
                      .url = session_->at("manifests/" + reference),
                      .headers = {{"content-type", document.descriptor.media_type}},
                      .body = [&] { return std::make_unique<StringSource>(document.bytes); },
                      .body_size = document.bytes.size()});
  if (reply->status() != 201 && reply->status() != 202) {
    session_->refuse(*reply, format("writing {}", reference));
  }
}

std::string referrers_tag(const Digest& image) {
  return "sha256-" + image.hex();
}

std::string Repository::referrers(const Digest& image) {
  const std::unique_ptr<Reply> reply =
      session_->send({.method = "GET", .url = session_->at("referrers/" + image.str())});
  if (reply->status() == 200)
    return read_all(*reply, content::kMaxImageDocument, session_->shown());
  // Registries say in several ways that they have no such API.
  if (reply->status() != 404 && reply->status() != 405 && reply->status() != 400) {
    session_->refuse(*reply, "listing referrers");
  }
  const std::string tag = referrers_tag(image);
  if (!find(tag)) return R"({"schemaVersion":2,"manifests":[]})";
  return manifest(tag).bytes;
}

// Where the API is there it has listed the manifest by itself, and nothing is left to do.
void Repository::list_referrer(const Digest& image, const Descriptor& manifest) {
  const std::string found = referrers(image);
  for (const content::ImageIndexRow& row : content::parse_image_index(found, session_->shown())) {
    if (row.manifest.digest == manifest.digest) return;
  }
  Json index = parse_json(found, session_->shown(), Errc::io, Numbers::any);
  index["mediaType"] = media_type::kImageIndex;
  index["manifests"].push_back(content::to_json(manifest));
  const std::string bytes = to_canonical(index);
  put_manifest({content::describe(media_type::kImageIndex, bytes), bytes}, referrers_tag(image));
}

void Repository::unlist_referrer(const Digest& image, const Digest& manifest) {
  const std::string tag = referrers_tag(image);
  if (!find(tag)) return;
  const content::Document listed = this->manifest(tag);
  const auto rows = content::parse_image_index(listed.bytes, session_->shown());
  std::vector<Digest> others;
  for (const content::ImageIndexRow& row : rows) {
    if (row.manifest.digest != manifest) others.push_back(row.manifest.digest);
  }
  if (others.size() == rows.size()) return;
  if (others.empty()) {
    remove(listed.descriptor.digest.str());
    return;
  }
  const std::string bytes = content::subset_index(listed.bytes, others);
  put_manifest({content::describe(media_type::kImageIndex, bytes), bytes}, tag);
}

// One page: who asks wants to know whether any tag leads somewhere, and a repository of a release
// has few.
std::vector<std::string> Repository::tags() {
  const std::unique_ptr<Reply> reply =
      session_->send({.method = "GET", .url = session_->at(format("tags/list?n={}", kMaxTags))});
  if (reply->status() == 404) return {};
  const std::string text = read_all(*reply, kMaxAnswer, session_->shown());
  if (reply->status() != 200) session_->refuse(*reply, text, "listing tags");
  return read_tags(text, session_->shown());
}

Repository::Removal Repository::remove(const std::string& reference) {
  const std::unique_ptr<Reply> reply =
      session_->send({.method = "DELETE", .url = session_->at("manifests/" + reference)});
  switch (reply->status()) {
    case 202:
    case 200:
    case 404:
      return Removal::done;
    case 400:
    case 405:
    case 501:
      return Removal::not_allowed;
    default:
      session_->refuse(*reply, format("removing {}", reference));
  }
}

}  // namespace sealift::net
