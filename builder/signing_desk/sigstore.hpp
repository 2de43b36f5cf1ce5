// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bundle format of Sigstore (sigstore/protobuf-specs, bundle v0.3) around one DSSE envelope
// with one signature by a key that the verifier has: no certificate, no transparency log.

#include <string>

#include "base/json.hpp"
#include "signing/dsse.hpp"

namespace sealift::builder {

// `envelope` has one signature; indented, for people.
std::string to_sigstore(const signing::Envelope& envelope);
// The envelope in a bundle of Sigstore, or the one that `value` is itself. Error{corrupt} for a
// bundle of another kind.
signing::Envelope read_envelope(const Json& value, const std::string& where);

}  // namespace sealift::builder
