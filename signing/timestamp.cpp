// SPDX-License-Identifier: Apache-2.0
#include "signing/timestamp.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <cstring>
#include <memory>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "signing/openssl_free.hpp"
#include "signing/raw.hpp"

namespace sealift::signing {

namespace {

using TsRequest = std::unique_ptr<TS_REQ, FreedBy<TS_REQ_free>>;
using TsImprint = std::unique_ptr<TS_MSG_IMPRINT, FreedBy<TS_MSG_IMPRINT_free>>;
using TsAlgorithm = std::unique_ptr<X509_ALGOR, FreedBy<X509_ALGOR_free>>;
using TsAnswer = std::unique_ptr<TS_RESP, FreedBy<TS_RESP_free>>;
using TsCheck = std::unique_ptr<TS_VERIFY_CTX, FreedBy<TS_VERIFY_CTX_free>>;
using TsStore = std::unique_ptr<X509_STORE, FreedBy<X509_STORE_free>>;

constexpr std::size_t kSha256Bytes = 32;

// OpenSSL's own words for what it refused last.
std::string last_refusal() {
  const unsigned long why = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(why);
  std::string text = reason == nullptr ? "it cannot be verified" : printable(reason, 200);
  ERR_clear_error();
  return text;
}

void demand_made(bool is_made) {
  if (!is_made) throw Error(Errc::internal, "libcrypto made no timestamp request");
}

// Certificates of any height may be named as authorities.
TsStore store_of_authorities(std::string_view pem, Time at) {
  TsStore store(X509_STORE_new());
  const std::unique_ptr<BIO, FreedBy<BIO_free_all>> in(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::size_t count = 0;
  while (true) {
    const std::unique_ptr<X509, FreedBy<X509_free>> each(
        PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    if (each == nullptr) break;
    X509_STORE_add_cert(store.get(), each.get());
    ++count;
  }
  ERR_clear_error();
  if (count == 0) return nullptr;
  X509_VERIFY_PARAM* how = X509_STORE_get0_param(store.get());
  X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(how, at.seconds);
  return store;
}

std::string signer_of(TS_RESP& answer) {
  PKCS7* token = TS_RESP_get_token(&answer);
  STACK_OF(X509)* signers = token == nullptr ? nullptr : PKCS7_get0_signers(token, nullptr, 0);
  std::string name;
  if (signers != nullptr && sk_X509_num(signers) > 0) {
    char text[256] = {};
    X509_NAME_oneline(X509_get_subject_name(sk_X509_value(signers, 0)), text, sizeof text);
    name = printable(text, 200);
  }
  sk_X509_free(signers);
  ERR_clear_error();
  return name;
}

class TimestampJudge {
 public:
  explicit TimestampJudge(const TimestampQuestion& question)
      : question_(question),
        verdict_{.mistake = {}, .time = {}, .digest = Digest::of(""), .signer = {}} {
    // What a host's openssl.cnf says must not change a verdict.
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  }

  TimestampVerdict judge() {
    verdict_.mistake = mistake();
    ERR_clear_error();
    return std::move(verdict_);
  }

 private:
  std::string mistake() {
    const unsigned char* at = raw(question_.answer);
    const TsAnswer answer(d2i_TS_RESP(nullptr, &at, static_cast<long>(question_.answer.size())));
    if (answer == nullptr || at != raw(question_.answer) + question_.answer.size()) {
      return "found no answer of RFC 3161 (TimeStampResp in DER)";
    }
    TS_TST_INFO* said = TS_RESP_get_tst_info(answer.get());
    if (said == nullptr) return "the authority has given no timestamp: it refused the request";
    if (std::string wrong = read(*said); !wrong.empty()) return wrong;
    verdict_.signer = signer_of(*answer);
    TsStore store = store_of_authorities(question_.authorities, verdict_.time);
    if (store == nullptr) return "found no certificate of an authority in PEM";
    const TsCheck check(TS_VERIFY_CTX_new());
    TS_VERIFY_CTX_set_flags(check.get(), TS_VFY_VERSION | TS_VFY_SIGNATURE);
    TS_VERIFY_CTX_set_store(check.get(), store.release());
    if (TS_RESP_verify_response(check.get(), answer.get()) != 1) {
      return format("it is not signed by an authority that is named: {}", last_refusal());
    }
    return "";
  }

  // OpenSSL compares a digest without asking which algorithm it is of.
  std::string read(TS_TST_INFO& said) {
    struct tm parts {};
    if (ASN1_TIME_to_tm(TS_TST_INFO_get_time(&said), &parts) != 1) {
      return "its time cannot be read";
    }
    verdict_.time = {.seconds = ::timegm(&parts)};
    TS_MSG_IMPRINT* imprint = TS_TST_INFO_get_msg_imprint(&said);
    const ASN1_OBJECT* algorithm = nullptr;
    X509_ALGOR_get0(&algorithm, nullptr, nullptr, TS_MSG_IMPRINT_get_algo(imprint));
    const ASN1_OCTET_STRING* message = TS_MSG_IMPRINT_get_msg(imprint);
    if (OBJ_obj2nid(algorithm) != NID_sha256 ||
        static_cast<std::size_t>(ASN1_STRING_length(message)) != kSha256Bytes) {
      return "it is of a digest of another algorithm, expected SHA-256";
    }
    std::array<unsigned char, kSha256Bytes> bytes{};
    std::memcpy(bytes.data(), ASN1_STRING_get0_data(message), bytes.size());
    verdict_.digest = Digest::from_bytes(bytes);
    return "";
  }

  const TimestampQuestion& question_;
  TimestampVerdict verdict_;
};

}  // namespace

std::string timestamp_request(const Digest& digest) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  const TsAlgorithm algorithm(X509_ALGOR_new());
  const TsImprint imprint(TS_MSG_IMPRINT_new());
  const TsRequest request(TS_REQ_new());
  demand_made(algorithm != nullptr && imprint != nullptr && request != nullptr);
  std::array<unsigned char, kSha256Bytes> bytes = digest.bytes();
  demand_made(
      X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) == 1 &&
      TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) == 1 &&
      TS_MSG_IMPRINT_set_msg(imprint.get(), bytes.data(), static_cast<int>(bytes.size())) == 1 &&
      TS_REQ_set_version(request.get(), 1) == 1 &&
      TS_REQ_set_msg_imprint(request.get(), imprint.get()) == 1 &&
      TS_REQ_set_cert_req(request.get(), 1) == 1);
  unsigned char* der = nullptr;
  const int size = i2d_TS_REQ(request.get(), &der);
  demand_made(size > 0);
  std::string text = as_text(der, static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

TimestampVerdict judge_timestamp(const TimestampQuestion& question) {
  return TimestampJudge(question).judge();
}

}  // namespace sealift::signing
