// SPDX-License-Identifier: Apache-2.0
// What goes between a release and the people of a cluster. The Role of the user of a site's
// kubeconfig is made from a release: the kinds of its objects and of those that are installed,
// which an upgrade removes. The schema is what the site's server has, for those who build releases.
#include <algorithm>
#include <map>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "bundle/verified.hpp"
#include "installer/commands/commands.hpp"
#include "installer/content/given_bundle.hpp"
#include "installer/content/site_content.hpp"
#include "installer/content/site_values.hpp"
#include "installer/drivers/kubectl/server_api.hpp"
#include "installer/drivers/kubernetes/delivery.hpp"
#include "installer/drivers/kubernetes/writers.hpp"
#include "installer/planning/planner.hpp"
#include "installer/session/changing.hpp"
#include "kubernetes/rights.hpp"
#include "release/documents/workload.hpp"

namespace sealift::installer {

namespace {

using References = std::vector<kubernetes::Reference>;

constexpr std::size_t kMostSubject = 253;

struct RoleOptions {
  std::vector<std::string> bundle;
  std::string user;
  std::string account;
  std::string role = "sealift";
  TrustOptions trust;
};

// Of the site's fence, which stops and starts them, whosever they are.
void add_writers(const release::Site& site, std::map<std::string, References>& found) {
  if (!site.fence) return;
  for (const release::FencedWriter& each : site.fence->writers) {
    found[site.targets.at(each.target).name_space].push_back(
        writer_reference(each.kind, each.name));
  }
}

// By namespaces: of what is installed there, and of what the bundle brings.
std::map<std::string, References> members_by_space(const RoleOptions& options, const SiteWork& work,
                                                   cli::Session& session) {
  const Installation& installation = work.installation();
  std::map<std::string, References> found;
  const State state = work.state();
  for (const Placement& each :
       state.current() ? state.current()->placements : std::vector<Placement>{}) {
    if (each.driver != release::kKubernetes) continue;
    const KubernetesSettings settings = kubernetes_settings_of(deployment_of(each));
    References& members = found[settings.name_space];
    for (const ObjectSettings& object : settings.objects) members.push_back(object.reference);
  }
  const bundle::Trust trust = work.tools().trust(options.trust.expiry());
  const std::shared_ptr<bundle::Medium> medium = open_given(installation.layout, options.bundle);
  const bundle::ApprovedRelease approved = bundle::approve_confined(
      *medium, trust, {.whole = 0, .wanted = payload_of_plan}, session.progress);
  const bundle::Contents& contents = approved.contents();
  check_requirements(contents, installation, state, options.trust.floor());
  SiteContent content(installation.layout, medium, contents.digest(),
                      values_for(contents, installation.site, {}), work.tools().workers,
                      secret_files(installation.site));
  for (const release::Component& component : contents.components) {
    const auto target = installation.site.targets.find(component.row.target);
    const bool is_taken = target != installation.site.targets.end() &&
                          target->second.driver == release::kKubernetes &&
                          (!component.row.optional || installation.site.takes(component.row.name));
    if (!is_taken) continue;
    References& members = found[target->second.name_space];
    const References own = members_in(content, component.row.name);
    members.insert(members.end(), own.begin(), own.end());
  }
  if (!found.empty()) add_writers(installation.site, found);
  return found;
}

Json to_json(const std::vector<kubernetes::Right>& rights) {
  Json list = Json::array();
  for (const kubernetes::Right& each : rights) {
    list.push_back({{"group", each.group}, {"resource", each.resource}, {"verbs", each.verbs}});
  }
  return list;
}

// Names go into YAML as they are.
void check_name(const std::string& option, const std::string& name) {
  const bool is_plain = std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter_or_digit(c) || std::string_view(".@_-").find(c) != std::string_view::npos;
  });
  if (is_plain && !name.empty() && name.size() <= kMostSubject) return;
  throw Error(Errc::usage, format("{} \"{}\", expected letters, digits and . @ _ -", option,
                                  printable(name, 80)));
}

void print_roles(const RoleOptions& options, const std::string& site, cli::Session& session) {
  if (options.user.empty() == options.account.empty()) {
    throw Error(Errc::usage, "expected one of --user and --service-account",
                "kubectl auth whoami shows whom the kubeconfig is for");
  }
  const bool is_user = options.account.empty();
  const kubernetes::Subject subject{.kind = is_user ? "User" : "ServiceAccount",
                                    .name = is_user ? options.user : options.account};
  check_name(is_user ? "--user" : "--service-account", subject.name);
  check_name("--role", options.role);
  const SiteWork work(session, site);
  Json roles = Json::array();
  for (const auto& [name_space, members] : members_by_space(options, work, session)) {
    const std::vector<kubernetes::Right> rights = kubernetes::rights_for(members);
    if (!roles.empty()) session.out.line("---");
    session.out.line(kubernetes::role_text(rights, options.role, name_space, subject));
    roles.push_back(
        {{"namespace", name_space}, {"name", options.role}, {"rights", to_json(rights)}});
  }
  if (roles.empty()) {
    throw Error(Errc::incompatible, "the release has nothing for a target of Kubernetes here",
                "see targets in site.yaml");
  }
  session.out.json({{"roles", std::move(roles)}});
}

struct SchemaOptions {
  std::string target;
};

// The target that is meant: the one that is named, or the only one.
const release::Target& kubernetes_target(const release::Site& site, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& [target, settings] : site.targets) {
    if (settings.driver == release::kKubernetes) known.push_back(target);
  }
  if (known.empty()) {
    throw Error(Errc::incompatible, "this site has no target of Kubernetes",
                "see targets in site.yaml");
  }
  if (name.empty() && known.size() == 1) return site.targets.at(known.front());
  if (std::find(known.begin(), known.end(), name) != known.end()) return site.targets.at(name);
  throw Error(Errc::usage,
              name.empty()
                  ? format("found {} targets of Kubernetes, expected --target", known.size())
                  : format("found no target of Kubernetes called \"{}\"", printable(name, 80)),
              format("one of {}", joined(known)));
}

void print_schema(const SchemaOptions& options, const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const std::string api = server_api(kubernetes_target(work.installation().site, options.target));
  session.out.line(std::string_view(api).substr(0, api.size() - 1));  // line() ends it
  session.out.json(parse_json(api, "/openapi/v2", Errc::target_failed, Numbers::any));
}

void add_schema(cli::Command& kubernetes, const std::string& site) {
  auto& options = cli::make_options<SchemaOptions>();
  cli::Command schema = kubernetes.sub(
      "schema", "print what the server of a target has, for a build without a cluster",
      "The kinds and fields of its API, custom ones too, as an OpenAPI document that is reduced to "
      "what sealift compares manifests with. A component of release.yaml names the file: schema: "
      "FILE.");
  schema.option("--target", options.target, "NAME", "of site.yaml, where there are several")
      .example("sealift-installer kubernetes schema > site.openapi.json",
               "a file for the repository of the release")
      .fails_with({Errc::invalid_input, Errc::incompatible, Errc::io, Errc::target_failed})
      .runs([&](cli::Session& session) { print_schema(options, site, session); });
}

}  // namespace

void add_kubernetes(cli::Command& program, const std::string& site) {
  cli::Command kubernetes = program.sub("kubernetes", "what a release needs of a cluster");
  kubernetes
      .example("sealift-installer kubernetes rbac shop-1.1.0.bundle.tar.zst --user shop",
               "the Role for the user shop")
      .fails_with({});
  auto& options = cli::make_options<RoleOptions>();
  cli::Command rbac = kubernetes.sub(
      "rbac", "print the Role that the user of the kubeconfig needs for a release; asks no cluster",
      "For each kind of the release, and of the one that is installed, what applying and removing "
      "it takes, and what tells whether it runs. A release that brings Roles needs the rights that "
      "they give as well.");
  add_expiry_option(rbac, options.trust);
  add_floor_option(rbac, options.trust);
  rbac.arguments("BUNDLE", options.bundle, "the bundle file, or volumes of it or their folder",
                 cli::Presence::required)
      .option("--user", options.user, "NAME", "the user that the Role is bound to")
      .option("--service-account", options.account, "NAME", "or a ServiceAccount of the namespace")
      .option("--role", options.role, "NAME", "what the Role is called (default: sealift)")
      .example("sealift-installer kubernetes rbac shop-1.1.0.bundle.tar.zst --user shop",
               "for an administrator of the cluster, as input of kubectl apply")
      .fails_with(
          {Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&](cli::Session& session) { print_roles(options, site, session); });
  add_schema(kubernetes, site);
}

}  // namespace sealift::installer
