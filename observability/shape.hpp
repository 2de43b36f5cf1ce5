// SPDX-License-Identifier: Apache-2.0
#pragma once

// The form of an object of another program, as a table: which fields it has, of which sort, and
// which words. A table says what we know of a program's API, never all of it: a field that no table
// has is told and not refused, unless the program itself refuses it.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace sealift::observability {

enum class Sort {
  text,
  duration,  // of Prometheus: "5m", "1h30m", "0"
  whole,
  number,
  flag,
  list,    // of anything, or of what `inside` says
  texts,   // a list of texts
  object,  // of anything, or of what `inside` says
  plain,   // text, a number, true or false
  labels,  // an object of plain values whose keys are names of labels
  any
};
enum class Need { optional, required };
// What becomes of a field that the table does not have.
enum class Others { told, refused, ignored };

struct Shape;

struct Field {
  std::string_view name;
  Sort sort = Sort::any;
  Need need = Need::optional;
  std::span<const std::string_view> words = {};  // of a text; empty: any
  const Shape* inside = nullptr;                 // of an object, or of each element of a list
};

struct Shape {
  std::string_view whose;  // "a monitor of Datadog", for messages
  std::span<const Field> fields;
  Others others = Others::told;
};

// What was found of the files of a component.
struct Found {
  Problems& mistakes;
  std::vector<Problem> findings = {};
};

// A place in a file: "monitors/latency.json: options.thresholds".
class Place {
 public:
  explicit Place(std::string file) : text_(std::move(file)) {}
  Place of(std::string_view field) const;
  Place of(std::size_t index) const;
  const std::string& str() const { return text_; }

 private:
  std::string text_;
  bool is_inside_ = false;  // behind the file's name
};

// Adds everything that is wrong with `value` in that form. A null counts as a field that is not
// there: servers write it so.
void check_shape(const Json& value, const Shape& shape, const Place& place, Found& found);

}  // namespace sealift::observability
