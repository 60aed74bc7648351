// What the files of this room that speak to AWS-LC about ML-DSA share.
#pragma once

#include "crypto/ml_dsa.h"

namespace quantumapi::crypto {

// nid_of is AWS-LC's number for the parameter set.
int nid_of(MlDsa parameter_set);

}  // namespace quantumapi::crypto
