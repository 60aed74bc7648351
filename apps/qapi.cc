// qapi: the command line of the platform.
#include "cli/cli.h"

int main(int argc, char** argv) { return quantumapi::cli::run(argc, argv); }
