// SPDX-License-Identifier: Apache-2.0
#pragma once

// The precompressed variants of the files of one folder, made ahead on several cores and taken one
// by one. At most a few files are in memory, each of at most 16 MiB.

#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/file.hpp"
#include "base/parallel.hpp"
#include "content/precompress.hpp"

namespace sealift::builder {

// Smaller files fit into the first packet anyway; larger ones are downloads, not pages.
inline constexpr std::uint64_t kMinVariantOf = 1024;
inline constexpr std::uint64_t kMaxVariantOf = 16U << 20;

// A Variant says what it was made of, so that a file that was written between two readings is
// noticed.
class Variants {
 public:
  struct Variant {
    Digest of;            // what was compressed
    std::string content;  // empty: it does not pay
  };

  // Both must outlive this.
  Variants(const Dir& folder, Workers& workers) : folder_(folder), made_(workers) {}
  // Asks for a variant of the file `name`, before the first is taken.
  void want(std::string name, content::Encoding encoding);
  // The next one, in the order in which they were wanted.
  Variant take();

 private:
  struct Wanted {
    std::string name;
    content::Encoding encoding;
  };
  static Variant make(const Dir& folder, const Wanted& wanted);

  const Dir& folder_;
  std::vector<Wanted> wanted_;
  std::size_t begun_ = 0;
  Ordered<Variant> made_;
};

}  // namespace sealift::builder
