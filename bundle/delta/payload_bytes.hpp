// SPDX-License-Identifier: Apache-2.0
#pragma once

// The payload of an open bundle file as one run of bytes that can be read anywhere. Nothing is
// compared with a digest here: whoever uses the bytes checks what became of them.

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "bundle/delta/step.hpp"
#include "bundle/reader.hpp"

namespace sealift::bundle {

class PayloadBytes {
 public:
  // `file` must outlive this. Error{corrupt} where the file is longer or shorter than it says, and
  // Error{incompatible} for a plain tar, which has no frames.
  PayloadBytes(const RandomAccess& file, std::string name, const Contents& contents);

  // Bytes of the payload, and of the end of the tar behind it.
  std::uint64_t size() const { return starts_.back(); }
  // Its frames, in order, and where the first begins in the file.
  const PayloadPart& part() const { return part_; }
  std::uint64_t start_of(std::size_t frame) const { return starts_[frame]; }
  // For any number of threads. The last few frames that were asked for are kept.
  std::shared_ptr<const std::string> frame(std::size_t index) const;
  // Error{corrupt} for a range that ends behind the payload.
  void append(std::string& to, Range range) const;

 private:
  const RandomAccess& file_;
  std::string name_;
  PayloadPart part_;
  std::vector<std::uint64_t> starts_;   // of each frame's content; last the end
  std::vector<std::uint64_t> offsets_;  // of each frame in the file
  mutable std::mutex mutex_;
  mutable std::deque<std::pair<std::size_t, std::shared_ptr<const std::string>>> kept_;
};

}  // namespace sealift::bundle
