// SPDX-License-Identifier: Apache-2.0
#pragma once

// One repository of one registry (OCI distribution specification 1.1). What comes is compared with
// its digest before anybody uses it; what goes is sent blobs first, then what names them, in the
// order of the caller. One thread uses a Repository; several may work side by side.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "content/descriptor.hpp"
#include "net/credentials.hpp"
#include "net/http.hpp"

namespace sealift::net {

inline constexpr std::size_t kMaxTags = 1000;
inline constexpr std::size_t kTransfers = 3;  // at once, from or to one registry

// The tag that lists what refers to an image, where a registry has no API of referrers (OCI
// distribution specification 1.1, "Referrers Tag Schema").
std::string referrers_tag(const Digest& image);

class RegistrySession;

class Repository {
 public:
  // `host` as in image names: "registry.site:5000", "docker.io"; `name` such as "chanuka/server".
  Repository(HttpSettings settings, std::string host, std::string name,
             std::optional<Credentials> credentials);
  ~Repository();

  // What a tag or digest means there; nothing where the registry does not know it.
  std::optional<content::Descriptor> find(const std::string& reference);
  // A manifest or index with its media type. Error{corrupt} where it is not what its digest says;
  // Error{invalid_input} where there is none.
  content::Document manifest(const std::string& reference);
  // An index of the manifests whose subject is `image`: by the API of referrers, where there is
  // none by the tag that stands for it, and where that is missing an empty one.
  std::string referrers(const Digest& image);
  // Makes referrers() list a manifest that was put: where there is no such API, clients keep the
  // tag.
  void list_referrer(const Digest& image, const content::Descriptor& manifest);
  // Takes one that was removed out of that tag again, and leaves the others there.
  void unlist_referrer(const Digest& image, const Digest& manifest);
  // A blob as a stream that compares size and digest at its end (Error{corrupt}), and goes on where
  // it stopped when a connection breaks.
  std::unique_ptr<Source> blob(const content::Descriptor& descriptor);

  // Asked before an upload, which it saves.
  bool has_blob(const Digest& digest);
  // Uploads a blob in pieces, from where the registry says that it stopped. `open` gives the blob
  // from its beginning, as often as it is asked.
  void push_blob(const content::Descriptor& descriptor, const OpenSource& open,
                 const std::function<void(std::uint64_t)>& sent);
  // Takes a blob over from another repository of the same registry; false where it does not.
  bool mount_blob(const Digest& digest, const std::string& from);
  // `reference` is a tag or the document's digest.
  void put_manifest(const content::Document& document, const std::string& reference);

  // At most kMaxTags tags. In the registry's order; none where it does not know the repository.
  std::vector<std::string> tags();

  enum class Removal { done, not_allowed };
  // Deletes a tag, or a manifest with all its tags. One that is gone is done.
  Removal remove(const std::string& reference);

 private:
  struct Upload;
  std::unique_ptr<RegistrySession> session_;
};

}  // namespace sealift::net
