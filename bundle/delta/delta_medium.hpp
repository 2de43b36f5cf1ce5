// SPDX-License-Identifier: Apache-2.0
#pragma once

// A delta as it was given, read as the bundle that it makes with its base.

#include <functional>
#include <memory>

#include "bundle/delta/base_bundle.hpp"
#include "bundle/medium.hpp"

namespace sealift::bundle {

// Opens the base that a delta names; an Error that says what is missing where there is none.
using FindBase = std::function<std::unique_ptr<BaseBundle>(const DeltaHead&)>;

// `medium`, where it holds no delta. Else the bundle: read() makes it on the way, as Frames::fast;
// for whoever wants a part, it is made once in an unnamed file of `scratch`, or, where nothing can
// be written there, of the system's folder for such. Bytes of the delta are read confined
// (base/sandbox.hpp). Errors as of read_delta_head() and `find`.
std::unique_ptr<Medium> with_base(std::unique_ptr<Medium> medium, const FindBase& find,
                                  const fs::path& scratch);

}  // namespace sealift::bundle
