// Completion: what a shell needs to finish a half-typed command line of qapi.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace quantumapi::cli {

// The scripts are made from the parser itself, so that they know every command
// and option there is. Each is to be read by its shell: `source <(qapi
// completion bash)`, zsh the same after compinit, `qapi completion fish | source`.
std::string bash_completion(const CLI::App& root);
std::string zsh_completion(const CLI::App& root);
std::string fish_completion(const CLI::App& root);

}  // namespace quantumapi::cli
