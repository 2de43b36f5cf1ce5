// SPDX-License-Identifier: Apache-2.0
#include "builder/images/image_signatures.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "content/media_types.hpp"
#include "signing/base64.hpp"
#include "signing/certificate.hpp"
#include "signing/cosign.hpp"
#include "signing/upstream_signer.hpp"

namespace sealift::builder {

namespace {

using content::Descriptor;

constexpr std::size_t kMaxSigned = 64;                  // layers, of one image
constexpr std::uint64_t kMaxSimpleSigning = 1U << 20;   // bytes of a payload
constexpr std::uint64_t kMaxSignedBytes = 64ULL << 20;  // of all layers
// The rest is seen with cosign itself.
constexpr std::size_t kMaxReasons = 8;                // in a message
constexpr std::string_view kSignature = "signature";  // a claim; the others are URIs
constexpr std::string_view kFewer =
    "take the image from a copy that has only those that are needed";

// Why something that was signed does not count.
[[noreturn]] void discount(std::string reason) {
  throw Error(Errc::untrusted, std::move(reason));
}

// Judges what accompanies one image.
class CompanionCheck {
 public:
  CompanionCheck(const signing::UpstreamSigner& signer, const Descriptor& image,
                 ImageSource& source, bundle::Spool& spool)
      : signer_(signer), image_(image), source_(source), spool_(spool) {}

  // Takes the manifest with all its blobs where any layer of it counts; layers that do not count
  // are kept as reasons, for the message of a proof that is missing.
  void consider(const Companion& companion) {
    const std::string name = companion.tag.empty()
                                 ? format("manifest {}", companion.manifest.descriptor.digest.str())
                                 : companion.tag;
    const content::ArtifactManifest manifest =
        content::parse_artifact_manifest(companion.manifest.bytes, name);
    std::set<std::string> claims;
    std::map<Digest, Descriptor> blobs;
    const auto take = [&](const Descriptor& blob) {
      std::string bytes = source_.document(blob);
      if (blob.digest != content::empty_descriptor().digest) {
        blobs.insert_or_assign(blob.digest, spool_.keep(blob.media_type, bytes));
      }
      return bytes;
    };
    std::size_t number = 0;
    for (const Descriptor& layer : manifest.layers) {
      ++number;
      count(layer, format("{}: layer {}", name, number));
      try {
        claims.insert(claim_of(layer, take(layer)));
      } catch (const Error& error) {
        if (error.code() != Errc::untrusted) throw;
        reasons_.push_back(format("{}: layer {}: {}", name, number, error.message()));
      }
    }
    if (claims.empty()) return;
    take(manifest.config);
    release::CarriedSignature signature{.manifest = companion.manifest.descriptor.digest,
                                        .tag = companion.tag,
                                        .blobs = {},
                                        .by = signer_.name(),
                                        .claims = {claims.begin(), claims.end()}};
    for (const auto& [digest, blob] : blobs) signature.blobs.push_back(digest);
    Descriptor kept =
        spool_.keep(companion.manifest.descriptor.media_type, companion.manifest.bytes);
    // Who lists it as a referrer must say it again.
    kept.artifact_type = companion.manifest.descriptor.artifact_type;
    signatures_.blobs.push_back(kept);
    for (const auto& [unused, blob] : blobs) signatures_.blobs.push_back(blob);
    signatures_.carried.push_back(std::move(signature));
    claims_.merge(claims);
  }

  // What is asked for and was not verified.
  void require(const std::string& claim, std::string_view tag) const {
    if (claims_.contains(claim)) return;
    const std::string wanted = claim == kSignature ? claim : "attestation " + claim;
    if (reasons_.empty() && claims_.empty()) {
      throw Error(Errc::untrusted,
                  format("found no {} of {}, expected one by {}", wanted, image_.digest.str(),
                         signer_.name()),
                  format("sign it with cosign, or bring along what is signed: it has the tag {} or "
                         "refers to the image",
                         release::cosign_tag(image_.digest, tag)));
    }
    std::vector<std::string> reasons(
        reasons_.begin(),
        reasons_.begin() + static_cast<std::ptrdiff_t>(std::min(reasons_.size(), kMaxReasons)));
    for (const std::string& found : claims_) reasons.push_back(format("{}: good", found));
    throw Error(Errc::untrusted,
                format("found no {} of {} by {}: {}", wanted, image_.digest.str(), signer_.name(),
                       printable(joined(reasons, "; "), 2000)),
                "check with its project that the key is theirs and the image is what they signed; "
                "nothing was written");
  }

  ImageSignatures take() { return std::move(signatures_); }

 private:
  // A manifest is carried whole or not at all, so one layer too many or too large refuses all.
  void count(const Descriptor& layer, const std::string& name) {
    const std::uint64_t limit = layer.media_type == media_type::kSimpleSigning
                                    ? kMaxSimpleSigning
                                    : content::kMaxImageDocument;
    if (layer.size > limit) {
      throw Error(Errc::untrusted,
                  format("{}: found {} bytes, expected at most {}", name, layer.size, limit),
                  std::string(kFewer));
    }
    bytes_ += layer.size;
    if (++layers_ <= kMaxSigned && bytes_ <= kMaxSignedBytes) return;
    throw Error(Errc::untrusted,
                format("found more than {} signatures and attestations, or more than {} bytes of "
                       "them",
                       kMaxSigned, kMaxSignedBytes),
                std::string(kFewer));
  }

  // What a layer proves; Error{untrusted} where it proves nothing.
  std::string claim_of(const Descriptor& layer, const std::string& bytes) const {
    if (layer.media_type == media_type::kSimpleSigning) {
      const std::string signature = noted(layer, annotation::kCosignSignature);
      if (signature.empty()) discount("found no signature in its annotations");
      require_signer({.message = bytes, .payload = bytes, .bytes = decoded(signature)},
                     beside(layer));
      require_image({signing::parse_signed_image(bytes)});
      return std::string(kSignature);
    }
    if (layer.media_type == media_type::kDsse) {
      return claim_in(signing::parse_attestation(bytes), beside(layer));
    }
    if (layer.media_type.starts_with(media_type::kSigstoreBundle)) {
      const signing::SigstoreBundle bundle = signing::parse_sigstore_bundle(bytes);
      return claim_in(bundle.envelope, bundle.beside);
    }
    discount(format("found the media type \"{}\", expected {}, {} or {}",
                    printable(layer.media_type, 100), media_type::kSimpleSigning, media_type::kDsse,
                    media_type::kSigstoreBundle));
  }

  // One good signature is enough, whatever others an envelope has; the type of what was signed is
  // the claim, so that an attestation is asked for by its predicate type.
  std::string claim_in(const signing::Envelope& envelope, const signing::Beside& beside) const {
    const std::string message = signing::pae(envelope.payload_type, envelope.payload);
    std::string objection;
    const bool is_signed = std::any_of(
        envelope.signatures.begin(), envelope.signatures.end(),
        [&](const signing::Signature& each) {
          objection = signer_.objection(
              {.message = message, .payload = envelope.payload, .bytes = each.bytes}, beside);
          return objection.empty();
        });
    if (!is_signed) discount(objection);
    const signing::Attested attested = signing::parse_attested(envelope.payload);
    require_image(attested.subjects);
    if (attested.predicate_type == signing::kCosignSigned) return std::string(kSignature);
    return attested.predicate_type;
  }

  void require_signer(const signing::UpstreamSignature& signature,
                      const signing::Beside& beside) const {
    const std::string objection = signer_.objection(signature, beside);
    if (!objection.empty()) discount(objection);
  }

  static std::string noted(const Descriptor& layer, const char* key) {
    const auto found = layer.annotations.find(key);
    return found == layer.annotations.end() ? "" : found->second;
  }
  // What cosign notes at a layer beside the signature: a certificate of Fulcio with its chain, and
  // the entry of the log (Rekor) that says when it was used.
  static signing::Beside beside(const Descriptor& layer) {
    signing::Beside beside{.chain = noted(layer, annotation::kCosignCertificate), .entry = {}};
    if (beside.chain.empty()) return beside;
    beside.chain += "\n" + noted(layer, annotation::kCosignChain);
    if (const std::string log = noted(layer, annotation::kCosignLog); !log.empty()) {
      beside.entry = signing::parse_log_annotation(log);
    }
    return beside;
  }

  // A signature that is good and about another image is what somebody who swaps images would show.
  void require_image(const std::vector<Digest>& found) const {
    if (std::find(found.begin(), found.end(), image_.digest) != found.end()) return;
    discount(format("is about {}, expected {}", found.empty() ? "nothing" : found.front().str(),
                    image_.digest.str()));
  }

  static std::string decoded(const std::string& text) {
    return blame(Errc::untrusted, "signature", [&] { return signing::from_base64(text); });
  }

  const signing::UpstreamSigner& signer_;
  const Descriptor& image_;
  ImageSource& source_;
  bundle::Spool& spool_;
  std::size_t layers_ = 0;
  std::uint64_t bytes_ = 0;
  std::set<std::string> claims_;
  std::vector<std::string> reasons_;
  ImageSignatures signatures_;
};

// By a key of the project, or by an identity of Fulcio with trusted roots that lie in the
// repository: no service is asked, and a build of next year decides the same. A file that is
// missing is a mistake of release.yaml, not a signature that does not count.
std::unique_ptr<signing::UpstreamSigner> wanted_signer(const release::Release& release,
                                                       const release::UpstreamCheck& check) {
  const auto text_in = [&](const std::string& path, std::uint64_t limit) {
    return blame(Errc::invalid_input, "verify",
                 [&] { return read_file(release.folder / path, limit); });
  };
  const auto key_in = [&](const std::string& path) {
    return signing::UpstreamKey::parse(text_in(path, signing::kMaxUpstreamKey), path);
  };
  if (!check.key.empty()) return signing::signer_with_key(key_in(check.key));
  return signing::signer_with_identity(
      {.identity = check.identity,
       .issuer = check.issuer,
       .roots = text_in(check.roots, signing::kMaxAuthoritiesBytes),
       .log = key_in(check.rekor)});
}

}  // namespace

// Without digests of manifests: the same signature made again is no change.
std::vector<std::string> verified_by(const std::vector<release::CarriedSignature>& signatures) {
  std::set<std::string> verified;
  for (const release::CarriedSignature& signature : signatures) {
    for (const std::string& claim : signature.claims) {
      verified.insert(printable(format("{} by {}", claim, signature.by), 2000));
    }
  }
  return {verified.begin(), verified.end()};
}

// What was verified when the lock was written must still be: an image that lost its signature, or
// is signed by another key, is not the one that somebody looked at.
void check_lock(const release::Release& release, const release::ImageEntry& entry,
                const std::vector<release::CarriedSignature>& signatures) {
  if (!release.locked) return;
  const auto locked = release.locked->verified.find(entry.from);
  if (locked == release.locked->verified.end()) return;
  const std::vector<std::string> verified = verified_by(signatures);
  for (const std::string& each : locked->second) {
    if (std::find(verified.begin(), verified.end(), each) != verified.end()) continue;
    throw Error(
        Errc::untrusted,
        format("found {}, release.lock.yaml says {}",
               verified.empty() ? "nothing verified" : joined(verified), printable(each, 400)),
        "ask why it changed; if that is meant: sealift lock");
  }
}

// A signature is always wanted; attestations are those that release.yaml lists. All that is missing
// is said at once.
ImageSignatures take_signatures(const release::Release& release, const release::ImageEntry& entry,
                                const Descriptor& image, ImageSource& source,
                                bundle::Spool& spool) {
  if (!entry.verify) return {};
  const std::unique_ptr<signing::UpstreamSigner> signer = wanted_signer(release, *entry.verify);
  CompanionCheck check(*signer, image, source, spool);
  for (const Companion& companion : source.companions(image)) check.consider(companion);
  Problems problems;
  const auto require = [&](const std::string& claim, std::string_view tag) {
    try {
      check.require(claim, tag);
    } catch (const Error& error) {
      problems.add(error);
    }
  };
  require(std::string(kSignature), "sig");
  for (const std::string& type : entry.verify->attestations) require(type, "att");
  problems.throw_if_any(Errc::untrusted);
  return check.take();
}

}  // namespace sealift::builder
