// Names of threads, as `top -H` and debuggers show them.
#pragma once

#include <pthread.h>

namespace quantumapi::base {

// name_thread names the calling thread; `name` has at most 15 characters.
inline void name_thread(const char* name) { ::pthread_setname_np(::pthread_self(), name); }

}  // namespace quantumapi::base
