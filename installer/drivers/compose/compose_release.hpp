// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the Compose file of a release and the .env beside it say, as far as the installer needs it:
// the settings that a placement remembers, the folders of data that are mounted, what is asked of
// the host. The file itself is not changed. Error{incompatible} names the file and the place in it.

#include <map>
#include <string>
#include <vector>

#include "installer/driver/runtime_question.hpp"
#include "installer/drivers/compose/compose_program.hpp"
#include "installer/drivers/compose/compose_settings.hpp"
#include "installer/site/table_key.hpp"
#include "release/documents/allow.hpp"

namespace sealift::installer {

// What `compose` needs to run the release's file here. A service's `inputs` are keyed with `key`
// where the file may hold a secret. All that is wrong is reported together.
ComposeSettings compose_settings_of(const RuntimeQuestion& question, const ComposeProgram& compose,
                                    const TableKey& key);

// The name of the project of a component that is installed for the first time, where site.yaml says
// none.
std::string default_project(const std::string& component, const std::string& site);

// As Runtime::data_folders() and Runtime::claims() say.
std::map<std::string, std::string> compose_data_folders(const RuntimeQuestion& question);
std::vector<release::Claim> compose_claims(const RuntimeQuestion& question);

// A file of variables outside of the component that the unpacked file names and that is not there,
// as an absolute path; empty where none is missing. Another component of the same release may bring
// it, and is switched before this one is started.
std::string missing_env_file(const ComposeDeployment& staged);

}  // namespace sealift::installer
