// SPDX-License-Identifier: Apache-2.0
#pragma once

// A delta bundle and its base, read as the bundle that they make. The documents come first and
// need no base, so trust is decided before anything is patched. Memory is bounded: for each worker
// one prefix and one frame.

#include <memory>
#include <optional>
#include <string>

#include "base/parallel.hpp"
#include "bundle/delta/delta_head.hpp"
#include "bundle/delta/payload_bytes.hpp"
#include "content/frames.hpp"

namespace sealift::bundle {

// How the frames of the payload are compressed.
enum class Frames {
  as_built,  // as in the bundle that the delta was made of, byte for byte
  fast       // the same content in less time: the same release, in another file
};

class Expanded : public Source {
 public:
  // `delta` stands behind its head. Everything given must outlive this. Error{incompatible} for
  // Frames::as_built where this program's libzstd is another than the one that built the bundle.
  Expanded(Source& delta, const DeltaHead& head, std::string name, const PayloadBytes& base,
           Workers& workers, Frames frames);
  ~Expanded() override;

  // Error{corrupt} for anything that is no step, for a patch that does not fit its base, for more
  // than the head lets expect (a delta can say any step a million times), and at the end where the
  // whole, as_built, is not the file that the head names.
  std::size_t read(std::span<char> into) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sealift::bundle
