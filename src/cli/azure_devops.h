// Azure DevOps: a secret handed to the later steps of a pipeline.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "cli/context.h"

namespace quantumapi::cli {

// variable_name makes a pipeline variable's name of a secret's: upper case, and
// '_' for whatever is no letter or digit ("users-api/db" -> "USERS_API_DB").
std::string variable_name(std::string_view secret_name);

// set_secret_variable writes one logging command, after which the agent hides
// the value in its logs: ##vso[task.setvariable variable=NAME;issecret=true]VALUE.
// Line ends and '%' of the value, and what would end the name, are escaped as the
// agent decodes them (%0D, %0A, %AZP25, %3B, %5D): the value stays on one line.
void set_secret_variable(std::ostream& out, std::string_view name, std::string_view value);

// hand_on sets the variable that --variable named, else one named after `name`;
// kUsage where there is neither.
Outcome hand_on(Context& context, std::string_view variable, std::string_view name,
                std::string_view value);

}  // namespace quantumapi::cli
