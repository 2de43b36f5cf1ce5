// SPDX-License-Identifier: Apache-2.0
#pragma once

// Asks a server whether the user of a target's kubeconfig may do what a release needs.

#include <vector>

#include "installer/drivers/kubectl/kubectl.hpp"
#include "kubernetes/rights.hpp"

namespace sealift::installer {

// What he may not, by one question for all rights (SelfSubjectRulesReview), and where the server
// does not know all of its rules by one more for those that it did not name. Nothing where the
// server does not answer such questions: trying the objects out tells.
std::vector<kubernetes::Right> rights_lacking(const Kubectl& kubectl,
                                              const std::vector<kubernetes::Right>& wanted);

}  // namespace sealift::installer
