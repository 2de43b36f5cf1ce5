// SPDX-License-Identifier: Apache-2.0
#pragma once

// Finds private keys in a file that is about to be packed: of PEM (also in a line of dotenv or
// JSON) and OpenSSH, of age, of minisign. Whoever can read a bundle could read them. A mere mention
// of a header, as libraries have it, is none. What is compressed or encoded otherwise is not seen.

#include <string>
#include <string_view>

namespace sealift::builder {

// One file, read in parts of any size. Memory does not grow with it. The first that is found is
// kept; the rest of the file is not looked at any more.
class KeyScan {
 public:
  void feed(std::string_view part);
  // "a PEM private key"; empty: none so far.
  std::string_view found() const { return found_; }

 private:
  std::string edge_;  // the end of what was fed, in which a key may have begun
  std::string_view found_;
};

}  // namespace sealift::builder
