// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a web server shall serve the files of a component of assets: for each a content type and how
// long a browser may keep it (RFC 9111, RFC 8246). Patterns are those of Glob; the first that
// matches decides. What no pattern says follows from the name: a file below a folder whose name
// ends in a hash ("assets/app.3f9a1c2e.js") never changes, any other must be asked for again.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "release/text/glob.hpp"

namespace sealift::release {

inline constexpr std::size_t kMaxServeRules = 256;

// How long a copy may be used without asking.
class CacheClass {
 public:
  static CacheClass immutable() { return CacheClass(kForever); }
  static CacheClass no_cache() { return CacheClass(0); }
  // "immutable", "no-cache" or a number of seconds, 1 to 31536000; Error{invalid_input}.
  static CacheClass from_json(const Json& value);
  Json to_json() const;

  bool is_immutable() const { return seconds_ == kForever; }
  // The value of Cache-Control.
  std::string header() const;

  friend bool operator==(const CacheClass&, const CacheClass&) = default;

 private:
  static constexpr std::uint64_t kForever = ~std::uint64_t{0};
  explicit CacheClass(std::uint64_t seconds) : seconds_(seconds) {}
  std::uint64_t seconds_;
};

struct ServeRule {
  std::string match;                // a glob over paths in the component
  std::string type = {};            // empty: what the server's own table says
  std::optional<CacheClass> cache;  // nothing: by the name
  friend bool operator==(const ServeRule&, const ServeRule&) = default;
};

// A pattern that a web server's regular expression can say too; Error{invalid_input}.
void check_serve_pattern(std::string_view pattern);
// Error{invalid_input} for what cannot stand in Content-Type.
void check_content_type(std::string_view type);

// True where the name itself says that its content never changes: below a folder, and before its
// one or two endings, behind the last '.' or '-', a hash as bundlers write it. A guess, which errs
// to the safe side: 8 or more hexadecimal digits with a digit and a letter among them (a3f9c21e),
// 8 of base 32 (5SVLNUSE) or 8 letters and digits (BQ7r9xaZ) that look like no word, number, size,
// date or UUID.
bool has_hashed_name(std::string_view path);

class Serving {
 public:
  Serving() = default;
  explicit Serving(std::vector<ServeRule> rules);

  const std::vector<ServeRule>& rules() const { return rules_; }
  // A precompressed file (".br", ".gz") that no pattern matches is as its original.
  CacheClass cache_of(std::string_view path) const;
  // Whether only its name says that a file is immutable.
  bool guesses_immutable(std::string_view path) const;
  // Empty where neither a pattern nor the name says it.
  std::string type_of(std::string_view path) const;

  // Rows for templates, in the order in which they are to be tried: {"match": a regular expression
  // (PCRE) for a URI, "type", "typed": type is said, "cache": the value of Cache-Control}. Between
  // double quotes each is safe in a configuration of Nginx. The last row matches everything.
  Json rows() const;

  friend bool operator==(const Serving& a, const Serving& b) { return a.rules_ == b.rules_; }

 private:
  const ServeRule* rule_for(std::string_view path) const;
  std::vector<ServeRule> rules_;
  std::vector<Glob> globs_;  // of each
};

Json to_json(const Serving& serving);
// Strict; Error{corrupt}.
Serving serving_from_json(const Json& value, const std::string& where);

}  // namespace sealift::release
