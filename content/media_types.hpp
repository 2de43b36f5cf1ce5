// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every media type and annotation that a bundle may hold, in one place. OCI names come from the
// image specification 1.1; ours follow application/vnd.sealift.WHAT.vN+json. A component's
// artifact type is the contract between the builder's kinds and the installer's drivers.

#include <string>
#include <string_view>

namespace sealift::media_type {

inline constexpr std::string_view kImageIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kImageManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kImageConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kImageLayer = "application/vnd.oci.image.layer.v1.tar";
// The same of Docker's image manifest version 2, schema 2.
inline constexpr std::string_view kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kEmpty = "application/vnd.oci.empty.v1+json";

// D's artifact type, and its manifest's; the document in it; notes for people.
inline constexpr std::string_view kRelease = "application/vnd.sealift.release.v1+json";
inline constexpr std::string_view kReleaseConfig = "application/vnd.sealift.release.config.v1+json";
inline constexpr std::string_view kNotes = "text/markdown";

// Artifact types of components.
inline constexpr std::string_view kAssets = "application/vnd.sealift.assets.v1+json";
inline constexpr std::string_view kConfig = "application/vnd.sealift.config.v1+json";
inline constexpr std::string_view kImages = "application/vnd.sealift.images.v1+json";
inline constexpr std::string_view kMigrations = "application/vnd.sealift.migrations.v1+json";
inline constexpr std::string_view kManifests = "application/vnd.sealift.manifests.v1+json";
inline constexpr std::string_view kFlags = "application/vnd.sealift.flags.v1+json";
inline constexpr std::string_view kObservability = "application/vnd.sealift.observability.v1+json";
// A component's config document and layers.
inline constexpr std::string_view kComponentConfig =
    "application/vnd.sealift.component.config.v1+json";
inline constexpr std::string_view kFileTable = "application/vnd.sealift.filetable.v1+jsonl";
inline constexpr std::string_view kTree = "application/vnd.sealift.tree.v1.tar";
// A tree of templates names its language and that language's version.
inline constexpr std::string_view kMustacheTree = "application/vnd.sealift.tree.mustache.v1.tar";

// Reports of scanners, in the types that IANA has for them.
inline constexpr std::string_view kCycloneDx = "application/vnd.cyclonedx+json";
inline constexpr std::string_view kSarif = "application/sarif+json";

// What cosign and others keep beside an image: a signature, or a bundle of any version.
inline constexpr std::string_view kSimpleSigning =
    "application/vnd.dev.cosign.simplesigning.v1+json";
inline constexpr std::string_view kCosign = "application/vnd.dev.cosign.";
inline constexpr std::string_view kSigstoreBundle = "application/vnd.dev.sigstore.bundle";

// Referrers of a release: artifact types and their layers.
inline constexpr std::string_view kStatement = "application/vnd.sealift.statement.v1+json";
inline constexpr std::string_view kRootChain = "application/vnd.sealift.rootchain.v1+json";
inline constexpr std::string_view kApproval = "application/vnd.sealift.approval.v1+json";
inline constexpr std::string_view kInToto = "application/vnd.in-toto+json";
inline constexpr std::string_view kDsse = "application/vnd.dsse.envelope.v1+json";
inline constexpr std::string_view kSshSig = "application/vnd.sealift.sshsig.v1";
inline constexpr std::string_view kTufRoot = "application/vnd.sealift.tuf.root.v1+json";

}  // namespace sealift::media_type

namespace sealift::annotation {

// The name of a row of a layout, as OCI tools look for it.
inline constexpr const char* kRefName = "org.opencontainers.image.ref.name";
// The full name under which containerd imports an image.
inline constexpr const char* kContainerdName = "io.containerd.image.name";
// A component's name beside its manifest.
inline constexpr const char* kTitle = "org.opencontainers.image.title";
// By which cosign says what a row of a layout is, and what is known of a layer's signature.
inline constexpr const char* kCosignKind = "kind";
inline constexpr const char* kCosignSignature = "dev.cosignproject.cosign/signature";
inline constexpr const char* kCosignCertificate = "dev.sigstore.cosign/certificate";
inline constexpr const char* kCosignChain = "dev.sigstore.cosign/chain";
inline constexpr const char* kCosignLog = "dev.sigstore.cosign/bundle";
// Of index.json: compressor_name(), for who wants to make the same bytes again.
inline constexpr const char* kCompression = "dev.sealift.compression";

}  // namespace sealift::annotation
