// SPDX-License-Identifier: Apache-2.0
#include "builder/delta/outline.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "base/ascii.hpp"
#include "bundle/layout.hpp"
#include "content/media_types.hpp"
#include "release/documents/file_table.hpp"

namespace sealift::builder {

namespace {

constexpr std::size_t kShortestHash = 6;

std::uint64_t hash_of(std::string_view text) {
  return std::hash<std::string_view>{}(text);
}

std::uint64_t hash_of(const Digest& digest) {
  return hash_of(std::string_view(reinterpret_cast<const char*>(digest.bytes().data()),
                                  digest.bytes().size()));
}

// "4f3a21bc", "D3xkLq9a": long, and with a digit among letters, or digits alone.
bool is_hash(std::string_view part) {
  if (part.size() < kShortestHash) return false;
  return std::any_of(part.begin(), part.end(), is_digit) &&
         std::all_of(part.begin(), part.end(), [](char c) { return is_digit(c) || is_letter(c); });
}

// Places follow from the table, as in every tar of a bundle; no header is read.
void each_file_in(const release::Component& component, std::uint64_t start,
                  const bundle::Blobs& blobs, const SeeFile& see) {
  const auto table = blobs.open(component.file_table().digest);
  release::FileTableReader lines(*table);
  std::uint64_t offset = start;
  while (const std::optional<release::FileEntry> entry = lines.next()) {
    const std::uint64_t size = content::tar_entry_size(release::tar_entry(*entry));
    if (entry->digest) see(component, *entry, offset, size);
    offset += size;
  }
}

}  // namespace

std::string stem_of(std::string_view path) {
  const std::size_t name = path.rfind('/') + 1;
  std::string stem(path.substr(0, name));
  std::string_view rest = path.substr(name);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(".-_~"), rest.size());
    const std::size_t next = std::min(end + 1, rest.size());
    if (!is_hash(rest.substr(0, end))) stem += rest.substr(0, next);
    rest.remove_prefix(next);
  }
  return stem;
}

void each_file(const bundle::Contents& contents, const bundle::Blobs& blobs, const SeeFile& see) {
  std::map<Digest, std::uint64_t> starts;  // of the content of each blob
  std::uint64_t offset = 0;
  for (const content::Descriptor& blob : contents.release.payload) {
    const content::TarEntry entry = bundle::blob_entry(blob);
    starts.emplace(blob.digest, offset + content::tar_header(entry).size());
    offset += content::tar_entry_size(entry);
  }
  for (const release::Component& component : contents.components) {
    if (component.is_images()) continue;
    for (const content::Descriptor& layer : component.manifest.layers) {
      const auto tree = starts.find(layer.digest);
      if (layer.media_type == media_type::kFileTable || tree == starts.end()) continue;
      each_file_in(component, tree->second, blobs, see);
    }
  }
}

PayloadOutline outline_of(const bundle::Contents& contents, const bundle::Blobs& blobs) {
  PayloadOutline outline;
  std::uint64_t offset = 0;
  for (const content::Descriptor& blob : contents.release.payload) {
    const std::uint64_t size = content::tar_entry_size(bundle::blob_entry(blob));
    outline.blobs.push_back(
        {.offset = offset, .size = size, .content = hash_of(blob.digest), .path = 0, .stem = 0});
    offset += size;
  }
  each_file(contents, blobs,
            [&](const release::Component& component, const release::FileEntry& entry,
                std::uint64_t start, std::uint64_t size) {
              const std::string path = component.row.name + "/" + entry.path.str();
              outline.files.push_back({.offset = start,
                                       .size = size,
                                       .content = hash_of(*entry.digest),
                                       .path = hash_of(path),
                                       .stem = hash_of(stem_of(path))});
            });
  // Two components may have one tree.
  std::stable_sort(outline.files.begin(), outline.files.end(),
                   [](const Placed& a, const Placed& b) { return a.offset < b.offset; });
  outline.files.erase(
      std::unique(outline.files.begin(), outline.files.end(),
                  [](const Placed& a, const Placed& b) { return a.offset == b.offset; }),
      outline.files.end());
  return outline;
}

}  // namespace sealift::builder
