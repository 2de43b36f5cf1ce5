// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sealift::signing {

// The deleter of a std::unique_ptr to something of OpenSSL's, by the function that frees it.
template <auto free_it>
struct FreedBy {
  template <typename T>
  void operator()(T* thing) const {
    free_it(thing);
  }
};

}  // namespace sealift::signing
