// SPDX-License-Identifier: Apache-2.0
#pragma once

// Values that only a site knows, {{NAME}}, on their way through a program that knows nothing of
// them: it is given stand-ins, and what it writes has the placeholders again where they went. That
// they went through as they are is proven by a second rendering with other stand-ins.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "release/values/environment.hpp"

namespace sealift::builder {

using Texts = std::map<std::string, std::string>;  // files by their paths

// What a value is, as far as that is known before a site says it.
enum class Sort { unknown, text, integer, boolean, list };
using SortOf = std::function<Sort(const std::string& name)>;

// Two rounds that share no stand-in: of texts neither letters, length nor case. Flags are false in
// the first and true in the second.
enum class Round { first, second };

class Placeholders {
 public:
  struct Named {
    std::string name;
    Sort sort;
    std::string where;  // "deploy/values.yaml:3", where it stands first
  };

  // Of files that are templates. Adds to `problems` what no program could pass on: sections,
  // filters, lists.
  Placeholders(const Texts& templates, const SortOf& sort_of, Problems& problems);

  const std::vector<Named>& all() const { return all_; }
  release::Values stand_ins(Round round) const;
  // The files with these values in the places of their placeholders.
  Texts filled(const release::Values& values) const;

  // A line that was written from the first stand-ins, as it would be from `round`.
  std::string in_round(std::string line, Round round) const;
  // The same with placeholders instead; braces that are the program's own mean themselves.
  std::string restored(std::string line) const;
  // Of a flag in a line that was marked by mark_flags().
  std::string flag_token(std::size_t index) const;
  // The stand-in of a text in the first round.
  std::string token(std::size_t index) const;

 private:
  struct Part {
    std::string text;
    int named = -1;  // its index; -1: text
  };
  void read(const std::string& path, const std::string& text, const SortOf& sort_of,
            Problems& problems);
  int index_of(const std::string& name, const std::string& where, const SortOf& sort_of,
               Problems& problems);
  Json stand_in(std::size_t index, Round round) const;

  std::vector<Named> all_;
  std::map<std::string, std::vector<Part>> files_;
};

}  // namespace sealift::builder
