// SPDX-License-Identifier: Apache-2.0
#pragma once

// The part of a site's fence that stops writers on Kubernetes. A step before the backups writes
// down how many pods each had, asks for none and waits until none is left. They start again with
// their new version: where its manifest says how many, when it is applied, otherwise by a step
// behind all components, with as many as before. What is stopped then, and CronJobs, start behind
// the commit; everything does where the transaction is taken back, after databases have gone back.
// A file in the state folder says what is stopped, so that whoever comes after a crash knows it.

#include <memory>
#include <string>
#include <vector>

#include "installer/driver/driver.hpp"
#include "installer/drivers/kubectl/kubernetes_settings.hpp"
#include "installer/site/layout.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

inline constexpr const char* kWritersDriver = "writers";

std::unique_ptr<Driver> writers_driver(const Layout& layout);

// The steps that stop and start them; the site names at least one. Error{incompatible} where
// kubectl is not there.
Step stop_writers_step(const release::Site& site);
Step start_writers_step(const release::Site& site);

// Starts what is stopped and forgets it, without waiting until it runs; nothing happens where
// nothing is stopped. Error{target_failed}.
void release_writers(const Layout& layout);

// Those of a component that has just been applied run as its manifests say.
void note_running(const Layout& layout, const KubernetesSettings& settings,
                  const std::vector<Json>& bodies);
// On the way back, before the former objects are applied: stops those of them that are writers and
// changes `bodies` so that they stay stopped. Nothing happens where the fence is open.
void stop_again(const Layout& layout, const KubernetesSettings& settings, std::vector<Json>& bodies,
                StepIo& io);

}  // namespace sealift::installer
