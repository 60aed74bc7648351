// run_with: run() with streams of the caller's, for tests.
#pragma once

#include "cli/io.h"

namespace quantumapi::cli {

int run_with(int argc, char** argv, Io& io);

}  // namespace quantumapi::cli
