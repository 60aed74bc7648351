// The command line `qapi`: one file a command group, all behind run().
#pragma once

namespace quantumapi::cli {

// run parses argv and performs the command. Answers go to standard output,
// errors to standard error in one sentence. Exit codes: cli/exit_code.h.
int run(int argc, char** argv);

}  // namespace quantumapi::cli
