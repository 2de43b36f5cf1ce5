// SPDX-License-Identifier: Apache-2.0
#pragma once

// SHA-384, for Subresource Integrity (W3C): browsers know no digest of ours. Nothing here is stored
// or installed by it; that is what base/digest.hpp is for.

#include <memory>
#include <string>
#include <string_view>

namespace sealift {

class Sha384 {
 public:
  Sha384();
  void update(std::string_view bytes);
  // The 48 bytes of the digest of everything since construction or the last finish(); starts anew.
  std::string finish();

 private:
  struct State;
  struct Free {
    void operator()(State* state) const;
  };
  std::unique_ptr<State, Free> state_;
};

}  // namespace sealift
