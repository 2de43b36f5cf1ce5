// SPDX-License-Identifier: Apache-2.0
#pragma once

// The content of a file as a kind looks at it while it is packed: all of it up to a limit (4 MiB
// where the kind names none); of a longer file its beginning, and what the rest showed.

#include <cstddef>
#include <string>
#include <string_view>

namespace sealift::builder {

class FileText {
 public:
  static constexpr std::size_t kMaxBytes = 4U << 20;

  explicit FileText(std::size_t limit = kMaxBytes) : limit_(limit) {}
  explicit FileText(std::string_view text) : FileText() { feed(text); }

  // In the order of the file, in parts of any size.
  void feed(std::string_view part);
  // At most the limit.
  const std::string& beginning() const { return beginning_; }
  bool is_whole() const { return is_whole_; }
  // All of it; Error{invalid_input} where it has more than the limit.
  const std::string& whole(const std::string& path) const;
  // A zero byte, which programs, pictures and archives have and texts have not.
  bool is_binary() const { return is_binary_; }
  bool has_braces() const { return has_braces_; }  // "{{"

 private:
  std::size_t limit_;
  std::string beginning_;
  bool is_whole_ = true;
  bool is_binary_ = false;
  bool has_braces_ = false;
  bool ends_in_brace_ = false;
};

}  // namespace sealift::builder
