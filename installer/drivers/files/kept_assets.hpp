// SPDX-License-Identifier: Apache-2.0
#pragma once

// PATH/kept on disk: hard links to files of PATH/releases, or copies where links do not work, under
// the names that they have there.

#include <optional>

#include "installer/content/kept_set.hpp"
#include "installer/driver/stop.hpp"
#include "installer/drivers/files/receipts.hpp"
#include "installer/drivers/files/tree_check.hpp"
#include "installer/drivers/files/tree_writer.hpp"

namespace sealift::installer {

inline constexpr std::string_view kKept = "kept";

class KeptAssets {
 public:
  // `root` is PATH and must outlive this, as `receipts` must. Without `owner`, new directories
  // belong to the user that runs this.
  KeptAssets(const Dir& root, std::optional<Owner> owner, Receipts& receipts)
      : root_(root), owner_(owner), receipts_(receipts) {}

  // Adds what `set` has and mends what differs; removes nothing else. Durable on return. A file
  // that no release has any more is left out with a warning.
  void fill(const KeptSet& set, Content& content, const StopFlag* stop = nullptr);
  // Takes back fill(after) where `before` was there, or nothing: whatever of it was done.
  void take_back(const KeptSet& after, const KeptSet* before, Content& content);
  // Removes everything that `set` does not have; all, without one.
  void trim(const KeptSet* set, Content& content);
  // How it differs from `set`, paths beginning with "kept/".
  std::vector<Difference> check(const KeptSet& set, Content& content,
                                const TreeQuestion& question) const;

 private:
  class Sources;
  void put_folder(const Dir& parent, const release::FileEntry& entry) const;
  void put_file(const Dir& parent, const release::FileEntry& entry, Sources& sources);
  // True where the entry is there as the table says it; its content is believed by its receipt.
  bool stands(const Dir& parent, const release::FileEntry& entry) const;

  const Dir& root_;
  std::optional<Owner> owner_;
  Receipts& receipts_;
};

}  // namespace sealift::installer
