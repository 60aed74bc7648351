// QUANTUMAPI_EXPORT: what the shared library shows. Everything else in it is hidden.
#pragma once

// QUANTUMAPI_EXPORT marks the classes and functions of the public headers.
#define QUANTUMAPI_EXPORT __attribute__((visibility("default")))
