// SPDX-License-Identifier: Apache-2.0
#include "builder/workshop/file_text.hpp"

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::builder {

// Braces may lie across two parts.
void FileText::feed(std::string_view part) {
  if (part.empty()) return;
  is_binary_ = is_binary_ || part.find('\0') != part.npos;
  has_braces_ =
      has_braces_ || (ends_in_brace_ && part.front() == '{') || part.find("{{") != part.npos;
  ends_in_brace_ = part.back() == '{';
  const std::size_t space = limit_ - beginning_.size();
  is_whole_ = is_whole_ && part.size() <= space;
  beginning_ += part.substr(0, space);
}

const std::string& FileText::whole(const std::string& path) const {
  if (is_whole_) return beginning_;
  throw Error(Errc::invalid_input,
              format("{}: found more than {} bytes, expected at most that", path, limit_));
}

}  // namespace sealift::builder
