// SPDX-License-Identifier: Apache-2.0
#include "signing/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "signing/openssl_free.hpp"
#include "signing/raw.hpp"

namespace sealift::signing {

namespace {

using Bio = std::unique_ptr<BIO, FreedBy<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, FreedBy<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using Store = std::unique_ptr<X509_STORE, FreedBy<X509_STORE_free>>;
using Check = std::unique_ptr<X509_STORE_CTX, FreedBy<X509_STORE_CTX_free>>;

constexpr int kMinRsaBits = 2048;
constexpr std::size_t kMaxAnchors = 1024;
constexpr std::int64_t kDay = 86400;

Bio bio_of(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

struct FreeDer {
  void operator()(unsigned char* der) const { OPENSSL_free(der); }
};

std::string text_of(const ASN1_STRING* text) {
  return as_text(ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text)));
}

// Whoever asks for a passphrase gets none.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

// Every certificate in the text; false where one cannot be read, or there are too many.
bool read_certificates(std::string_view text, std::size_t limit, std::vector<Certificate>& into) {
  const Bio bio = bio_of(text);
  while (true) {
    Certificate each(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
    if (each == nullptr) break;
    if (into.size() == limit) return false;
    into.push_back(std::move(each));
  }
  const unsigned long why = ERR_peek_last_error();
  const bool is_end = ERR_GET_LIB(why) == ERR_LIB_PEM && ERR_GET_REASON(why) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return is_end && !into.empty();
}

Time time_of(const ASN1_TIME* moment) {
  struct tm parts {};
  if (ASN1_TIME_to_tm(moment, &parts) != 1) return {};
  return {.seconds = ::timegm(&parts)};
}

std::string name_of(const X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const Bio out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), subject, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  if (size <= 0) return "without a name";
  return printable(std::string_view(data, static_cast<std::size_t>(size)), 200);
}

// Why a chain does not lead to one of the anchors; empty: it does. Times are judged where `at` is
// given. An operator may name anchors at any height.
std::string chain_mistake(const std::vector<Certificate>& chain,
                          const std::vector<Certificate>& anchors, int purpose,
                          const std::optional<Time>& at) {
  const Store store(X509_STORE_new());
  for (const Certificate& anchor : anchors) X509_STORE_add_cert(store.get(), anchor.get());
  STACK_OF(X509)* between = sk_X509_new_null();
  for (std::size_t i = 1; i < chain.size(); ++i) sk_X509_push(between, chain[i].get());
  const Check check(X509_STORE_CTX_new());
  X509_STORE_CTX_init(check.get(), store.get(), chain.front().get(), between);
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(check.get());
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
  if (at) {
    X509_VERIFY_PARAM_set_time(param, at->seconds);
  } else {
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
  }
  X509_STORE_CTX_set_purpose(check.get(), purpose);
  const bool good = X509_verify_cert(check.get()) == 1;
  std::string mistake =
      good ? "" : X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get()));
  sk_X509_free(between);
  return mistake;
}

class Judge {
 public:
  explicit Judge(const CertificateQuestion& question) : question_(question) {
    // What a host's openssl.cnf says must not change a verdict.
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  }

  CertificateVerdict judge() {
    const bool is_read = read_certificates(question_.chain, kMaxCertificates, chain_);
    if (!is_read) {
      refuse(format("certificate: found no PEM certificate that can be read, or more than {}",
                    kMaxCertificates));
    }
    judge_key();
    if (is_read) {
      verdict_.expires = end_of(leaf());
      verdict_.about = format("{}, until {}", name_of(leaf()), to_text(*verdict_.expires));
      judge_times();
      judge_chain();
      judge_hosts();
    }
    ERR_clear_error();
    return std::move(verdict_);
  }

 private:
  X509* leaf() const { return chain_.front().get(); }
  static Time end_of(const X509* certificate) { return time_of(X509_get0_notAfter(certificate)); }
  void refuse(std::string mistake) { verdict_.mistakes.push_back(std::move(mistake)); }

  void judge_key() {
    const Key key(
        PEM_read_bio_PrivateKey(bio_of(question_.key).get(), nullptr, no_passphrase, nullptr));
    if (key == nullptr) {
      refuse(question_.key.find("ENCRYPTED") == std::string_view::npos
                 ? "key: found no PEM private key that can be read"
                 : "key: is encrypted, expected one that a server can read by itself");
      return;
    }
    const int type = EVP_PKEY_get_base_id(key.get());
    if (type != EVP_PKEY_RSA && type != EVP_PKEY_EC && type != EVP_PKEY_ED25519) {
      refuse("key: expected RSA, ECDSA or Ed25519");
    }
    if (type == EVP_PKEY_RSA && EVP_PKEY_get_bits(key.get()) < kMinRsaBits) {
      refuse(format("key: RSA of {} bits, expected at least {}", EVP_PKEY_get_bits(key.get()),
                    kMinRsaBits));
    }
    if (!chain_.empty() && X509_check_private_key(leaf(), key.get()) != 1) {
      refuse(format("key: belongs to another certificate than {}", name_of(leaf())));
    }
  }

  void judge_times() {
    for (const Certificate& each : chain_) {
      const Time begin = time_of(X509_get0_notBefore(each.get()));
      const Time end = end_of(each.get());
      const std::string name = name_of(each.get());
      if (question_.now < begin) {
        refuse(format("certificate: {} is valid from {}, it is {}", name, to_text(begin),
                      to_text(question_.now)));
      }
      const std::int64_t left = end.seconds - question_.now.seconds;
      if (left < 0) {
        refuse(format("certificate: {} expired at {}, it is {}", name, to_text(end),
                      to_text(question_.now)));
      } else if (left < kDay * question_.warn_days) {
        verdict_.warnings.push_back(
            format("certificate: {} expires at {}, in {} days", name, to_text(end), left / kDay));
      }
    }
  }

  void judge_chain() {
    if (!question_.authorities.empty()) return judge_by_authorities();
    for (std::size_t i = 0; i + 1 < chain_.size(); ++i) {
      X509* signer = chain_[i + 1].get();
      const Key key(X509_get_pubkey(signer));
      if (X509_check_issued(signer, chain_[i].get()) == X509_V_OK && key != nullptr &&
          X509_verify(chain_[i].get(), key.get()) == 1) {
        continue;
      }
      refuse(format("certificate: {} is not signed by the next in the file, {}",
                    name_of(chain_[i].get()), name_of(signer)));
    }
  }

  void judge_by_authorities() {
    std::vector<Certificate> anchors;
    if (!read_certificates(question_.authorities, kMaxAnchors, anchors)) {
      refuse("ca: found no PEM certificate that can be read");
      return;
    }
    const std::string mistake =
        chain_mistake(chain_, anchors, X509_PURPOSE_SSL_SERVER, std::nullopt);
    if (!mistake.empty()) {
      refuse(format("certificate: {} does not lead to an authority in ca: {}", name_of(leaf()),
                    mistake));
    }
  }

  void judge_hosts() {
    for (const std::string& host : question_.hosts) {
      constexpr unsigned kStrict =
          X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
      if (X509_check_host(leaf(), host.data(), host.size(), kStrict, nullptr) == 1) continue;
      if (X509_check_ip_asc(leaf(), host.c_str(), 0) == 1) continue;
      refuse(
          format("certificate: {} is not for the host {}", name_of(leaf()), printable(host, 255)));
    }
  }

  const CertificateQuestion& question_;
  std::vector<Certificate> chain_;
  CertificateVerdict verdict_;
};

// The names of a signer that are text.
std::vector<std::string> signer_names(const X509* certificate) {
  std::vector<std::string> names;
  const std::unique_ptr<GENERAL_NAMES, FreedBy<GENERAL_NAMES_free>> all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type != GEN_EMAIL && name->type != GEN_URI && name->type != GEN_DNS) continue;
    names.push_back(text_of(name->d.ia5));
  }
  return names;
}

// Who confirmed the identity, by Fulcio's extensions: the newer holds a UTF8String, the older bare
// text. Empty where neither says it, or they disagree.
std::string signer_issuer(const X509* certificate) {
  const auto value_of = [&](const char* oid) -> std::string {
    const std::unique_ptr<ASN1_OBJECT, FreedBy<ASN1_OBJECT_free>> wanted(OBJ_txt2obj(oid, 1));
    const int at = X509_get_ext_by_OBJ(certificate, wanted.get(), -1);
    if (at < 0) return "";
    return text_of(X509_EXTENSION_get_data(X509_get_ext(certificate, at)));
  };
  std::string older = value_of("1.3.6.1.4.1.57264.1.1");
  const std::string newer = value_of("1.3.6.1.4.1.57264.1.8");
  if (newer.empty()) return older;
  const unsigned char* at = raw(newer);
  const std::unique_ptr<ASN1_UTF8STRING, FreedBy<ASN1_UTF8STRING_free>> text(
      d2i_ASN1_UTF8STRING(nullptr, &at, static_cast<long>(newer.size())));
  if (text == nullptr || at != raw(newer) + newer.size()) return "";
  const std::string said = text_of(text.get());
  return older.empty() || older == said ? said : "";
}

}  // namespace

SignerVerdict judge_signer(const SignerQuestion& question) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  std::vector<Certificate> chain;
  std::vector<Certificate> roots;
  if (!read_certificates(question.chain, kMaxCertificates, chain)) {
    return {"found no certificate that can be read", {}};
  }
  if (!read_certificates(question.roots, kMaxAnchors, roots)) {
    return {"found no root certificate that can be read", {}};
  }
  X509* leaf = chain.front().get();
  const std::string name = name_of(leaf);
  const std::string mistake = chain_mistake(chain, roots, X509_PURPOSE_ANY, question.at);
  ERR_clear_error();
  if (!mistake.empty()) {
    return {format("its certificate ({}) does not lead to a root at {}: {}", name,
                   to_text(question.at), mistake),
            {}};
  }
  // Without the extension it says all bits.
  const std::uint32_t usage = X509_get_extended_key_usage(leaf);
  if (usage == UINT32_MAX || (usage & XKU_CODE_SIGN) == 0) {
    return {format("its certificate ({}) is not one for code signing", name), {}};
  }
  const std::vector<std::string> names = signer_names(leaf);
  if (std::find(names.begin(), names.end(), question.identity) == names.end()) {
    return {
        format("was signed by {}, expected {}", printable(joined(names), 400), question.identity),
        {}};
  }
  if (const std::string issuer = signer_issuer(leaf); issuer != question.issuer) {
    return {format("its signer was confirmed by \"{}\", expected {}", printable(issuer, 200),
                   question.issuer),
            {}};
  }
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &der);
  const std::unique_ptr<unsigned char, FreeDer> kept(der);
  ERR_clear_error();
  if (size <= 0) return {"its certificate has no key that can be read", {}};
  return {"", as_text(der, static_cast<std::size_t>(size))};
}

CertificateVerdict judge(const CertificateQuestion& question) {
  return Judge(question).judge();
}

}  // namespace sealift::signing
