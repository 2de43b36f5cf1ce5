// SPDX-License-Identifier: Apache-2.0
#pragma once

// The authorities whose certificates a connection takes.

#include "base/path.hpp"

namespace boost::asio::ssl {
class context;
}

namespace sealift::net {

// Those of the system, as OpenSSL has it: SSL_CERT_FILE and SSL_CERT_DIR take their place. None
// where the system keeps none.
void trust_system_roots(boost::asio::ssl::context& tls);
// Those of a file of PEM certificates. Throws Error{invalid_input} where it has none.
void trust_roots_of(boost::asio::ssl::context& tls, const fs::path& file);

}  // namespace sealift::net
