// SPDX-License-Identifier: Apache-2.0
#pragma once

// How objects lie at Datadog: where each family is in the API, how ours are marked, and what of an
// answer is an object. All but dashboards are marked by two tags, "sealift:MARK" and
// "sealift-file:HASH", dashboards by the last line of their description, "[sealift MARK HASH]". The
// hash is of the object's name, which may hold characters that a tag may not. A synthetic test says
// "sealift-test:MARK" instead: Datadog makes a monitor for it with the same tags, which is the
// test's and none of ours.

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "installer/driver/difference.hpp"
#include "observability/objects.hpp"

namespace sealift::installer {

// "/api/v1/monitor"
std::string path_of(observability::Family family);
std::string path_of(observability::Family family, const std::string& id);
// The list that holds all objects with this mark; a page of it where is_paged().
std::string list_of(observability::Family family, const std::string& mark, std::size_t page);
inline constexpr std::size_t kPage = 100;  // objects of a page
bool is_paged(observability::Family family);
// Whether an answer to a request for one object says that there is none.
bool is_missing(observability::Family family, int status);

// Of an object's name, as marks have it.
std::string hash_of(const std::string& name);
// The object with our mark, and without marks that an export of another may have.
Json marked(observability::Family family, Json body, const std::string& mark,
            const std::string& hash);
// The hash of an object that has this mark; nothing: it is not ours.
std::optional<std::string> read_mark(observability::Family family, const Json& body,
                                     const std::string& mark);

// Of an object as the API answers it; empty: there is none.
std::string read_id(observability::Family family, const Json& body);
// The object in an answer to a request for one.
const Json& read_single(observability::Family family, const Json& answer);
// The objects in an answer to a request for many.
const Json& read_many(observability::Family family, const Json& answer);

// How what is there differs from what was sent, at most ten fields: fields that only the server has
// are none. `name` is the object's.
std::vector<Difference> changed_fields_of(const std::string& name, const Json& sent,
                                          const Json& there);

}  // namespace sealift::installer
