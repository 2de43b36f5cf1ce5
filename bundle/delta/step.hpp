// SPDX-License-Identifier: Apache-2.0
#pragma once

// One step of a delta: how one frame's content is made of the base (delta_head.hpp).

#include <cstdint>
#include <string>
#include <vector>

#include "base/stream.hpp"

namespace sealift::bundle {

inline constexpr std::size_t kMaxParts = 1U << 16;  // of one step

// A part of a base's payload.
struct Range {
  std::uint64_t offset;
  std::uint32_t length;
  friend bool operator==(const Range&, const Range&) = default;
};

// The content is the parts that are copied or fresh, one behind the other.
struct Part {
  enum class Kind : std::uint8_t {
    copied = 0,  // what stands at `range`
    fresh = 1,   // the next bytes that the patch gives; its offset is 0
    prefix = 2   // nothing of the content: what the patch may refer to
  };
  Kind kind;
  Range range;
};

struct Step {
  std::uint32_t content = 0;  // bytes, 1 to content::kFrameContent
  std::vector<Part> parts;    // prefixes of at most content::kMaxPrefix bytes together
  std::string patch;          // content/frames.hpp; empty: nothing is fresh
};

std::string to_bytes(const Step& step);

// Bounded before anything is made of it. Error{corrupt}.
Step read_step(Source& delta, const std::string& name);

// Just so many bytes; Error{corrupt} where the file ends before.
std::string read_exactly(Source& delta, std::size_t size, const std::string& name);

// Error{corrupt} that names the file and says what to do.
[[noreturn]] void refuse_delta(const std::string& name, std::string_view found);

}  // namespace sealift::bundle
