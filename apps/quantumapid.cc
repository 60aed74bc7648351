// quantumapid: the platform server.
#include "server/serve.h"

int main(int argc, char** argv) { return quantumapi::server::main_program(argc, argv); }
