// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/stream.hpp"

namespace sealift {

// Takes everything and keeps nothing: for who wants a digest or a count.
class NullSink : public Sink {
 public:
  void write(std::string_view) override {}
};

}  // namespace sealift
